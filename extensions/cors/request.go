package main

import (
	"cmp"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Response-code-details. The second is spelt as in the Higress plugin.
const (
	forbidden     = "cors.forbidden"
	preflighted   = "cores.preflight"
	internalError = "cors.internal_error"
)

// exchangeKey is where a stream keeps its exchange until the response.
const exchangeKey = "exchange"

// exchange is a cross-origin request. It has all that the response depends on.
type exchange struct {
	origin    string // as sent, without white space and a trailing slash
	method    string // asked for, or the request's own
	headers   string // asked for, as sent
	preflight bool
	valid     bool
}

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	_, err := proxywasm.GetHttpRequestHeader("origin")
	if err == types.ErrorStatusNotFound {
		return types.HeaderContinue
	}
	headers := wrapper.RequestHeaders(ctx)
	if headers == nil {
		log.Error("request headers cannot be read")
		return refusal.Send(500, internalError, nil, nil)
	}
	e := crossOrigin(headers)
	if e == nil {
		return types.HeaderContinue
	}
	e.valid = config.allow(e)
	ctx.SetContext(exchangeKey, e)
	switch {
	case !e.valid:
		return refusal.Send(403, forbidden, nil, []byte("Invalid CORS request"))
	case e.preflight:
		return refusal.Send(200, preflighted, nil, nil)
	}
	return types.HeaderContinue
}

// crossOrigin returns nil for a request that is none. Of repeated headers the last counts, of origins the last that is not
// empty.
func crossOrigin(headers [][2]string) *exchange {
	var e exchange
	var scheme, authority, method, asked string
	for i := range headers {
		value := headers[i][1]
		switch headers[i][0] {
		case "origin":
			if text := strings.TrimSpace(value); text != "" {
				e.origin = cmp.Or(trimOrigin(text), text)
			}
		case "access-control-request-method":
			asked = value
		case "access-control-request-headers":
			e.headers = value
		case ":scheme":
			scheme = value
		case ":authority":
			authority = value
		case ":method":
			method = value
		}
	}
	if e.origin == "" || sameOrigin(e.origin, scheme, authority) {
		return nil
	}
	e.method = method
	if method == "OPTIONS" && asked != "" {
		e.preflight, e.method = true, asked
	}
	return &e
}

// sameOrigin reports whether a request comes from the site that it goes to. An origin that cannot be read is another.
func sameOrigin(text, scheme, authority string) bool {
	from, ok := parseOrigin(text)
	if !ok {
		return false
	}
	to, ok := parseOrigin(scheme + "://" + authority)
	return ok && from == to
}

func (c *Config) allow(e *exchange) bool {
	return c.origins.allow(e.origin) && c.methods.has(e.method) && (!e.preflight || c.allowHeaders(e.headers))
}

// allowHeaders reports whether every name of a list is allowed.
func (c *Config) allowHeaders(list string) bool {
	if c.headers.any {
		return true
	}
	for list != "" {
		var name string
		name, list, _ = strings.Cut(list, ",")
		name = strings.ToLower(strings.TrimSpace(name))
		if name != "" && !c.headers.names[name] {
			return false
		}
	}
	return true
}
