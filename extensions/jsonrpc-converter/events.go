package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/pkg/sse"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// onResponseChunk holds an event stream until its first event with data has arrived, publishes that, and lets the rest
// stream. begun is all that has arrived so far.
func onResponseChunk(ctx wrapper.HttpContext, config Config, begun []byte, last bool) []byte {
	data, found := firstData(begun)
	if !found && !last && len(begun) <= config.maxEvent {
		wrapper.HoldResponseBody(ctx)
		return begun
	}
	ctx.DontReadResponseBody()
	if m, ok := parseMessage(data); ok && m.answers() {
		publishResponse(&m, ctx.GetStringContext(methodKey, ""), &publication{config.maxLength, proxywasm.ReplaceHttpResponseHeader})
	}
	return begun
}

// firstData returns the data of the first complete event that has any (WHATWG HTML, section 9.2.6).
func firstData(stream []byte) (data string, found bool) {
	var events sse.Splitter
	events.Push(stream, func(e sse.Event) {
		if !found && len(e.Data) > 0 {
			data, found = string(e.Data), true
		}
	})
	return data, found
}
