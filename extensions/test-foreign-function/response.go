package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	function = "inject_encoded_data_to_filter_chain_on_header"
	greeting = "hello foreign function\n"
)

// onResponseHeaders holds the headers of a response without body and has the host send a body after them. The function
// acts when the handler has returned, and on a response that has a body it would crash the host.
func onResponseHeaders(ctx wrapper.HttpContext, _ Config) types.Action {
	if ctx.HasResponseBody() {
		return types.ActionContinue
	}
	length, err := proxywasm.GetHttpResponseHeader("content-length")
	if err == nil {
		_ = proxywasm.RemoveHttpResponseHeader("content-length")
	}
	if _, err := proxywasm.CallForeignFunction(function, argument(greeting)); err != nil {
		log.Error("call " + function + " failed, error: " + err.Error())
		if length != "" {
			_ = proxywasm.ReplaceHttpResponseHeader("content-length", length)
		}
		return types.ActionContinue
	}
	return types.HeaderStopIteration
}

// argument is the message InjectEncodedDataToFilterChainArguments in protobuf's wire format: field 1, the body, and field
// 2, the end of the stream. Package protos has the generated type; for two fields it is not worth its weight.
func argument(body string) []byte {
	const text, flag = 1<<3 | 2, 2 << 3
	message := append([]byte{text, byte(len(body))}, body...) // a length below 128 is one byte
	return append(message, flag, 1)
}
