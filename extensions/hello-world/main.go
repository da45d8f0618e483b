// Plugin hello-world answers every request with a greeting. It is the smallest plugin there is: one handler, no
// configuration.
package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"hello-world",
		wrapper.NoRouteCall[Config](),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
	)
}

var greeting = []byte("hello world")

func onRequestHeaders(wrapper.HttpContext, Config) types.Action {
	if err := proxywasm.AddHttpRequestHeader("hello", "world"); err != nil {
		log.Critical("failed to set request header")
	}
	if err := proxywasm.SendHttpResponseWithDetail(200, "hello-world", nil, greeting, -1); err != nil {
		log.Error("the greeting cannot be sent: " + err.Error())
	}
	return types.HeaderStopAllIterationAndWatermark
}
