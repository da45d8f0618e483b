// Command custom-logging is "Custom Logging" of the advanced patterns, with the registration around it.
package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"custom-log-plugin",
		wrapper.ProcessRequestHeaders(onHttpRequestHeaders),
		wrapper.ProcessResponseHeaders(onHttpResponseHeaders),
	)
}

type MyConfig struct{}

func onHttpRequestHeaders(ctx wrapper.HttpContext, config MyConfig) types.Action {
	ctx.SetUserAttribute("user_id", "12345")
	ctx.SetUserAttribute("request_type", "api")
	return types.HeaderContinue
}

func onHttpResponseHeaders(ctx wrapper.HttpContext, config MyConfig) types.Action {
	ctx.WriteUserAttributeToLog()
	ctx.WriteUserAttributeToTrace()
	return types.HeaderContinue
}
