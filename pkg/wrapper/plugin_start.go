package wrapper

import (
	"encoding/binary"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/iface"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/matcher"
)

// PluginIDKey is the configuration key whose value stands in every log line as the plugin's id.
const PluginIDKey = "_plugin_id_"

// CommonPluginCtx is one configured plugin in one VM. It implements PluginContext.
type CommonPluginCtx[PluginConfig any] struct {
	types.DefaultPluginContext
	matcher.RuleMatcher[PluginConfig]
	plugin

	vm *CommonVmCtx[PluginConfig]
}

var (
	_ iface.PluginContext = (*CommonPluginCtx[struct{}])(nil)
	_ types.PluginContext = (*CommonPluginCtx[struct{}])(nil)
)

// OnPluginStart reads and parses the configuration. It is called by the binding.
func (ctx *CommonPluginCtx[PluginConfig]) OnPluginStart(int) (status types.OnPluginStartStatus) {
	enter(&ctx.plugin, nil)
	defer recoverPluginStart(&status)
	forgetLogLevel()
	ctx.beginStart()
	defer ctx.endStart()
	if ctx.vm.beforeStart != nil {
		if err := ctx.vm.beforeStart(ctx); err != nil {
			ctx.vm.log.Error("prePluginStartOrReload hook failed: " + err.Error())
			return types.OnPluginStartStatusFailed
		}
	}
	ctx.limitRequestsPerIoCycle()
	config, ok := ctx.readConfig()
	if !ok {
		return types.OnPluginStartStatusFailed
	}
	if err := ctx.parse(config); err != nil {
		ctx.vm.log.Warn("parse rule config failed: " + err.Error())
		ctx.vm.log.Error("plugin start failed")
		return types.OnPluginStartStatusFailed
	}
	if err := ctx.startTicking(); err != nil {
		ctx.vm.log.Error("set tick period failed: " + err.Error())
		return types.OnPluginStartStatusFailed
	}
	ctx.vm.log.Info("plugin start successfully")
	return types.OnPluginStartStatusOK
}

// readConfig returns the configuration without the plugin id, which it gives to the logger. No configuration is an
// empty result.
func (ctx *CommonPluginCtx[PluginConfig]) readConfig() (config gjson.Result, ok bool) {
	raw, err := proxywasm.GetPluginConfiguration()
	if err != nil && err != types.ErrorStatusNotFound {
		ctx.vm.log.Critical("error reading plugin configuration: " + err.Error())
		return config, false
	}
	if len(raw) == 0 {
		if ctx.vm.parseConfig != nil {
			ctx.vm.log.Warn("config is empty, but has ParseConfigFunc")
		}
		return config, true
	}
	if !gjson.ValidBytes(raw) {
		ctx.vm.log.Warn("the plugin configuration is not a valid json: *** (" + decimal(len(raw)) + " bytes)")
		return config, false
	}
	config = gjson.ParseBytes(raw)
	ctx.id = config.Get(PluginIDKey).String()
	ctx.vm.log.ResetID(ctx.id)
	if ctx.id == "" {
		return config, true
	}
	return withoutMember(config, PluginIDKey), true
}

// withoutMember returns an object without the members of that name; everything else keeps its bytes.
func withoutMember(object gjson.Result, name string) gjson.Result {
	kept := make([]byte, 0, len(object.Raw))
	kept = append(kept, '{')
	object.ForEach(func(key, value gjson.Result) bool {
		if key.String() == name {
			return true
		}
		if len(kept) > 1 {
			kept = append(kept, ',')
		}
		kept = append(kept, key.Raw...)
		kept = append(kept, ':')
		kept = append(kept, value.Raw...)
		return true
	})
	return gjson.ParseBytes(append(kept, '}'))
}

func (ctx *CommonPluginCtx[PluginConfig]) parse(config gjson.Result) error {
	plain := func(json gjson.Result, c *PluginConfig) error {
		if ctx.vm.parseConfig == nil {
			return nil
		}
		return ctx.vm.parseConfig(ctx, json, c)
	}
	if ctx.vm.parseRuleConfig == nil {
		return ctx.ParseRuleConfig(ctx, config, plain, nil)
	}
	rule := func(json gjson.Result, global PluginConfig, c *PluginConfig) error {
		return ctx.vm.parseRuleConfig(ctx, json, global, c)
	}
	return ctx.ParseRuleConfig(ctx, config, plain, rule)
}

func (ctx *CommonPluginCtx[PluginConfig]) limitRequestsPerIoCycle() {
	limit := ctx.vm.maxRequestsPerIoCycle
	if limit == 0 {
		return
	}
	argument := binary.LittleEndian.AppendUint64(nil, limit)
	if _, err := proxywasm.CallForeignFunction("set_global_max_requests_per_io_cycle", argument); err != nil {
		ctx.vm.log.Warn("set global max requests per IO cycle failed: " + err.Error())
		return
	}
	ctx.vm.log.Info("set global max requests per IO cycle to " + decimal(int(limit)))
}

// NewHttpContext is called by the binding for each stream.
func (ctx *CommonPluginCtx[PluginConfig]) NewHttpContext(uint32) types.HttpContext {
	if !ctx.vm.followsStreams() {
		return &types.DefaultHttpContext{} // of size 0: nothing is allocated
	}
	http := &CommonHttpCtx[PluginConfig]{pluginCtx: ctx}
	http.plugin = &ctx.plugin
	http.wantRequestBody = ctx.vm.readsRequestBody()
	http.wantResponseBody = ctx.vm.readsResponseBody()
	http.streamRequestBody = ctx.vm.onStreamingRequestBody != nil
	http.streamResponseBody = ctx.vm.onStreamingResponseBody != nil
	http.noRouteCall = ctx.vm.noRouteCall
	return http
}

// OnTick is called by the binding when the tick period has passed.
func (ctx *CommonPluginCtx[PluginConfig]) OnTick() {
	enter(&ctx.plugin, nil)
	ctx.tick()
}
