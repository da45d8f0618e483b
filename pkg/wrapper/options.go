package wrapper

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
)

type (
	onHttpHeadersFunc[PluginConfig any]       func(context HttpContext, config PluginConfig) types.Action
	onHttpBodyFunc[PluginConfig any]          func(context HttpContext, config PluginConfig, body []byte) types.Action
	onHttpStreamingBodyFunc[PluginConfig any] func(context HttpContext, config PluginConfig, chunk []byte, isLastChunk bool) []byte
	onHttpStreamDoneFunc[PluginConfig any]    func(context HttpContext, config PluginConfig)
	onPluginStartOrReload                     func(context PluginContext) error
)

// CtxOption is one setting of SetCtx.
type CtxOption[PluginConfig any] interface {
	Apply(*CommonVmCtx[PluginConfig])
}

type optionFor[PluginConfig any] func(*CommonVmCtx[PluginConfig])

func (f optionFor[PluginConfig]) Apply(ctx *CommonVmCtx[PluginConfig]) { f(ctx) }

// ProcessRequestHeaders sets the handler of the request headers.
func ProcessRequestHeaders[PluginConfig any](f onHttpHeadersFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.onRequestHeaders = f })
}

// ProcessRequestBody sets the handler of the whole request body. The body is held back until its end (or until its
// trailers) and counts against the stream's buffer limit; the handler runs once, also for an empty body.
func ProcessRequestBody[PluginConfig any](f onHttpBodyFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.onRequestBody = f })
}

// ProcessStreamingRequestBody sets the handler of request body chunks. What it returns replaces the chunk; nil drops
// it. The last call has isLastChunk true and may have an empty chunk. It wins over ProcessRequestBody until
// BufferRequestBody is called.
func ProcessStreamingRequestBody[PluginConfig any](f onHttpStreamingBodyFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.onStreamingRequestBody = f })
}

// ProcessResponseHeaders sets the handler of the response headers.
func ProcessResponseHeaders[PluginConfig any](f onHttpHeadersFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.onResponseHeaders = f })
}

// ProcessResponseBody sets the handler of the whole response body, as ProcessRequestBody does for the request.
func ProcessResponseBody[PluginConfig any](f onHttpBodyFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.onResponseBody = f })
}

// ProcessStreamingResponseBody sets the handler of response body chunks, as ProcessStreamingRequestBody does for the
// request.
func ProcessStreamingResponseBody[PluginConfig any](f onHttpStreamingBodyFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.onStreamingResponseBody = f })
}

// ProcessStreamDone sets the handler of the stream's end. It runs for every stream for which a configuration applied.
func ProcessStreamDone[PluginConfig any](f onHttpStreamDoneFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.onStreamDone = f })
}

// PrePluginStartOrReload sets a hook that runs at the very start of each plugin start, before the configuration is
// read. Its error fails the start.
func PrePluginStartOrReload[PluginConfig any](f onPluginStartOrReload) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.beforeStart = f })
}

// WithLogger replaces the logger, also the one behind package log.
func WithLogger[PluginConfig any](logger log.Log) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.setLogger(logger) })
}

// EnableSafeLog switches on the safe mode of package log: lines that may hold user data move to debug level.
func EnableSafeLog[PluginConfig any]() CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(*CommonVmCtx[PluginConfig]) { log.SetSafeLogEnabled(true) })
}

// WithRebuildAfterRequests asks the host for a fresh VM after every requestCount streams; 0 is off.
func WithRebuildAfterRequests[PluginConfig any](requestCount uint64) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.rebuildAfterRequests = requestCount })
}

// WithRebuildMaxMemBytes asks the host for a fresh VM once the VM's memory reaches memSizeBytes; 0 is off. It needs
// the property plugin_vm_memory and costs one host call a stream.
func WithRebuildMaxMemBytes[PluginConfig any](memSizeBytes uint64) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.rebuildMaxMemory = memSizeBytes })
}

// WithMaxRequestsPerIoCycle limits how many requests of one connection the gateway starts per read event; 0 is off.
// The limit is the gateway's, not the plugin's: the smallest of all plugins holds. A gateway without the foreign
// function logs a warning and goes on.
func WithMaxRequestsPerIoCycle[PluginConfig any](maxRequests uint64) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.maxRequestsPerIoCycle = maxRequests })
}
