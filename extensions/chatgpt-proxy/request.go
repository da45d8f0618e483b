package main

import (
	"net/url"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/relay"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	if config.promptPath != "" && body.OfRequest(wrapper.RequestHeaders(ctx), ctx.HasRequestBody()) == "" {
		return types.HeaderStopIteration
	}
	ctx.DontReadRequestBody()
	_, query, ok := strings.Cut(ctx.Path(), "?")
	if !ok {
		return refuse("empty_query_string", "1-need prompt param")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return refuse("bad_query_string", "2-need prompt param")
	}
	prompts := values[config.promptParam]
	if len(prompts) == 0 {
		return refuse("no_prompt", "3-need prompt param")
	}
	return config.ask(prompts[0])
}

func onRequestBody(_ wrapper.HttpContext, config Config, data []byte) types.Action {
	prompt, ok := config.promptIn(body.View(data))
	if !ok {
		refuse("no_prompt", "3-need prompt param")
		return types.DataStopIterationNoBuffer
	}
	config.ask(prompt)
	return types.DataStopIterationAndBuffer
}

// promptIn finds the prompt in a JSON body. Of a repeated member the last one counts.
func (c *Config) promptIn(text string) (string, bool) {
	if !body.Valid(text) {
		return "", false
	}
	raw, ok := c.promptQuery.In(text)
	prompt := gjson.Parse(raw)
	return prompt.String(), ok && prompt.Type == gjson.String
}

// ask calls the service. The request never goes on to the backend: the answer becomes the response.
func (c *Config) ask(prompt string) types.Action {
	headers := [][2]string{{"Content-Type", "application/json"}, {"Authorization", c.authorization}}
	err := c.client.Post(c.url, headers, []byte(c.question.ask(prompt)), forward, c.timeout)
	if err != nil {
		log.Error("the call to the service cannot be started: " + err.Error())
		return reply(500, "request_failed", nil, "Internal Error: "+err.Error())
	}
	return types.ActionPause
}

func forward(status int, _ wrapper.Header, data []byte) {
	reply(uint32(status), "forward", relay.Headers(), string(data))
}

func refuse(reason, text string) types.Action { return reply(400, reason, nil, text) }

func reply(status uint32, reason string, headers [][2]string, text string) types.Action {
	relay.Send(status, "chatgpt-proxy."+reason, headers, []byte(text))
	return types.ActionPause
}
