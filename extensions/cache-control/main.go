// Plugin cache-control tells browsers and caches how long responses stay fresh, by the extension of the request's path.
package main

import (
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"cache-control",
		wrapper.NoRouteCall[Config](),
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessResponseHeaders(onResponseHeaders),
	)
}
