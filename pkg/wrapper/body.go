package wrapper

import (
	"bytes"
	"math"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/iface"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// direction is what differs between the bodies of request and response.
type direction struct {
	name    string
	get     func(start, maxSize int) ([]byte, error)
	replace func([]byte) error
	add     func([]byte) error
}

var (
	requestDirection = direction{"request", proxywasm.GetHttpRequestBody, proxywasm.ReplaceHttpRequestBody,
		proxywasm.AppendHttpRequestBody}
	responseDirection = direction{"response", proxywasm.GetHttpResponseBody, proxywasm.ReplaceHttpResponseBody,
		proxywasm.AppendHttpResponseBody}
)

// whole reads everything the host has buffered. Hosts clamp the length; older ones report a size that is not that of
// the whole buffer, so the reported size serves only to tell that there is nothing to read.
func (d *direction) whole(held bool, bodySize int) ([]byte, bool) {
	if bodySize == 0 && !held {
		return []byte{}, true
	}
	body, err := d.get(0, math.MaxInt32)
	if err == types.ErrorStatusNotFound {
		return []byte{}, true
	}
	if err != nil {
		log.Warn("get " + d.name + " body failed: " + err.Error())
		return nil, false
	}
	return body, true
}

// next reads a chunk, and what an earlier call has held before it.
func (d *direction) next(held bool, bodySize int) ([]byte, error) {
	size := bodySize
	if held {
		size = math.MaxInt32
	}
	if size == 0 {
		return nil, nil
	}
	chunk, err := d.get(0, size)
	if err == types.ErrorStatusNotFound {
		return nil, nil
	}
	return chunk, err
}

// OnHttpRequestBody is called by the binding.
func (ctx *CommonHttpCtx[PluginConfig]) OnHttpRequestBody(bodySize int, endOfStream bool) (action types.Action) {
	enter(ctx.plugin, &ctx.stream)
	defer ctx.recoverPhase(&action, types.DataStopIterationNoBuffer)
	ctx.phase = iface.DecodeData
	vm := ctx.pluginCtx.vm
	if !ctx.involved() || !ctx.wantRequestBody {
		return types.ActionContinue
	}
	if ctx.streamRequestBody && vm.onStreamingRequestBody != nil {
		ctx.chunk(&requestDirection, &ctx.requestBody, vm.onStreamingRequestBody, bodySize, endOfStream)
		ctx.requestBody.over = endOfStream
		return ctx.afterStreamedRequest(types.DataStopIterationAndBuffer)
	}
	if vm.onRequestBody == nil {
		return types.ActionContinue
	}
	if endOfStream {
		action = ctx.wholeBody(&requestDirection, &ctx.requestBody, vm.onRequestBody, bodySize)
	} else {
		action = ctx.requestBody.hold()
	}
	ctx.paused = action != types.ActionContinue
	return action
}

// OnHttpResponseBody is called by the binding.
func (ctx *CommonHttpCtx[PluginConfig]) OnHttpResponseBody(bodySize int, endOfStream bool) (action types.Action) {
	enter(ctx.plugin, &ctx.stream)
	defer ctx.recoverPhase(&action, types.DataStopIterationNoBuffer)
	ctx.phase = iface.EncodeData
	vm := ctx.pluginCtx.vm
	if !ctx.involved() {
		return types.ActionContinue
	}
	if ctx.route != nil {
		return ctx.route.onResponseBody(&ctx.stream, bodySize, endOfStream)
	}
	if !ctx.wantResponseBody {
		return types.ActionContinue
	}
	if ctx.streamResponseBody && vm.onStreamingResponseBody != nil {
		ctx.chunk(&responseDirection, &ctx.responseBody, vm.onStreamingResponseBody, bodySize, endOfStream)
		ctx.responseBody.over = endOfStream
		return ctx.afterStreamedResponse(types.DataStopIterationNoBuffer, types.DataStopIterationAndBuffer)
	}
	if vm.onResponseBody == nil {
		return types.ActionContinue
	}
	if endOfStream {
		action = ctx.wholeBody(&responseDirection, &ctx.responseBody, vm.onResponseBody, bodySize)
	} else {
		action = ctx.responseBody.hold()
	}
	ctx.paused = action != types.ActionContinue
	return action
}

func (b *bodyProgress) hold() types.Action {
	b.held = true
	return types.DataStopIterationAndBuffer
}

// afterStreamedRequest lets a chunk go, unless the handler holds it.
func (s *stream) afterStreamedRequest(stop types.Action) types.Action {
	s.paused = s.holding
	if s.holding {
		return stop
	}
	return types.ActionContinue
}

// afterStreamedResponse lets a chunk go, unless the handler holds it or the plugin sends the response by itself.
func (s *stream) afterStreamedResponse(withhold, hold types.Action) types.Action {
	s.paused = s.pauseStreamingResponse || s.holding
	if s.pauseStreamingResponse {
		return withhold
	}
	if s.holding {
		return hold
	}
	return types.ActionContinue
}

// wholeBody runs a buffered handler at the end of the body.
func (ctx *CommonHttpCtx[PluginConfig]) wholeBody(d *direction, progress *bodyProgress,
	handler onHttpBodyFunc[PluginConfig], bodySize int) types.Action {
	progress.over = true
	body, ok := d.whole(progress.held, bodySize)
	if !ok && ctx.plugin.failClosed {
		ctx.refuse("internal_error")
		return types.DataStopIterationNoBuffer
	}
	if !ok {
		return types.ActionContinue
	}
	return handler(ctx, *ctx.config, body)
}

// chunk runs a streaming handler and gives the host what it returned, if that differs.
func (ctx *CommonHttpCtx[PluginConfig]) chunk(d *direction, progress *bodyProgress,
	handler onHttpStreamingBodyFunc[PluginConfig], bodySize int, last bool) {
	ctx.holding = false
	chunk, err := d.next(progress.held, bodySize)
	if err != nil {
		log.Warn("get " + d.name + " body failed: " + err.Error())
		if ctx.plugin.failClosed {
			ctx.refuse("internal_error")
		}
		return
	}
	inPlace := !ctx.pluginCtx.vm.noInPlaceBodyEdits
	if inPlace {
		chunkCopy = append(chunkCopy[:0], chunk...)
	}
	result := handler(ctx, *ctx.config, chunk, last)
	progress.held = ctx.holding
	if ctx.holding {
		return
	}
	if sameSlice(result, chunk) && (!inPlace || bytes.Equal(result, chunkCopy)) {
		return
	}
	if err := d.replace(result); err != nil {
		log.Warn("replace " + d.name + " body failed: " + err.Error())
	}
}

// chunkCopy is reused by every stream of the VM; it never outlives a callback.
var chunkCopy []byte

func sameSlice(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// OnHttpRequestTrailers is called by the binding. With trailers the last body frame does not carry the end of the
// stream, so a handler that waits for the end gets it here.
func (ctx *CommonHttpCtx[PluginConfig]) OnHttpRequestTrailers(int) (action types.Action) {
	enter(ctx.plugin, &ctx.stream)
	defer ctx.recoverPhase(&action, types.ActionPause)
	ctx.phase = iface.DecodeData
	vm := ctx.pluginCtx.vm
	if !ctx.involved() || !ctx.wantRequestBody || ctx.requestBody.over {
		return types.ActionContinue
	}
	if ctx.streamRequestBody && vm.onStreamingRequestBody != nil {
		ctx.lastChunk(&requestDirection, &ctx.requestBody, vm.onStreamingRequestBody)
		return ctx.afterStreamedRequest(types.ActionPause)
	}
	if vm.onRequestBody == nil {
		return types.ActionContinue
	}
	action = trailersAction(ctx.wholeBody(&requestDirection, &ctx.requestBody, vm.onRequestBody, 0))
	ctx.paused = action != types.ActionContinue
	return action
}

// OnHttpResponseTrailers is called by the binding, as OnHttpRequestTrailers for the request.
func (ctx *CommonHttpCtx[PluginConfig]) OnHttpResponseTrailers(int) (action types.Action) {
	enter(ctx.plugin, &ctx.stream)
	defer ctx.recoverPhase(&action, types.ActionPause)
	ctx.phase = iface.EncodeData
	vm := ctx.pluginCtx.vm
	if !ctx.involved() {
		return types.ActionContinue
	}
	if ctx.route != nil {
		return trailersAction(ctx.route.onResponseBody(&ctx.stream, 0, true))
	}
	if !ctx.wantResponseBody || ctx.responseBody.over {
		return types.ActionContinue
	}
	if ctx.streamResponseBody && vm.onStreamingResponseBody != nil {
		ctx.lastChunk(&responseDirection, &ctx.responseBody, vm.onStreamingResponseBody)
		return ctx.afterStreamedResponse(types.ActionPause, types.ActionPause)
	}
	if vm.onResponseBody == nil {
		return types.ActionContinue
	}
	action = trailersAction(ctx.wholeBody(&responseDirection, &ctx.responseBody, vm.onResponseBody, 0))
	ctx.paused = action != types.ActionContinue
	return action
}

// lastChunk tells a streaming handler that the body is over. What it still has to say is appended to the body.
func (ctx *CommonHttpCtx[PluginConfig]) lastChunk(d *direction, progress *bodyProgress,
	handler onHttpStreamingBodyFunc[PluginConfig]) {
	progress.over = true
	if progress.held {
		ctx.chunk(d, progress, handler, 0, true)
		return
	}
	ctx.holding = false
	rest := handler(ctx, *ctx.config, nil, true)
	if len(rest) == 0 || ctx.holding {
		return
	}
	if err := d.add(rest); err != nil {
		log.Warn("append to " + d.name + " body failed: " + err.Error())
	}
}

// trailersAction knows only go and stop.
func trailersAction(a types.Action) types.Action {
	if a == types.ActionContinue {
		return types.ActionContinue
	}
	return types.ActionPause
}
