// Command streaming-bodies is "Streaming Body Processing" of the advanced patterns.
//
// Added to the page: the configuration, and in the response handler an edit that shows that chunks pass one by one.
// Content-length has to go where the size of a body changes: the page does not say so.
package main

import (
	"bytes"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"streaming-plugin",
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessResponseHeaders(onHttpResponseHeaders),
		wrapper.ProcessStreamingRequestBody(onStreamingRequestBody),
		wrapper.ProcessStreamingResponseBody(onStreamingResponseBody),
	)
}

type MyConfig struct{}

func parseConfig(json gjson.Result, config *MyConfig) error { return nil }

func onHttpResponseHeaders(ctx wrapper.HttpContext, config MyConfig) types.Action {
	proxywasm.RemoveHttpResponseHeader("content-length")
	return types.HeaderContinue
}

func onStreamingRequestBody(ctx wrapper.HttpContext, config MyConfig, chunk []byte, isLastChunk bool) []byte {
	modified := bytes.ReplaceAll(chunk, []byte("old"), []byte("new"))
	return modified
}

func onStreamingResponseBody(ctx wrapper.HttpContext, config MyConfig, chunk []byte, isLastChunk bool) []byte {
	if len(chunk) > 0 {
		chunk = append([]byte("<"), append(chunk, '>')...)
	}
	if isLastChunk {
		chunk = append(chunk, "end"...)
	}
	return chunk
}
