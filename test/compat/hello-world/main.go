// Command hello-world is the plugin without configuration of the user guide "develop with Go".
//
// Changed against the page: registration in init instead of main, because a module that the Go toolchain builds with
// -buildmode=c-shared is a reactor whose main never runs (the development guide's template says so too), and the log
// argument's type log.Log instead of wrapper.Log, see the program wrapper-log.
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
		wrapper.ProcessRequestHeadersBy(onHttpRequestHeaders),
	)
}

type MyConfig struct{}

func onHttpRequestHeaders(ctx wrapper.HttpContext, config MyConfig, log log.Log) types.Action {
	proxywasm.SendHttpResponse(200, nil, []byte("hello world"), -1)
	return types.ActionContinue
}
