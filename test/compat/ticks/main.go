// Command ticks is "Tick Functions (Periodic Tasks)" of the advanced patterns, with the registration around it.
package main

import (
	"github.com/tidwall/gjson"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"tick-plugin",
		wrapper.ParseConfig(parseConfig),
	)
}

type MyConfig struct{}

func parseConfig(json gjson.Result, config *MyConfig) error {
	wrapper.RegisterTickFunc(1000, func() {
		log.Info("1s tick")
	})
	wrapper.RegisterTickFunc(5000, func() {
		log.Info("5s tick")
	})
	return nil
}
