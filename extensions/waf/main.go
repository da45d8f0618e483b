// Plugin waf is a web application firewall: it runs rules in ModSecurity's language on requests and responses, those of
// the OWASP Core Rule Set among them.
package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	options := []wrapper.CtxOption[Config]{
		wrapper.FailClosed[Config](),
		wrapper.NoRouteCall[Config](),
		wrapper.ReadsRequestHeaders[Config](),
		wrapper.ReadBinaryRequestBody[Config](),
		wrapper.ParseOverrideConfig(independent.Parsers(parseConfig)),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessRequestBody(onRequestBody),
		wrapper.ProcessResponseHeaders(onResponseHeaders),
		wrapper.ProcessResponseBody(onResponseBody),
		wrapper.ProcessStreamDone(onStreamDone),
	}
	wrapper.SetCtx(pluginName, options...)
	proxywasm.SetVMContext(limitedVM{wrapper.NewCommonVmCtx(pluginName, options...)})
}

const pluginName = "waf"
