// Plugin custom-log shows plugin authors how to write fields of the access log and tags of the trace.
package main

import (
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"custom-log",
		wrapper.NoRouteCall[Config](),
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
	)
}
