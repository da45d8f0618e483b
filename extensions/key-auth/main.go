// Plugin key-auth checks an API key, found in a request header or a URL parameter, against a list of consumers, and
// limits routes, domains or services to some of them.
package main

import (
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"key-auth",
		wrapper.FailClosed[Config](),
		wrapper.NoRouteCall[Config](),
		wrapper.ReadsRequestHeaders[Config](),
		wrapper.ParseOverrideConfig(table.ParseGlobal, table.ParseRule),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
	)
}
