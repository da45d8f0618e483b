package main

import (
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

var replacement = []byte("test\n")

// onRequestHeaders removes the length: the body will have another.
func onRequestHeaders(wrapper.HttpContext, Config) types.Action {
	_ = proxywasm.RemoveHttpRequestHeader("content-length")
	return types.ActionContinue
}

func onResponseHeaders(wrapper.HttpContext, Config) types.Action {
	_ = proxywasm.RemoveHttpResponseHeader("content-length")
	return types.ActionContinue
}

func onRequestChunk(ctx wrapper.HttpContext, config Config, chunk []byte, last bool) []byte {
	return config.chunk(ctx, "request", chunk, last)
}

func onResponseChunk(ctx wrapper.HttpContext, config Config, chunk []byte, last bool) []byte {
	return config.chunk(ctx, "response", chunk, last)
}

// chunk returns what takes the chunk's place. The replacer lives as long as the stream, one for each direction.
func (c *Config) chunk(ctx wrapper.HttpContext, direction string, chunk []byte, last bool) []byte {
	if wrapper.LogEnabled(wrapper.LogLevelInfo) {
		log.Info("receive " + direction + " body chunk: " + strconv.Itoa(len(chunk)) + " bytes, isLastChunk:" + strconv.FormatBool(last))
	}
	if wrapper.LogEnabled(wrapper.LogLevelDebug) {
		log.Debug(direction + " body chunk:" + string(chunk))
	}
	if c.find == nil {
		return replacement
	}
	r, ok := ctx.GetContext(direction).(*replacer)
	if !ok {
		r = &replacer{find: c.find, replace: c.replace}
		ctx.SetContext(direction, r)
	}
	return r.next(chunk, last)
}
