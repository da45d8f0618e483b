// Command buffer-limits is "Buffer Limits" of the advanced patterns.
//
// Added to the page: the configuration that leaves the limits alone, and the body handlers, without which nothing is
// buffered and no limit counts. The SDK chapter's 500 for a response over the limit needs response headers that have
// not gone out: the configuration can hold them.
package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"buffer-limit-plugin",
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessRequestHeaders(onHttpRequestHeaders),
		wrapper.ProcessRequestBody(onRequestBody),
		wrapper.ProcessResponseHeaders(onHttpResponseHeaders),
		wrapper.ProcessResponseBody(onResponseBody),
	)
}

type MyConfig struct {
	raise bool
	hold  bool
}

func parseConfig(json gjson.Result, config *MyConfig) error {
	config.raise = json.Get("raise").Bool()
	config.hold = json.Get("hold").Bool()
	return nil
}

func onHttpRequestHeaders(ctx wrapper.HttpContext, config MyConfig) types.Action {
	if config.raise {
		ctx.SetRequestBodyBufferLimit(10 * 1024 * 1024)
	}
	return types.HeaderContinue
}

func onRequestBody(ctx wrapper.HttpContext, config MyConfig, body []byte) types.Action {
	return types.ActionContinue
}

func onHttpResponseHeaders(ctx wrapper.HttpContext, config MyConfig) types.Action {
	if config.raise {
		ctx.SetResponseBodyBufferLimit(50 * 1024 * 1024)
	}
	if config.hold && ctx.HasResponseBody() {
		return types.HeaderStopIteration
	}
	return types.HeaderContinue
}

func onResponseBody(ctx wrapper.HttpContext, config MyConfig, body []byte) types.Action {
	return types.ActionContinue
}
