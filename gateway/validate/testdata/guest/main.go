// Command guest is the plugin of the tests of wasmplane validate: its configuration is a list of words that say what it
// does when it is started.
package main

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

func main() {}

func init() {
	proxywasm.SetPluginContext(func(uint32) types.PluginContext { return &plugin{} })
}

type plugin struct{ types.DefaultPluginContext }

func (p *plugin) OnPluginStart(int) types.OnPluginStartStatus {
	configuration, _ := proxywasm.GetPluginConfiguration()
	status := types.OnPluginStartStatusOK
	for _, word := range strings.Fields(string(configuration)) {
		switch word {
		case "refuse":
			status = types.OnPluginStartStatusFailed
		case "reason":
			proxywasm.LogWarn("[guest] [nil] [nil] parse rule config failed: allow is required")
			proxywasm.LogError("[guest] [nil] [nil] plugin start failed")
		case "complain":
			proxywasm.LogError("[guest] [nil] [nil] rule 1 lets nobody pass")
		case "chat":
			proxywasm.LogInfo("[guest] [nil] [nil] started")
		case "call":
			headers := [][2]string{{":method", "GET"}, {":path", "/"}, {":authority", "keys"}}
			if _, err := proxywasm.DispatchHttpCall("outbound|80||keys.static", headers, nil, nil, 100, func(int, int, int) { panic("never answered") }); err != nil {
				proxywasm.LogErrorf("[guest] [nil] [nil] call: %v", err)
			}
			_ = proxywasm.SetTickPeriodMilliSeconds(1)
		case "panic":
			panic("broken")
		}
	}
	return status
}

func (p *plugin) OnTick() { panic("never ticks") }
