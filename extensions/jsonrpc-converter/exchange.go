package main

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// methodKey holds the method of a request whose response is to be published.
const methodKey = "method"

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	headers := wrapper.RequestHeaders(ctx)
	if config.keepsRoute {
		ctx.DisableReroute()
	}
	config.strip(headers, proxywasm.RemoveHttpRequestHeader)
	if !body.OfRequest(headers, ctx.HasRequestBody()).Reads() {
		ctx.DontReadRequestBody()
		return types.ActionContinue
	}
	ctx.SetRequestBodyBufferLimit(config.maxBody)
	return types.HeaderStopIteration
}

func onRequestBody(ctx wrapper.HttpContext, config Config, data []byte) types.Action {
	m, ok := parseMessage(string(data))
	if !ok || m.method.Type != gjson.String || !config.methods.allow(m.method.Str) {
		return types.ActionContinue
	}
	if !config.publishesRequests {
		ctx.SetContext(methodKey, strings.Clone(m.method.Str))
		return types.ActionContinue
	}
	config.publishRequest(&m, &publication{config.maxLength, proxywasm.ReplaceHttpRequestHeader})
	return types.ActionContinue
}

func onResponseHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	headers, err := proxywasm.GetHttpResponseHeaders()
	if err != nil {
		log.Error("get response headers failed: " + err.Error())
	}
	config.strip(headers, proxywasm.RemoveHttpResponseHeader)
	if ctx.GetStringContext(methodKey, "") == "" {
		ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	obstacle := body.OfResponse(ctx.Method(), headers, ctx.HasResponseBody())
	switch {
	case obstacle.Reads() && isJSON(headers):
		ctx.BufferResponseBody()
		ctx.SetResponseBodyBufferLimit(config.maxBody)
	case obstacle == body.EventStream && config.eventStreams && !ctx.IsBinaryResponseBody():
		ctx.SetResponseBodyBufferLimit(config.maxBody)
	default:
		ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	return types.HeaderStopIteration
}

func onResponseBody(ctx wrapper.HttpContext, config Config, data []byte) types.Action {
	if m, ok := parseMessage(string(data)); ok {
		publishResponse(&m, ctx.GetStringContext(methodKey, ""), &publication{config.maxLength, proxywasm.ReplaceHttpResponseHeader})
	}
	return types.ActionContinue
}

func isJSON(headers [][2]string) bool {
	return strings.Contains(strings.ToLower(httpheader.First(headers, "content-type")), "application/json")
}
