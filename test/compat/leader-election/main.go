// Command leader-election is "Leader Election" of the advanced patterns.
//
// Changed against the page: ParseConfigWithContext instead of ParseConfig, because the page's parser uses a ctx that it
// is not given; the explicit type argument, which Go cannot infer for a hook without the configuration in its signature.
// Added: the line of those that were not elected.
package main

import (
	"github.com/tidwall/gjson"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"leader-plugin",
		wrapper.PrePluginStartOrReload[MyConfig](onPluginStart),
		wrapper.ParseConfigWithContext(parseConfig),
	)
}

type MyConfig struct{}

func onPluginStart(ctx wrapper.PluginContext) error {
	ctx.DoLeaderElection()
	return nil
}

func parseConfig(ctx wrapper.PluginContext, json gjson.Result, config *MyConfig) error {
	wrapper.RegisterTickFunc(10000, func() {
		if ctx.IsLeader() {
			log.Info("Leader task")
		} else {
			log.Info("Not the leader")
		}
	})
	return nil
}
