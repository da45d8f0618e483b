package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const requestKey = "request"

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	if config.keepRoute {
		ctx.DisableReroute()
	}
	e := config.request.begin(ctx)
	if e == nil {
		if config.dropsEncoding() {
			if err := proxywasm.RemoveHttpRequestHeader("accept-encoding"); err != nil {
				log.Warn("accept-encoding cannot be removed: " + err.Error())
			}
		}
		ctx.DontReadRequestBody()
		return types.ActionContinue
	}
	headers := wrapper.RequestHeaders(ctx)
	e.headers = collect(headers)
	e.pseudo = httpheader.Pseudo{Received: headers}
	e.contentType = first(e.headers["content-type"])
	e.kind = kindOf(e.contentType, config.jsonSuffix, false)
	e.choose()
	read := e.plan(body.OfRequest(headers, ctx.HasRequestBody()))
	if config.dropsEncoding() {
		delete(e.headers, "accept-encoding")
	}
	if !read {
		ctx.DontReadRequestBody()
		e.editRequest()
		e.writeRequest()
		return types.ActionContinue
	}
	ctx.SetRequestBodyBufferLimit(config.request.hostLimit)
	ctx.SetContext(requestKey, e)
	if e.held {
		return types.HeaderStopIteration
	}
	e.editRequest()
	body.Edited(e.headers)
	e.writeRequest()
	return types.ActionContinue
}

func onRequestBody(ctx wrapper.HttpContext, _ Config, data []byte) types.Action {
	e, ok := ctx.GetContext(requestKey).(*exchange)
	if !ok {
		return types.ActionContinue
	}
	ctx.SetContext(requestKey, nil) // it holds the body
	size := len(data)
	e.receive(data)
	if e.held {
		e.editRequest()
	}
	if edited, ok := e.editBody(data); ok {
		if err := proxywasm.ReplaceHttpRequestBody(edited); err != nil {
			log.Warn("failed to replace request body: " + err.Error())
		} else {
			body.Edited(e.headers)
		}
	}
	if e.held {
		e.writeRequest()
	}
	e.release(size)
	return types.ActionContinue
}

// begin makes the exchange of a stream; nil if there is nothing to edit.
func (d *direction) begin(ctx wrapper.HttpContext) *exchange {
	if d == nil || !d.rules {
		return nil
	}
	e := &exchange{ctx: ctx, direction: d, host: ctx.Host(), path: ctx.Path()}
	if e.host == "" || e.path == "" {
		e.warn("the request has no host or no path, so the " + d.name + " stays as it is")
		return nil
	}
	e.received = e.path
	return e
}

// dropsEncoding tells whether backends are to answer without compression.
func (c *Config) dropsEncoding() bool { return c.wantPlain && c.response.readsBody() }

// editRequest edits headers and query.
func (e *exchange) editRequest() {
	e.editHeaders()
	if len(e.queryItems) == 0 {
		return
	}
	if !query.IsURL(e.received) {
		e.warn("the path is no URL, so its query stays as it is")
		return
	}
	edited := parseQuery(e.received)
	e.query = edited
	for _, i := range e.queryItems {
		e.apply(edited, i)
	}
	path := withQuery(e.received, edited)
	e.headers[":path"] = []string{path}
	if e.held {
		e.path = path
	}
}

func (e *exchange) writeRequest() {
	e.writeHeaders(proxywasm.ReplaceHttpRequestHeaders, httpheader.Writer{
		Remove: proxywasm.RemoveHttpRequestHeader, Replace: proxywasm.ReplaceHttpRequestHeader, Add: proxywasm.AddHttpRequestHeader})
}
