// Plugin gc-test allocates memory for each request and reports the figures of the VM's heap. For tests of the collector, not
// for production.
package main

import (
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"gc-test",
		wrapper.NoRouteCall[Config](),
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
	)
}
