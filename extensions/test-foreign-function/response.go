package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	function = "inject_encoded_data_to_filter_chain_on_header"
	greeting = "hello foreign function\n"

	resetContent = "205" // has no body (RFC 9110, section 15.3.6)
)

// onResponseHeaders holds the headers of a response that could have a body and has none, and has the host send a body after
// them. The function acts when the handler has returned, and on a response that has a body it would crash the host.
func onResponseHeaders(ctx wrapper.HttpContext, _ Config) types.Action {
	if ctx.HasResponseBody() || !mayGetBody(ctx.Method()) {
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

// mayGetBody tells whether a body may follow the headers of this response, the answer to a request with a method, and
// readers would take it for what it is.
func mayGetBody(method string) bool {
	headers, err := proxywasm.GetHttpResponseHeaders()
	if err != nil {
		log.Error("response headers cannot be read: " + err.Error())
		return false
	}
	return method != "" && httpheader.First(headers, ":status") != resetContent && body.OfResponse(method, headers, true) == ""
}

// argument is the message InjectEncodedDataToFilterChainArguments in protobuf's wire format: field 1, the body, and field
// 2, the end of the stream. Package protos has the generated type; for two fields it is not worth its weight.
func argument(content string) []byte {
	const text, flag = 1<<3 | 2, 2 << 3
	message := append([]byte{text, byte(len(content))}, content...) // a length below 128 is one byte
	return append(message, flag, 1)
}
