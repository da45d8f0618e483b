// Plugin sse-pass-through sees every chunk of a response and changes none.
package main

import (
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"sse-pass-through",
		wrapper.NoRouteCall[config](),
		wrapper.WithoutRequestSnapshot[config](),
		wrapper.WithoutInPlaceBodyEdits[config](),
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessStreamingResponseBody(onResponseChunk),
	)
}

type config struct{}

func parseConfig(gjson.Result, *config) error { return nil }

func onResponseChunk(_ wrapper.HttpContext, _ config, chunk []byte, _ bool) []byte { return chunk }
