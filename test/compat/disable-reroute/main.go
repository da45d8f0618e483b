// Command disable-reroute is "Disable Re-routing" of the advanced patterns.
//
// Added to the page: the configuration that leaves re-routing on, to show what the call changes.
package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"reroute-plugin",
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessRequestHeaders(onHttpRequestHeaders),
	)
}

type MyConfig struct {
	reroute bool
}

func parseConfig(json gjson.Result, config *MyConfig) error {
	config.reroute = json.Get("reroute").Bool()
	return nil
}

func onHttpRequestHeaders(ctx wrapper.HttpContext, config MyConfig) types.Action {
	if !config.reroute {
		ctx.DisableReroute()
	}
	proxywasm.ReplaceHttpRequestHeader(":path", "/new-path")
	return types.HeaderContinue
}
