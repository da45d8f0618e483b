package main

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
	"github.com/wasmplane/wasmplane/extensions/internal/relay"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	headers := wrapper.RequestHeaders(ctx)
	config.strip(headers)
	obstacle := body.OfRequest(headers, ctx.HasRequestBody())
	if obstacle.Reads() {
		if config.maxBody > 0 {
			ctx.SetRequestBodyBufferLimit(config.maxBody)
		}
		return types.HeaderStopIteration
	}
	ctx.DontReadRequestBody()
	bodiless := obstacle == body.NoBody || obstacle == body.Upgrade
	switch {
	case bodiless && config.withoutBody:
		r := newRun(ctx, &config)
		r.start = step{text: "{}", known: true}
		return r.begin()
	case config.refusesUnread && obstacle != body.NoBody:
		relay.Send(415, details+".unreadable_body", plainText, []byte("the body cannot be read: "+string(obstacle)))
		return types.ActionPause
	}
	return types.ActionContinue
}

func onRequestBody(ctx wrapper.HttpContext, config Config, data []byte) types.Action {
	r := newRun(ctx, &config)
	r.received, r.hasBody = string(data), true
	r.fixed = body.OfRequest(wrapper.RequestHeaders(ctx), true) == body.NoTransform
	r.start = step{text: r.received, known: true}
	return r.begin()
}

// strip removes what clients send under the names of headers that the workflow sets.
func (c *Config) strip(headers [][2]string) {
	for _, name := range c.setHeaders {
		for i := range headers {
			if headers[i][0] != name {
				continue
			}
			if err := proxywasm.RemoveHttpRequestHeader(name); err != nil {
				log.Error("removing " + name + " failed: " + err.Error())
			}
			break
		}
	}
}

// description is the request as JSON: method, host, path without query, and by name the parameters of the query and the
// headers. What comes several times is a list.
func description(ctx wrapper.HttpContext) string {
	var parameters, headers members
	for _, p := range query.Params(ctx.Path()) {
		parameters.add(p.Name, p.Value)
	}
	for _, h := range wrapper.RequestHeaders(ctx) {
		if !strings.HasPrefix(h[0], ":") {
			headers.add(h[0], h[1])
		}
	}
	path, _, _ := strings.Cut(ctx.Path(), "?")
	return `{"method":` + body.Quote(ctx.Method()) + `,"host":` + body.Quote(ctx.Host()) + `,"path":` + body.Quote(path) +
		`,"query":` + parameters.json() + `,"headers":` + headers.json() + `}`
}

// members are the members of an object, in the order of their first values.
type members struct {
	names  []string
	values map[string][]string
}

func (m *members) add(name, value string) {
	if m.values == nil {
		m.values = map[string][]string{}
	}
	if _, ok := m.values[name]; !ok {
		m.names = append(m.names, name)
	}
	m.values[name] = append(m.values[name], body.Quote(value))
}

func (m *members) json() string {
	var out strings.Builder
	out.WriteByte('{')
	for i, name := range m.names {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(body.Quote(name) + ":")
		if values := m.values[name]; len(values) == 1 {
			out.WriteString(values[0])
		} else {
			out.WriteString("[" + strings.Join(values, ",") + "]")
		}
	}
	out.WriteByte('}')
	return out.String()
}
