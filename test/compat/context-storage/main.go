// Command context-storage is "Plugin Context Storage" of the advanced patterns.
//
// Added to the page: the request handler, which the page registers and does not show. A handler has no way to the
// plugin context of its own, so the configuration keeps it.
package main

import (
	"strconv"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"context-plugin",
		wrapper.ParseConfigWithContext(parseConfigWithContext),
		wrapper.ProcessRequestHeaders(onHttpRequestHeaders),
	)
}

type MyConfig struct {
	plugin wrapper.PluginContext
}

func parseConfigWithContext(ctx wrapper.PluginContext, json gjson.Result, config *MyConfig) error {
	ctx.SetContext("initTime", time.Now().Unix())
	config.plugin = ctx
	return nil
}

func onHttpRequestHeaders(ctx wrapper.HttpContext, config MyConfig) types.Action {
	served, _ := config.plugin.GetContext("served").(int)
	config.plugin.SetContext("served", served+1)
	initTime := config.plugin.GetContext("initTime").(int64)
	proxywasm.AddHttpRequestHeader("x-init-time", strconv.FormatInt(initTime, 10))
	proxywasm.AddHttpRequestHeader("x-served-before", strconv.Itoa(served))
	return types.HeaderContinue
}
