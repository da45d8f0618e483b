package main

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/origin"
	"github.com/wasmplane/wasmplane/extensions/internal/route"
	"github.com/wasmplane/wasmplane/extensions/internal/status"
	"github.com/wasmplane/wasmplane/extensions/internal/template"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const candidatesKey = "candidates"

// gatewayError is a response that the gateway made, and the rules that its body will choose from.
type gatewayError struct {
	ctx             wrapper.HttpContext
	status, details string
	body            string
	candidates      []*rule
}

func onResponseHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	e := config.examine(ctx)
	if e == nil {
		ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	if ctx.HasResponseBody() && !ctx.IsBinaryResponseBody() && e.needsBody() {
		ctx.SetContext(candidatesKey, e)
		return types.HeaderStopIteration
	}
	ctx.DontReadResponseBody()
	if r := e.rule(!ctx.HasResponseBody()); r != nil {
		config.rewrite(e, r)
	}
	return types.ActionContinue
}

func onResponseBody(ctx wrapper.HttpContext, config Config, data []byte) types.Action {
	e, ok := ctx.GetContext(candidatesKey).(*gatewayError)
	if !ok {
		return types.ActionContinue
	}
	e.body = string(data)
	r := e.rule(true)
	if r == nil {
		return types.ActionContinue
	}
	if !r.keepsBody {
		if err := proxywasm.ReplaceHttpResponseBody([]byte(r.bodyFor(e))); err != nil {
			log.Critical("replace response body failed: " + err.Error())
			return types.ActionContinue
		}
		body.ResponseEdited()
	}
	config.rewrite(e, r)
	return types.ActionContinue
}

// examine returns nil for responses that stay: those of the backend, and those for which there is no rule.
func (c *Config) examine(ctx wrapper.HttpContext) *gatewayError {
	if len(c.rules) == 0 {
		return nil
	}
	code, err := proxywasm.GetHttpResponseHeader(":status")
	if err != nil {
		log.Error("get response status failed: " + err.Error())
		return nil
	}
	e := &gatewayError{ctx: ctx, status: code}
	for _, r := range c.rules {
		if status.Matches(r.status, code) {
			e.candidates = append(e.candidates, r)
		}
	}
	if e.candidates == nil || !e.fromGateway() {
		return nil
	}
	fitting := e.candidates[:0]
	for _, r := range e.candidates {
		if r.fits(e.details) {
			fitting = append(fitting, r)
		}
	}
	e.candidates = fitting
	if len(fitting) == 0 {
		return nil
	}
	return e
}

// fromGateway goes by a header of the backend's answers where the host does not tell the details.
func (e *gatewayError) fromGateway() bool {
	e.details = origin.Details()
	if e.details != "" {
		return e.details != origin.ViaUpstream
	}
	_, err := proxywasm.GetHttpResponseHeader("x-envoy-upstream-service-time")
	return err != nil
}

func (r *rule) fits(details string) bool {
	if r.flags != 0 && r.flags&origin.ResponseFlags() == 0 {
		return false
	}
	for _, pattern := range r.details {
		if origin.Match(details, pattern) {
			return true
		}
	}
	return len(r.details) == 0
}

// needsBody tells whether the choice depends on the body, or the rule that is sure to be chosen changes it.
func (e *gatewayError) needsBody() bool {
	first := e.candidates[0]
	return !first.anyBody() || !first.keepsBody
}

func (r *rule) anyBody() bool { return r.body == "" && r.pattern == nil }

// rule returns the first rule for the body. A body that cannot be read fits only rules that ask for none and keep it.
func (e *gatewayError) rule(readable bool) *rule {
	for _, r := range e.candidates {
		if r.anyBody() && (readable || r.keepsBody) {
			return r
		}
		if readable && r.hasBody(e.body) {
			return r
		}
	}
	return nil
}

func (r *rule) hasBody(text string) bool {
	if r.body != "" && r.body != text {
		return false
	}
	return !r.anyBody() && (r.pattern == nil || r.pattern.MatchString(text))
}

// bodyFor is the new body. Where neither the configuration nor its text says what it is, the type that the response keeps does.
func (r *rule) bodyFor(e *gatewayError) string {
	text := r.newBody
	if !r.typed && text.Place() == template.Plain {
		contentType, _ := proxywasm.GetHttpResponseHeader("content-type")
		text = text.In(template.PlaceOf(contentType))
	}
	return text.Render(e.value)
}

// rewrite sets status and headers. The length is that of the new body, and the host knows it.
func (c *Config) rewrite(e *gatewayError, r *rule) {
	set(":status", r.newStatus)
	for _, list := range [][]header{c.headers, r.headers} {
		for _, h := range list {
			set(h.name, h.value.Render(e.value))
		}
	}
}

func set(name, value string) {
	if err := proxywasm.ReplaceHttpResponseHeader(name, value); err != nil {
		log.Critical("failed ReplaceHttpResponseHeader " + name + ": " + err.Error())
	}
}

func (e *gatewayError) value(variable string) string {
	switch variable {
	case "status":
		return e.status
	case "body":
		return strings.TrimRight(e.body, "\r\n")
	case "method":
		return e.ctx.Method()
	case "host":
		return e.ctx.Host()
	case "path":
		return e.ctx.Path()
	case "details":
		return e.details
	case "route":
		return route.Name()
	}
	return httpheader.First(wrapper.RequestHeaders(e.ctx), "x-request-id")
}
