// Command header-edit is step 1.2 of the step-by-step guide: it reads one request header and replaces another.
//
// Changed against the page: init instead of main and log.Log instead of wrapper.Log, as in hello-world.
package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"my-plugin",
		wrapper.ParseConfigBy(parseConfig),
		wrapper.ProcessRequestHeadersBy(onHttpRequestHeaders),
	)
}

type MyPluginConfig struct {
	SomeField string
}

func parseConfig(json gjson.Result, config *MyPluginConfig, log log.Log) error {
	config.SomeField = json.Get("some_field").String()
	log.Infof("my-plugin: config parsed, some_field=%s", config.SomeField)
	return nil
}

func onHttpRequestHeaders(ctx wrapper.HttpContext, config MyPluginConfig, log log.Log) types.Action {
	log.Infof("my-plugin: request received")

	value, _ := proxywasm.GetHttpRequestHeader("x-user-id")
	log.Infof("my-plugin: user=%s", value)

	proxywasm.ReplaceHttpRequestHeader("x-custom-header", config.SomeField)

	return types.ActionContinue
}
