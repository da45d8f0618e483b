// Plugin hmac-auth-apisix verifies requests that are signed in the manner of the hmac-auth plugin of Apache APISIX, and limits
// routes, domains or services to some of the callers.
package main

import (
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/signature"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() { register(time.Now) }

// register registers the plugin with the clock that the dates of requests are compared with.
func register(now func() time.Time) {
	table := newTable(now)
	wrapper.SetCtx(
		pluginName,
		wrapper.FailClosed[Config](),
		wrapper.NoRouteCall[Config](),
		wrapper.ReadsRequestHeaders[Config](),
		wrapper.ReadBinaryRequestBody[Config](),
		wrapper.ParseOverrideConfig(table.ParseGlobal, table.ParseRule),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessRequestBody(signature.OnBody(judgeBody)),
	)
}
