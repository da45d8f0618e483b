// Plugin traffic-editor edits request headers, query parameters, cookies and response headers with lists of commands.
package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"traffic-editor",
		wrapper.NoRouteCall[Config](),
		wrapper.WithoutRequestSnapshot[Config](),
		wrapper.ReadsRequestHeaders[Config](),
		wrapper.ParseOverrideConfig(independent.Parsers(parseConfig)),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessResponseHeaders(onResponseHeaders),
	)
}
