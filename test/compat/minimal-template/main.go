// Command minimal-template is the "Minimal Plugin Template" of the development guide, word for word.
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
		"my-plugin",
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessRequestHeaders(onHttpRequestHeaders),
	)
}

type MyConfig struct {
	Enabled bool
}

func parseConfig(json gjson.Result, config *MyConfig) error {
	config.Enabled = json.Get("enabled").Bool()
	return nil
}

func onHttpRequestHeaders(ctx wrapper.HttpContext, config MyConfig) types.Action {
	if config.Enabled {
		proxywasm.AddHttpRequestHeader("x-my-header", "hello")
	}
	return types.HeaderContinue
}
