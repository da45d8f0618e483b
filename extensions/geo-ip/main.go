// Plugin geo-ip looks up where a client's IPv4 address is, and tells later plugins and the backend.
package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"geo-ip",
		wrapper.FailClosed[Config](),
		wrapper.NoRouteCall[Config](),
		wrapper.ParseOverrideConfig(independent.Parsers(parseConfig)),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
	)
}
