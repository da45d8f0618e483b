// The twin of extensions/request-block on github.com/higress-group/wasm-go, for the common part of the job: strings in
// the URL, in the headers and in a body that is held back as a whole.
package main

import (
	"bytes"
	"errors"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/log"
	"github.com/higress-group/wasm-go/pkg/wrapper"
	"github.com/tidwall/gjson"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"request-block",
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessRequestBody(onRequestBody),
	)
}

type config struct {
	urls, headers, bodies []string
	sensitive             bool
	status                uint32
	message               []byte
}

func parseConfig(json gjson.Result, c *config) error {
	c.sensitive = json.Get("case_sensitive").Bool()
	for _, list := range []struct {
		field string
		to    *[]string
	}{{"block_urls", &c.urls}, {"block_headers", &c.headers}, {"block_bodies", &c.bodies}} {
		for _, item := range json.Get(list.field).Array() {
			text := item.String()
			if !c.sensitive {
				text = strings.ToLower(text)
			}
			*list.to = append(*list.to, text)
		}
	}
	if len(c.urls)+len(c.headers)+len(c.bodies) == 0 {
		return errors.New("there is no block rule")
	}
	c.status = 403
	if status := json.Get("blocked_code").Int(); status > 100 && status < 600 {
		c.status = uint32(status)
	}
	c.message = []byte(json.Get("blocked_message").String())
	return nil
}

func onRequestHeaders(ctx wrapper.HttpContext, c config) types.Action {
	if len(c.urls) > 0 {
		path := ctx.Path()
		if !c.sensitive {
			path = strings.ToLower(path)
		}
		if containsAny(path, c.urls) {
			return refuse(c, "request-block.url_blocked")
		}
	}
	if len(c.headers) > 0 {
		headers, err := proxywasm.GetHttpRequestHeaders()
		if err != nil {
			log.Warnf("read headers: %v", err)
			return types.ActionContinue
		}
		var lines strings.Builder
		for _, h := range headers {
			lines.WriteString(h[0])
			lines.WriteByte('\n')
			lines.WriteString(h[1])
			lines.WriteByte('\n')
		}
		text := lines.String()
		if !c.sensitive {
			text = strings.ToLower(text)
		}
		if containsAny(text, c.headers) {
			return refuse(c, "request-block.header_blocked")
		}
	}
	if len(c.bodies) == 0 || !wrapper.HasRequestBody() {
		ctx.DontReadRequestBody()
		return types.ActionContinue
	}
	return types.HeaderStopIteration
}

func onRequestBody(_ wrapper.HttpContext, c config, body []byte) types.Action {
	if !c.sensitive {
		body = bytes.ToLower(body)
	}
	for _, text := range c.bodies {
		if bytes.Contains(body, []byte(text)) {
			return refuse(c, "request-block.body_blocked")
		}
	}
	return types.ActionContinue
}

func containsAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

func refuse(c config, details string) types.Action {
	if err := proxywasm.SendHttpResponseWithDetail(c.status, details, nil, c.message, -1); err != nil {
		log.Errorf("send response: %v", err)
	}
	return types.ActionContinue
}
