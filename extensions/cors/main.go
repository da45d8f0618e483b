// Plugin cors answers CORS preflight requests, adds CORS headers to responses, and refuses cross-origin requests that are
// not allowed (https://fetch.spec.whatwg.org/#http-cors-protocol).
package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"cors",
		wrapper.FailClosed[Config](),
		wrapper.NoRouteCall[Config](),
		wrapper.WithoutRequestSnapshot[Config](),
		wrapper.ParseOverrideConfig(independent.Parsers(parseConfig)),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessResponseHeaders(onResponseHeaders),
	)
}
