// Plugin jwt-auth verifies signed JSON Web Tokens against the key sets of consumers, names the consumer to the backend, and
// limits routes, domains or services to some of them.
package main

import (
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"jwt-auth",
		wrapper.FailClosed[Config](),
		wrapper.NoRouteCall[Config](),
		wrapper.ReadsRequestHeaders[Config](),
		wrapper.ParseOverrideConfig(table.ParseGlobal, table.ParseRule),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
	)
}
