package main

import (
	"strconv"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	details = "custom-response"
	pending = "rule" // context key: the rule that waits for the body
)

// onRequestHeaders answers, unless the plugin is there to replace responses.
func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	if !config.replacements.empty() {
		return types.ActionContinue
	}
	o := original{situation: situation{ctx: ctx}}
	for _, r := range config.mocks {
		if r.request(&o.situation) {
			return r.send(&o, nil)
		}
	}
	return types.ActionContinue
}

func onResponseHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	r, headers, o := config.replacement(ctx)
	if r != nil && r.reads(ctx, headers) {
		ctx.SetContext(pending, &waiting{r, headers, o, nil})
		ctx.NeedPauseStreamingResponse()
		return types.HeaderStopIteration
	}
	ctx.DontReadResponseBody()
	if r == nil {
		return types.ActionContinue
	}
	return r.send(&o, headers)
}

// replacement returns the rule for the response at hand, nil if it stays.
func (c *Config) replacement(ctx wrapper.HttpContext) (*rule, [][2]string, original) {
	if c.replacements.empty() {
		return nil, nil, original{}
	}
	headers, err := proxywasm.GetHttpResponseHeaders()
	if err != nil {
		log.Error("get response headers failed: " + err.Error())
		return nil, nil, original{}
	}
	o := original{situation: situation{ctx: ctx}, status: httpheader.First(headers, ":status")}
	return c.replacements.find(o.status, &o.situation), headers, o
}

// reads tells whether the answer needs the body of the response it replaces, and can have it.
func (r *rule) reads(ctx wrapper.HttpContext, headers [][2]string) bool {
	if !r.body.Uses("body") || body.OfResponse(ctx.Method(), headers, ctx.HasResponseBody()) != "" {
		return false
	}
	length, err := strconv.ParseUint(httpheader.First(headers, "content-length"), 10, 64)
	return err != nil || length <= uint64(r.maxBody)
}

// waiting is a rule that needs the body of the response it replaces, and what there is of the body.
type waiting struct {
	rule    *rule
	headers [][2]string
	original
	collected []byte
}

// onResponseChunk collects the body here, so that no buffer limit of the host counts: nothing of it goes on to the client.
func onResponseChunk(ctx wrapper.HttpContext, _ Config, chunk []byte, last bool) []byte {
	w, ok := ctx.GetContext(pending).(*waiting)
	if !ok {
		return chunk
	}
	switch {
	case len(w.collected)+len(chunk) > w.rule.maxBody:
		w.collected = nil
	case !last:
		w.collected = append(w.collected, chunk...)
		return chunk
	default:
		w.original.body = string(append(w.collected, chunk...))
	}
	ctx.SetContext(pending, nil)
	w.rule.send(&w.original, w.headers)
	return chunk
}

// send answers in place of a request, or of the response with the given headers.
func (r *rule) send(o *original, replaced [][2]string) types.Action {
	var headers [][2]string
	for _, h := range replaced {
		if r.keeps(h[0]) {
			headers = append(headers, h)
		}
	}
	for _, h := range r.headers {
		headers = append(headers, [2]string{h.name, h.value.Render(o.value)})
	}
	err := proxywasm.SendHttpResponseWithDetail(r.status, details, headers, []byte(r.body.Render(o.value)), -1)
	if err != nil {
		log.Error("sending the custom response failed: " + err.Error())
		return types.ActionContinue
	}
	return types.ActionPause
}

// keeps tells whether a header of the replaced response is kept: it must be listed, and not be one that the rule sets.
func (r *rule) keeps(name string) bool {
	for _, h := range r.headers {
		if strings.EqualFold(h.name, name) && name != "set-cookie" {
			return false
		}
	}
	for _, kept := range r.keepHeaders {
		if kept == name {
			return true
		}
	}
	return false
}
