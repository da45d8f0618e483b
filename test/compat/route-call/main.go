// Command route-call is the "Route Call Pattern" of the advanced patterns.
//
// Changed against the page: SendHttpResponse takes a uint32 status, where the page passes the callback's int. Added: the
// request header handler, because the call can change the request only while its headers are held back.
package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"route-call-plugin",
		wrapper.ProcessRequestHeaders(onHttpRequestHeaders),
		wrapper.ProcessRequestBody(onRequestBody),
	)
}

type MyConfig struct{}

func onHttpRequestHeaders(ctx wrapper.HttpContext, config MyConfig) types.Action {
	if !ctx.HasRequestBody() {
		return types.HeaderContinue
	}
	return types.HeaderStopIteration
}

func onRequestBody(ctx wrapper.HttpContext, config MyConfig, body []byte) types.Action {
	err := ctx.RouteCall("POST", "/modified-path", [][2]string{
		{"Content-Type", "application/json"},
		{"X-Custom", "header"},
	}, body, func(statusCode int, headers [][2]string, body []byte) {
		proxywasm.SendHttpResponse(uint32(statusCode), headers, body, -1)
	})
	if err != nil {
		proxywasm.SendHttpResponse(500, nil, []byte("Route call failed"), -1)
	}
	return types.ActionContinue
}
