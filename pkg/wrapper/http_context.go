package wrapper

import (
	"encoding/binary"
	"errors"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/iface"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/matcher"
)

// CommonHttpCtx is one HTTP stream of one plugin. It implements HttpContext. Plugins may keep it for as long as the
// stream lives.
type CommonHttpCtx[PluginConfig any] struct {
	types.DefaultHttpContext
	stream

	pluginCtx *CommonPluginCtx[PluginConfig]
	config    *PluginConfig // nil: no configuration applies, the plugin is not involved
}

var (
	_ iface.HttpContext = (*CommonHttpCtx[struct{}])(nil)
	_ types.HttpContext = (*CommonHttpCtx[struct{}])(nil)
)

// GetMatchConfig looks up the configuration for the stream as its headers are now.
func (ctx *CommonHttpCtx[PluginConfig]) GetMatchConfig() (*PluginConfig, error) {
	return ctx.pluginCtx.GetMatchConfig()
}

// involved reports whether handlers of the plugin run for this stream.
func (ctx *CommonHttpCtx[PluginConfig]) involved() bool { return ctx.config != nil && !ctx.refused }

// choose settles the configuration of the stream. It returns false if the stream was refused.
func (ctx *CommonHttpCtx[PluginConfig]) choose() bool {
	config, err := ctx.pluginCtx.Lookup(&ctx.stream)
	if err == nil {
		ctx.config = config
		return true
	}
	noInformation := errors.Is(err, matcher.ErrNoRouteInformation)
	if ctx.plugin.failClosed {
		log.Error("get match config failed, err:" + err.Error())
		ctx.refuse("no_route_information")
		return false
	}
	if !noInformation {
		log.Error("get match config failed, err:" + err.Error())
		return true
	}
	ctx.config = config
	if !ctx.plugin.warnedNoRoutes {
		ctx.plugin.warnedNoRoutes = true
		log.Warn("rules by route or service do not match: " + err.Error())
	}
	return true
}

// needsSnapshot reports whether a later phase may ask for request headers that may be gone by then.
func (ctx *CommonHttpCtx[PluginConfig]) needsSnapshot() bool {
	vm := ctx.pluginCtx.vm
	if ctx.requestHasBody && ctx.wantRequestBody {
		return true
	}
	if vm.noRequestSnapshot {
		return false
	}
	return vm.onResponseHeaders != nil || vm.readsResponseBody() || vm.onStreamDone != nil
}

// countTowardsRebuild asks the host for a fresh VM when the plugin's limits are reached.
func (ctx *CommonHttpCtx[PluginConfig]) countTowardsRebuild() {
	vm, p := ctx.pluginCtx.vm, ctx.plugin
	if vm.rebuildAfterRequests > 0 {
		p.requests++
		if p.requests >= vm.rebuildAfterRequests {
			p.requests = 0
			setProperty("wasm_need_rebuild", "true")
		}
	}
	if vm.rebuildMaxMemory == 0 || p.rebuildAsked {
		return
	}
	memory, err := proxywasm.GetProperty([]string{"plugin_vm_memory"})
	if err != nil || len(memory) != 8 || binary.LittleEndian.Uint64(memory) < vm.rebuildMaxMemory {
		return
	}
	p.rebuildAsked = true
	setProperty("wasm_need_rebuild", "true")
}

// OnHttpRequestHeaders is called by the binding.
func (ctx *CommonHttpCtx[PluginConfig]) OnHttpRequestHeaders(_ int, endOfStream bool) (action types.Action) {
	enter(ctx.plugin, &ctx.stream)
	defer ctx.recoverPhase(&action, types.HeaderStopAllIterationAndWatermark)
	ctx.phase = iface.DecodeHeader
	ctx.requestSeen, ctx.requestHasBody = true, !endOfStream
	vm := ctx.pluginCtx.vm
	if vm.rebuildAfterRequests > 0 || vm.rebuildMaxMemory > 0 {
		ctx.countTowardsRebuild()
	}
	snapshot := ctx.needsSnapshot()
	if (snapshot || vm.readsRequestHeaders) && ctx.pluginCtx.NeedsAuthority() {
		ctx.snapshotRequest()
	}
	if !ctx.choose() {
		return types.HeaderStopAllIterationAndWatermark
	}
	if ctx.config == nil {
		return types.ActionContinue
	}
	if snapshot {
		ctx.snapshotRequest()
	}
	ctx.omitBodies(vm.readBinaryRequest)
	if vm.onRequestHeaders == nil {
		return types.ActionContinue
	}
	before := ctx.callouts
	action = vm.onRequestHeaders(ctx, *ctx.config)
	if ctx.callouts != before {
		ctx.snapshotRequest() // the callback may ask after it resumed the stream
	}
	bodyComes := ctx.requestHasBody && vm.readsRequestBody()
	return ctx.holdHeaders(action, bodyComes, ctx.wantRequestBody, ctx.callouts != before, ctx.releaseRequest)
}

// OnHttpResponseHeaders is called by the binding.
func (ctx *CommonHttpCtx[PluginConfig]) OnHttpResponseHeaders(_ int, endOfStream bool) (action types.Action) {
	enter(ctx.plugin, &ctx.stream)
	defer ctx.recoverPhase(&action, types.HeaderStopAllIterationAndWatermark)
	ctx.phase = iface.EncodeHeader
	ctx.responseSeen, ctx.responseHasBody = true, !endOfStream
	ctx.paused = false
	if !ctx.involved() {
		return types.ActionContinue
	}
	if ctx.route != nil {
		return ctx.route.onResponseHeaders(&ctx.stream, endOfStream)
	}
	vm := ctx.pluginCtx.vm
	if ctx.wantResponseBody && ctx.responseHasBody && !vm.readBinaryResponse && ctx.IsBinaryResponseBody() {
		ctx.wantResponseBody, ctx.responseOmitted = false, binaryBody
	}
	if vm.onResponseHeaders == nil {
		return types.ActionContinue
	}
	before := ctx.callouts
	action = vm.onResponseHeaders(ctx, *ctx.config)
	bodyComes := ctx.responseHasBody && vm.readsResponseBody()
	return ctx.holdHeaders(action, bodyComes, ctx.wantResponseBody, ctx.callouts != before, ctx.releaseResponse)
}

// OnHttpStreamDone is called by the binding on the host's log event.
func (ctx *CommonHttpCtx[PluginConfig]) OnHttpStreamDone() {
	enter(ctx.plugin, &ctx.stream)
	defer recoverLogged()
	ctx.phase = iface.Done
	if done := ctx.pluginCtx.vm.onStreamDone; done != nil && ctx.config != nil {
		done(ctx, *ctx.config)
	}
}
