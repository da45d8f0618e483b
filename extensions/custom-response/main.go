// Plugin custom-response answers by itself, or replaces responses that have certain statuses.
package main

import (
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"custom-response",
		wrapper.NoRouteCall[Config](),
		wrapper.WithoutInPlaceBodyEdits[Config](),
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessResponseHeaders(onResponseHeaders),
		wrapper.ProcessStreamingResponseBody(onResponseChunk),
	)
}
