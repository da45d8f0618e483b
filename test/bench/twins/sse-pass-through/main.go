// Plugin sse-pass-through sees every chunk of a response and changes none: the twin of ours/sse-pass-through on wasm-go.
package main

import (
	"github.com/higress-group/wasm-go/pkg/wrapper"
	"github.com/tidwall/gjson"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"sse-pass-through",
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessStreamingResponseBody(onResponseChunk),
	)
}

type config struct{}

func parseConfig(gjson.Result, *config) error { return nil }

func onResponseChunk(_ wrapper.HttpContext, _ config, chunk []byte, _ bool) []byte { return chunk }
