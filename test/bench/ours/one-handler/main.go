// Plugin one-handler has a handler that does nothing: what the SDK takes to find a configuration and call it.
package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"one-handler",
		wrapper.NoRouteCall[config](),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
	)
}

type config struct{}

func onRequestHeaders(wrapper.HttpContext, config) types.Action { return types.HeaderContinue }
