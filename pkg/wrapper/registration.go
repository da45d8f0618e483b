package wrapper

import (
	"unsafe"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/iface"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// HttpContext is one HTTP stream, passed to every handler. It is valid until the stream is done.
type HttpContext iface.HttpContext

// PluginContext is one configured plugin in one VM.
type PluginContext iface.PluginContext

// Log is the logger type of handlers written for the first SDK generation.
type Log log.Log

// CommonVmCtx is a registered plugin: its handlers, its parsers and its options.
type CommonVmCtx[PluginConfig any] struct {
	types.DefaultVMContext

	pluginName string
	log        log.Log
	vmID       string // drawn at the first lease

	parseConfig     func(PluginContext, gjson.Result, *PluginConfig) error
	parseRuleConfig func(PluginContext, gjson.Result, PluginConfig, *PluginConfig) error
	beforeStart     func(PluginContext) error

	onRequestHeaders        onHttpHeadersFunc[PluginConfig]
	onRequestBody           onHttpBodyFunc[PluginConfig]
	onStreamingRequestBody  onHttpStreamingBodyFunc[PluginConfig]
	onResponseHeaders       onHttpHeadersFunc[PluginConfig]
	onResponseBody          onHttpBodyFunc[PluginConfig]
	onStreamingResponseBody onHttpStreamingBodyFunc[PluginConfig]
	onStreamDone            onHttpStreamDoneFunc[PluginConfig]

	failClosed            bool
	noRouteCall           bool
	noRequestSnapshot     bool
	readsRequestHeaders   bool
	noInPlaceBodyEdits    bool
	readBinaryRequest     bool
	readBinaryResponse    bool
	rebuildAfterRequests  uint64
	rebuildMaxMemory      uint64
	maxRequestsPerIoCycle uint64
}

// SetCtx registers the plugin. Call it once, in init. It panics when the plugin has a configuration type with fields
// but no parser.
func SetCtx[PluginConfig any](pluginName string, options ...CtxOption[PluginConfig]) {
	register(NewCommonVmCtx(pluginName, options...))
}

// SetCtxWithOptions is SetCtx.
func SetCtxWithOptions[PluginConfig any](pluginName string, options ...CtxOption[PluginConfig]) {
	register(NewCommonVmCtxWithOptions(pluginName, options...))
}

func register[PluginConfig any](ctx *CommonVmCtx[PluginConfig]) {
	registeredPhases = ctx.phases()
	proxywasm.SetVMContext(ctx)
}

// NewCommonVmCtx builds a plugin without registering it. Nil options are skipped; options apply in order, and the
// last of a kind wins.
func NewCommonVmCtx[PluginConfig any](pluginName string, options ...CtxOption[PluginConfig]) *CommonVmCtx[PluginConfig] {
	ctx := &CommonVmCtx[PluginConfig]{pluginName: pluginName}
	ctx.setLogger(&DefaultLog{pluginName: pluginName})
	for _, option := range options {
		if option != nil {
			option.Apply(ctx)
		}
	}
	if ctx.parseConfig != nil {
		return ctx
	}
	var zero PluginConfig
	if unsafe.Sizeof(zero) != 0 {
		panic("the `parseConfig` is missing in NewCommonVmCtx's arguments")
	}
	return ctx
}

// NewCommonVmCtxWithOptions is NewCommonVmCtx.
func NewCommonVmCtxWithOptions[PluginConfig any](pluginName string, options ...CtxOption[PluginConfig]) *CommonVmCtx[PluginConfig] {
	return NewCommonVmCtx(pluginName, options...)
}

func (ctx *CommonVmCtx[PluginConfig]) setLogger(logger log.Log) {
	ctx.log = logger
	log.SetPluginLog(logger)
}

// NewPluginContext is called by the binding for each configured plugin.
func (ctx *CommonVmCtx[PluginConfig]) NewPluginContext(contextID uint32) types.PluginContext {
	return &CommonPluginCtx[PluginConfig]{
		vm: ctx,
		plugin: plugin{
			contextID:  contextID,
			name:       ctx.pluginName,
			logger:     ctx.log,
			vmID:       &ctx.vmID,
			failClosed: ctx.failClosed,
		},
	}
}
