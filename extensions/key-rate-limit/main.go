// Plugin key-rate-limit limits requests by the value of one header, query parameter, cookie, consumer or client address.
// Each gateway counts for itself, without a store of its own.
package main

import (
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"key-rate-limit",
		wrapper.NoRouteCall[Config](),
		wrapper.WithoutRequestSnapshot[Config](),
		wrapper.ReadsRequestHeaders[Config](),
		wrapper.ParseOverrideConfig(parseGlobal, parseRule),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessResponseHeaders(onResponseHeaders),
	)
}
