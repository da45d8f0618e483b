// Command rule-isolation is "Rule-Level Config Isolation" of the advanced patterns.
//
// Changed against the page: the explicit type argument, as in leader-election. Added: what the parsers read, and the
// request handler that shows which configuration applied.
package main

import (
	"errors"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"isolated-plugin",
		wrapper.PrePluginStartOrReload[MyConfig](func(ctx wrapper.PluginContext) error {
			ctx.EnableRuleLevelConfigIsolation()
			return nil
		}),
		wrapper.ParseOverrideConfig(parseGlobal, parseRule),
		wrapper.ProcessRequestHeaders(onHttpRequestHeaders),
	)
}

type MyConfig struct {
	global string
	rule   string
}

func parseGlobal(json gjson.Result, config *MyConfig) error {
	config.global = json.Get("global").String()
	return nil
}

func parseRule(json gjson.Result, global MyConfig, config *MyConfig) error {
	*config = global
	config.rule = json.Get("rule").String()
	if config.rule == "" {
		return errors.New("rule must not be empty")
	}
	return nil
}

func onHttpRequestHeaders(ctx wrapper.HttpContext, config MyConfig) types.Action {
	proxywasm.ReplaceHttpRequestHeader("x-config", "global="+config.global+" rule="+config.rule)
	return types.HeaderContinue
}
