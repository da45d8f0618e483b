// Command buffered-bodies is "Buffered Body Processing" of the advanced patterns.
//
// Added to the page: the configuration, the response handler, which the page registers and does not show, and header
// handlers that take content-length away, because the bodies change their size.
package main

import (
	"bytes"
	"encoding/json"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"buffered-plugin",
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessRequestHeaders(onHttpRequestHeaders),
		wrapper.ProcessRequestBody(onRequestBody),
		wrapper.ProcessResponseHeaders(onHttpResponseHeaders),
		wrapper.ProcessResponseBody(onResponseBody),
	)
}

type MyConfig struct{}

func parseConfig(json gjson.Result, config *MyConfig) error { return nil }

func onHttpRequestHeaders(ctx wrapper.HttpContext, config MyConfig) types.Action {
	proxywasm.RemoveHttpRequestHeader("content-length")
	return types.HeaderContinue
}

func onRequestBody(ctx wrapper.HttpContext, config MyConfig, body []byte) types.Action {
	var data map[string]interface{}
	json.Unmarshal(body, &data)
	data["injected"] = "value"
	newBody, _ := json.Marshal(data)
	proxywasm.ReplaceHttpRequestBody(newBody)
	return types.ActionContinue
}

func onHttpResponseHeaders(ctx wrapper.HttpContext, config MyConfig) types.Action {
	proxywasm.RemoveHttpResponseHeader("content-length")
	return types.HeaderContinue
}

func onResponseBody(ctx wrapper.HttpContext, config MyConfig, body []byte) types.Action {
	proxywasm.ReplaceHttpResponseBody(bytes.ToUpper(body))
	return types.ActionContinue
}
