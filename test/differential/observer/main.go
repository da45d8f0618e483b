// Command observer is the plugin behind the rows of docs/engines.md: it tells in response headers what the host showed it.
// The request header x-limit is written to the property set_decoder_buffer_limit; the body is buffered whole.
package main

import (
	"fmt"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

func main() {}

func init() {
	proxywasm.SetPluginContext(func(uint32) types.PluginContext { return &plugin{} })
}

type plugin struct{ types.DefaultPluginContext }

func (*plugin) NewHttpContext(uint32) types.HttpContext { return &observer{} }

type observer struct {
	types.DefaultHttpContext
	limit string
}

// OnHttpRequestHeaders writes the properties.
func (o *observer) OnHttpRequestHeaders(int, bool) types.Action {
	o.limit = "not asked"
	if limit, err := proxywasm.GetHttpRequestHeader("x-limit"); err == nil {
		o.limit = result(proxywasm.SetProperty([]string{"set_decoder_buffer_limit"}, []byte(limit)))
	}
	if err := proxywasm.SetProperty([]string{"trace_span_tag.seen"}, []byte("yes")); err != nil {
		proxywasm.LogErrorf("trace tag: %v", err)
	}
	return types.ActionContinue
}

// OnHttpRequestBody holds the body until it is complete.
func (*observer) OnHttpRequestBody(_ int, end bool) types.Action {
	if end {
		return types.ActionContinue
	}
	return types.ActionPause
}

// OnHttpResponseHeaders reports.
func (o *observer) OnHttpResponseHeaders(int, bool) types.Action {
	_, level := proxywasm.CallForeignFunction("get_log_level", nil)
	_, memory := proxywasm.GetProperty([]string{"plugin_vm_memory"})
	header, _ := proxywasm.GetHttpRequestHeader("x-asked")
	for _, pair := range [][2]string{
		{"x-log-level", result(level)}, {"x-vm-memory", result(memory)}, {"x-request-header", header}, {"x-limit-set", o.limit},
	} {
		if err := proxywasm.AddHttpResponseHeader(pair[0], pair[1]); err != nil {
			proxywasm.LogErrorf("%s: %v", pair[0], err)
		}
	}
	return types.ActionContinue
}

func result(err error) string {
	if err != nil {
		return fmt.Sprint(err)
	}
	return "ok"
}
