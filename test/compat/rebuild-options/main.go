// Command rebuild-options is "Memory Management" of the advanced patterns.
//
// Changed against the page: the explicit type arguments, which Go cannot infer for these options; a rebuild after 10
// requests instead of 10,000, so that a test can wait for it. Added: a request handler that counts in package-level
// state, which only a fresh VM forgets.
package main

import (
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtxWithOptions(
		"memory-managed-plugin",
		wrapper.ParseConfig(parseConfig),
		wrapper.WithRebuildAfterRequests[MyConfig](10),
		wrapper.WithRebuildMaxMemBytes[MyConfig](100*1024*1024),
		wrapper.WithMaxRequestsPerIoCycle[MyConfig](20),
		wrapper.ProcessRequestHeaders(onHttpRequestHeaders),
	)
}

type MyConfig struct{}

var served int

func parseConfig(json gjson.Result, config *MyConfig) error { return nil }

func onHttpRequestHeaders(ctx wrapper.HttpContext, config MyConfig) types.Action {
	served++
	proxywasm.AddHttpRequestHeader("x-served", strconv.Itoa(served))
	return types.HeaderContinue
}
