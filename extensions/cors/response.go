package main

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// version of the answers, not of the plugin: clients may look for it.
const version = "1.0.0"

// replaced are headers that the upstream must not decide.
var replaced = map[string]bool{
	"x-cors-trace":                     true,
	"access-control-allow-origin":      true,
	"access-control-allow-methods":     true,
	"access-control-allow-headers":     true,
	"access-control-expose-headers":    true,
	"access-control-allow-credentials": true,
	"access-control-max-age":           true,
}

// onResponseHeaders handles responses of the upstream and the plugin's own replies.
func onResponseHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	headers, err := proxywasm.GetHttpResponseHeaders()
	if err != nil {
		return fail(err)
	}
	e, _ := ctx.GetContext(exchangeKey).(*exchange)
	var w writer
	vary, varies := "", false
	for i, h := range headers {
		if h[0] == "vary" {
			vary, varies = joined(vary, varies, h[1]), true
		}
		if replaced[h[0]] && !httpheader.Has(headers[:i], h[0]) {
			w.remove(h[0])
		}
	}
	w.set("X-Cors-Version", version)
	if all := config.vary(e, vary); all != vary {
		w.set("Vary", all)
	}
	if e != nil && e.valid {
		config.describe(e, &w)
	}
	if w.err != nil {
		return fail(w.err)
	}
	return types.HeaderContinue
}

// describe tells the client what is allowed.
func (c *Config) describe(e *exchange, w *writer) {
	w.set("Access-Control-Allow-Origin", e.origin)
	if c.exposed != "" {
		w.set("Access-Control-Expose-Headers", c.exposed)
	}
	if c.credentials {
		w.set("Access-Control-Allow-Credentials", "true")
	}
	if !e.preflight {
		return
	}
	w.set("Access-Control-Allow-Methods", c.allowed)
	w.set("Access-Control-Allow-Headers", c.allowHeadersFor(e))
	w.set("Access-Control-Max-Age", c.maxAge)
	if c.cached != "" {
		w.set("Cache-Control", c.cached)
	}
}

func (c *Config) allowHeadersFor(e *exchange) string {
	switch {
	case !c.headers.any:
		return c.named
	case e.headers == "":
		return anything
	}
	return e.headers
}

// vary adds what the response depends on to the value of Vary (RFC 9110 section 12.5.5). Every response depends on the
// origin: what one is told, another is not.
func (c *Config) vary(e *exchange, value string) string {
	value = withName(value, "Origin")
	if c.cached != "" && e != nil && e.preflight {
		value = withName(value, "Access-Control-Request-Method")
		value = withName(value, "Access-Control-Request-Headers")
	}
	return value
}

func withName(list, name string) string {
	for rest := list; rest != ""; {
		var item string
		item, rest, _ = strings.Cut(rest, ",")
		if item = strings.TrimSpace(item); item == "*" || strings.EqualFold(item, name) {
			return list
		}
	}
	if strings.TrimSpace(list) == "" {
		return name
	}
	return list + ", " + name
}

func joined(list string, more bool, line string) string {
	if !more {
		return line
	}
	return list + ", " + line
}

// writer edits response headers until an edit fails.
type writer struct{ err error }

func (w *writer) set(name, value string) {
	if w.err == nil {
		w.err = proxywasm.ReplaceHttpResponseHeader(name, value)
	}
}

func (w *writer) remove(name string) {
	if w.err == nil {
		w.err = proxywasm.RemoveHttpResponseHeader(name)
	}
}

func fail(err error) types.Action {
	log.Error("response headers cannot be edited: " + err.Error())
	return refusal.Send(500, internalError, nil, nil)
}
