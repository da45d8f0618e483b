// Command wrapper-log has handlers with the logger type of the user guide and the step-by-step guide, wrapper.Log.
//
// Changed against the pages: the old options take handlers with log.Log, and wrapper.Log is a type of its own in every
// SDK with package log, so the handlers are registered through functions that pass their logger on. init instead of
// main, as in hello-world.
package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"my-plugin",
		wrapper.ParseConfigBy(func(json gjson.Result, config *MyConfig, log log.Log) error {
			return parseConfig(json, config, log)
		}),
		wrapper.ProcessRequestHeadersBy(func(ctx wrapper.HttpContext, config MyConfig, log log.Log) types.Action {
			return onHttpRequestHeaders(ctx, config, log)
		}),
	)
}

type MyConfig struct {
	name string
}

func parseConfig(json gjson.Result, config *MyConfig, log wrapper.Log) error {
	config.name = json.Get("name").String()
	log.Infof("config parsed, name=%s", config.name)
	return nil
}

func onHttpRequestHeaders(ctx wrapper.HttpContext, config MyConfig, log wrapper.Log) types.Action {
	log.Infof("request for %s", config.name)
	return types.ActionContinue
}
