package wrapper

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
)

type (
	oldOnHttpHeadersFunc[PluginConfig any]       func(context HttpContext, config PluginConfig, log log.Log) types.Action
	oldOnHttpBodyFunc[PluginConfig any]          func(context HttpContext, config PluginConfig, body []byte, log log.Log) types.Action
	oldOnHttpStreamingBodyFunc[PluginConfig any] func(context HttpContext, config PluginConfig, chunk []byte, isLastChunk bool, log log.Log) []byte
	oldOnHttpStreamDoneFunc[PluginConfig any]    func(context HttpContext, config PluginConfig, log log.Log)
)

func headersWithLog[PluginConfig any](ctx *CommonVmCtx[PluginConfig], f oldOnHttpHeadersFunc[PluginConfig]) onHttpHeadersFunc[PluginConfig] {
	return func(context HttpContext, config PluginConfig) types.Action { return f(context, config, ctx.log) }
}

func bodyWithLog[PluginConfig any](ctx *CommonVmCtx[PluginConfig], f oldOnHttpBodyFunc[PluginConfig]) onHttpBodyFunc[PluginConfig] {
	return func(context HttpContext, config PluginConfig, body []byte) types.Action {
		return f(context, config, body, ctx.log)
	}
}

func chunkWithLog[PluginConfig any](ctx *CommonVmCtx[PluginConfig], f oldOnHttpStreamingBodyFunc[PluginConfig]) onHttpStreamingBodyFunc[PluginConfig] {
	return func(context HttpContext, config PluginConfig, chunk []byte, isLastChunk bool) []byte {
		return f(context, config, chunk, isLastChunk, ctx.log)
	}
}

// ProcessRequestHeadersBy is ProcessRequestHeaders with a logger argument.
//
// Deprecated: use ProcessRequestHeaders and package log.
func ProcessRequestHeadersBy[PluginConfig any](f oldOnHttpHeadersFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.onRequestHeaders = headersWithLog(ctx, f) })
}

// ProcessRequestBodyBy is ProcessRequestBody with a logger argument.
//
// Deprecated: use ProcessRequestBody and package log.
func ProcessRequestBodyBy[PluginConfig any](f oldOnHttpBodyFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.onRequestBody = bodyWithLog(ctx, f) })
}

// ProcessStreamingRequestBodyBy is ProcessStreamingRequestBody with a logger argument.
//
// Deprecated: use ProcessStreamingRequestBody and package log.
func ProcessStreamingRequestBodyBy[PluginConfig any](f oldOnHttpStreamingBodyFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.onStreamingRequestBody = chunkWithLog(ctx, f) })
}

// ProcessResponseHeadersBy is ProcessResponseHeaders with a logger argument.
//
// Deprecated: use ProcessResponseHeaders and package log.
func ProcessResponseHeadersBy[PluginConfig any](f oldOnHttpHeadersFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.onResponseHeaders = headersWithLog(ctx, f) })
}

// ProcessResponseBodyBy is ProcessResponseBody with a logger argument.
//
// Deprecated: use ProcessResponseBody and package log.
func ProcessResponseBodyBy[PluginConfig any](f oldOnHttpBodyFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.onResponseBody = bodyWithLog(ctx, f) })
}

// ProcessStreamingResponseBodyBy is ProcessStreamingResponseBody with a logger argument.
//
// Deprecated: use ProcessStreamingResponseBody and package log.
func ProcessStreamingResponseBodyBy[PluginConfig any](f oldOnHttpStreamingBodyFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.onStreamingResponseBody = chunkWithLog(ctx, f) })
}

// ProcessStreamDoneBy is ProcessStreamDone with a logger argument.
//
// Deprecated: use ProcessStreamDone and package log.
func ProcessStreamDoneBy[PluginConfig any](f oldOnHttpStreamDoneFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) {
		ctx.onStreamDone = func(context HttpContext, config PluginConfig) { f(context, config, ctx.log) }
	})
}
