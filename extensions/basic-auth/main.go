// Plugin basic-auth checks user and password (HTTP Basic, RFC 7617) against a list of consumers, and limits routes,
// domains or services to some of them.
package main

import (
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"basic-auth",
		wrapper.FailClosed[Config](),
		wrapper.NoRouteCall[Config](),
		wrapper.ReadsRequestHeaders[Config](),
		wrapper.ParseOverrideConfig(table.ParseGlobal, table.ParseRule),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
	)
}
