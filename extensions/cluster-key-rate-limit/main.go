// Plugin cluster-key-rate-limit limits how many requests pass in a time window, for a whole rule group or for each value
// of a header, query parameter, cookie, consumer or client IP. The counters are in Redis, so all gateways share them.
package main

import (
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"cluster-key-rate-limit",
		wrapper.NoRouteCall[Config](),
		wrapper.WithoutRequestSnapshot[Config](),
		wrapper.ReadsRequestHeaders[Config](),
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessResponseHeaders(onResponseHeaders),
	)
}
