// Plugin test-foreign-function shows plugin authors how a host (foreign) function is called: it gives a body to responses
// that have none.
package main

import (
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"test-foreign-function",
		wrapper.NoRouteCall[Config](),
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessResponseHeaders(onResponseHeaders),
	)
}
