// Command by-options registers every handler of the SDK chapter's list with the old options, which give each handler a
// logger.
//
// Changed against the page: init instead of main, as in hello-world; the missing comma and the misspelt package name
// at the end of the list. The page sets the plain and the override parser one after the other, of which the last
// holds: only that one is here.
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
		"by-options",
		wrapper.ParseOverrideConfigBy(parseConfig, parseRuleConfig),
		wrapper.ProcessRequestHeadersBy(onHttpRequestHeaders),
		wrapper.ProcessRequestBodyBy(onHttpRequestBody),
		wrapper.ProcessResponseHeadersBy(onHttpResponseHeaders),
		wrapper.ProcessResponseBodyBy(onHttpResponseBody),
		wrapper.ProcessStreamingRequestBodyBy(onHttpStreamingRequestBody),
		wrapper.ProcessStreamingResponseBodyBy(onHttpStreamingResponseBody),
		wrapper.ProcessStreamDoneBy(onHttpStreamDone),
	)
}

type Config struct {
	greeting string
	buffer   bool
}

func parseConfig(json gjson.Result, config *Config, log log.Log) error {
	config.greeting = json.Get("greeting").String()
	config.buffer = json.Get("buffer").Bool()
	log.Infof("parsed global %s", config.greeting)
	return nil
}

func parseRuleConfig(json gjson.Result, global Config, config *Config, log log.Log) error {
	*config = global
	config.greeting = json.Get("greeting").String()
	log.Infof("parsed rule %s over %s", config.greeting, global.greeting)
	return nil
}

func onHttpRequestHeaders(ctx wrapper.HttpContext, config Config, log log.Log) types.Action {
	if config.buffer {
		ctx.BufferRequestBody()
	}
	log.Infof("request headers of %s, greeting %s", ctx.Path(), config.greeting)
	return types.ActionContinue
}

func onHttpRequestBody(ctx wrapper.HttpContext, config Config, body []byte, log log.Log) types.Action {
	log.Infof("request body %s", body)
	return types.ActionContinue
}

func onHttpStreamingRequestBody(ctx wrapper.HttpContext, config Config, chunk []byte, isLastChunk bool, log log.Log) []byte {
	log.Infof("request chunk %s", chunk)
	return chunk
}

func onHttpResponseHeaders(ctx wrapper.HttpContext, config Config, log log.Log) types.Action {
	if config.buffer {
		ctx.BufferResponseBody()
	}
	proxywasm.AddHttpResponseHeader("x-greeting", config.greeting)
	log.Infof("response headers of %s", ctx.Path())
	return types.ActionContinue
}

func onHttpResponseBody(ctx wrapper.HttpContext, config Config, body []byte, log log.Log) types.Action {
	log.Infof("response body %s", body)
	return types.ActionContinue
}

func onHttpStreamingResponseBody(ctx wrapper.HttpContext, config Config, chunk []byte, isLastChunk bool, log log.Log) []byte {
	log.Infof("response chunk %s", chunk)
	return chunk
}

func onHttpStreamDone(ctx wrapper.HttpContext, config Config, log log.Log) {
	log.Infof("stream of %s done", ctx.Path())
}
