package main

import (
	"net/url"
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/relay"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const details = "de-graphql"

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	ctx.DisableReroute()
	if config.readsBody && body.OfRequest(wrapper.RequestHeaders(ctx), ctx.HasRequestBody()) == "" {
		if config.maxBody > 0 {
			ctx.SetRequestBodyBufferLimit(config.maxBody)
		}
		return types.HeaderStopIteration
	}
	ctx.DontReadRequestBody()
	return config.ask(ctx, nil)
}

func onRequestBody(ctx wrapper.HttpContext, config Config, data []byte) types.Action {
	if !body.Valid(body.View(data)) {
		reply(400, details+".invalid_body", nil, nil)
		return types.DataStopIterationNoBuffer
	}
	config.ask(ctx, data)
	return types.DataStopIterationAndBuffer
}

// ask sends the query. The request never goes on to the backend: the answer becomes the response.
func (c *Config) ask(ctx wrapper.HttpContext, data []byte) types.Action {
	path := ctx.Path()
	if _, err := url.Parse(path); err != nil {
		return reply(400, details+".invalid_path", nil, nil)
	}
	question, err := c.body(path, data)
	if err != nil {
		return reply(400, details+".invalid_variable", nil, nil)
	}
	err = c.client.Post(c.endpoint, c.headers(ctx), []byte(question), c.answer, c.timeout)
	if err != nil {
		log.Error("the call to the GraphQL service cannot be started: " + err.Error())
		return reply(502, details, c.debugHeaders(), nil)
	}
	return types.ActionPause
}

// headers are the client's, but for what belongs to its body and connection.
func (c *Config) headers(ctx wrapper.HttpContext) [][2]string {
	headers := [][2]string{}
	for _, h := range relay.EndToEnd(wrapper.RequestHeaders(ctx)) {
		if h[0] == "content-type" || h[0] == "content-encoding" || h[0] == "expect" || h[0] == "accept-encoding" && c.readsAnswer() {
			continue
		}
		headers = append(headers, h)
	}
	return append(headers, [2]string{"content-type", "application/json"})
}

func (c *Config) readsAnswer() bool { return c.answerPath != "" || c.errorStatus != 0 }

// answer is the callback of the call.
func (c *Config) answer(code int, _ wrapper.Header, data []byte) {
	status := uint32(code)
	if c.readsAnswer() && status == 200 && body.Valid(body.View(data)) {
		status, data = c.mapped(data)
	}
	reply(status, details, append(relay.Headers(), c.debugHeaders()...), data)
}

// mapped is what the client gets of a GraphQL response (GraphQL, section 7). One with errors stays whole.
func (c *Config) mapped(data []byte) (uint32, []byte) {
	if errors := gjson.GetBytes(data, "errors"); errors.IsArray() && len(errors.Array()) > 0 {
		if c.errorStatus != 0 {
			return c.errorStatus, data
		}
		return 200, data
	}
	if c.answerPath == "" {
		return 200, data
	}
	if value := gjson.GetBytes(data, c.answerPath); value.Exists() {
		return 200, []byte(value.Raw)
	}
	return 200, []byte("null")
}

func (c *Config) debugHeaders() [][2]string {
	if !c.debug {
		return nil
	}
	return [][2]string{
		{"x-degraphql-endpoint", c.endpoint},
		{"x-degraphql-timeout", strconv.Itoa(int(c.timeout))},
		{"x-degraphql-version", "1.0.0"},
	}
}

func reply(status uint32, details string, headers [][2]string, data []byte) types.Action {
	relay.Send(status, details, headers, data)
	return types.ActionPause
}
