package wrapper

// Bits of the value that a compiled plugin's export `wasmplane_phases` returns. The export takes no arguments, may be
// called as soon as `_initialize` has run and before any context exists, and tells the link step which callbacks the
// plugin needs. A value without PhasesKnown says nothing: the module did not register through SetCtx.
const (
	PhaseRequestHeaders        = 1 << 0 // any stream handler: the configuration is chosen and requests are counted here
	PhaseRequestBodyBuffered   = 1 << 1
	PhaseRequestBodyStreaming  = 1 << 2
	PhaseRequestTrailers       = 1 << 3 // needed wherever the request body is
	PhaseResponseHeaders       = 1 << 4
	PhaseResponseBodyBuffered  = 1 << 5
	PhaseResponseBodyStreaming = 1 << 6
	PhaseResponseTrailers      = 1 << 7 // needed wherever the response body is
	PhaseStreamDone            = 1 << 8 // the log callback
	// PhaseRouteCall says that HttpContext.RouteCall may be used, which needs the response headers, body and trailers
	// callbacks whatever the other bits say. It is set unless the plugin declares NoRouteCall or has no request handler.
	PhaseRouteCall = 1 << 9
	PhasesKnown    = 1 << 30
)

var registeredPhases int32

func (ctx *CommonVmCtx[PluginConfig]) phases() int32 {
	bits := int32(PhasesKnown)
	set := func(used bool, bit int32) {
		if used {
			bits |= bit
		}
	}
	requestBody := ctx.readsRequestBody()
	responseBody := ctx.readsResponseBody()
	request := ctx.onRequestHeaders != nil || requestBody
	response := ctx.onResponseHeaders != nil || responseBody
	set(ctx.followsStreams(), PhaseRequestHeaders)
	set(ctx.onRequestBody != nil, PhaseRequestBodyBuffered)
	set(ctx.onStreamingRequestBody != nil, PhaseRequestBodyStreaming)
	set(requestBody, PhaseRequestTrailers)
	set(response, PhaseResponseHeaders)
	set(ctx.onResponseBody != nil, PhaseResponseBodyBuffered)
	set(ctx.onStreamingResponseBody != nil, PhaseResponseBodyStreaming)
	set(responseBody, PhaseResponseTrailers)
	set(ctx.onStreamDone != nil, PhaseStreamDone)
	set(request && !ctx.noRouteCall, PhaseRouteCall)
	return bits
}

// followsStreams reports whether anything is done for a stream. A plugin of ticks and call-outs alone does nothing.
func (ctx *CommonVmCtx[PluginConfig]) followsStreams() bool {
	return ctx.onRequestHeaders != nil || ctx.readsRequestBody() || ctx.onResponseHeaders != nil || ctx.readsResponseBody() ||
		ctx.onStreamDone != nil || ctx.rebuildAfterRequests > 0 || ctx.rebuildMaxMemory > 0
}

func (ctx *CommonVmCtx[PluginConfig]) readsRequestBody() bool {
	return ctx.onRequestBody != nil || ctx.onStreamingRequestBody != nil
}

func (ctx *CommonVmCtx[PluginConfig]) readsResponseBody() bool {
	return ctx.onResponseBody != nil || ctx.onStreamingResponseBody != nil
}
