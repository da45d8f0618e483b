package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const responseKey = "response"

func onResponseHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	e := config.response.begin(ctx)
	if e == nil {
		ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	headers, err := proxywasm.GetHttpResponseHeaders()
	if err != nil {
		log.Warn("failed to get response headers: " + err.Error())
		ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	e.response = true
	e.headers = collect(headers)
	e.pseudo = httpheader.Pseudo{Received: headers, Response: true, Method: ctx.Method(), HasBody: ctx.HasResponseBody()}
	e.status = first(e.headers[":status"])
	e.contentType = first(e.headers["content-type"])
	e.kind = kindOf(e.contentType, config.jsonSuffix, true)
	e.choose()
	if !e.plan(body.OfResponse(ctx.Method(), headers, ctx.HasResponseBody())) {
		ctx.DontReadResponseBody()
		e.editHeaders()
		e.writeResponse()
		return types.ActionContinue
	}
	ctx.SetResponseBodyBufferLimit(config.response.hostLimit)
	ctx.SetContext(responseKey, e)
	if e.held {
		return types.HeaderStopIteration
	}
	e.editHeaders()
	body.Edited(e.headers)
	e.writeResponse()
	return types.ActionContinue
}

func onResponseBody(ctx wrapper.HttpContext, _ Config, data []byte) types.Action {
	e, ok := ctx.GetContext(responseKey).(*exchange)
	if !ok {
		return types.ActionContinue
	}
	ctx.SetContext(responseKey, nil) // it holds the body
	size := len(data)
	e.receive(data)
	if e.held {
		e.editHeaders()
	}
	if edited, ok := e.editBody(data); ok {
		if err := proxywasm.ReplaceHttpResponseBody(edited); err != nil {
			log.Warn("failed to replace response body: " + err.Error())
		} else {
			body.Edited(e.headers)
		}
	}
	if e.held {
		e.writeResponse()
	}
	e.release(size)
	return types.ActionContinue
}

func (e *exchange) writeResponse() {
	e.writeHeaders(proxywasm.ReplaceHttpResponseHeaders, httpheader.Writer{
		Remove: proxywasm.RemoveHttpResponseHeader, Replace: proxywasm.ReplaceHttpResponseHeader, Add: proxywasm.AddHttpResponseHeader})
}
