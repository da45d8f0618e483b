// Plugin response-cache keeps responses in Redis and answers repeated requests with them: under a key of the operator's
// choice, or as a shared HTTP cache.
package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	parse, parseRule := independent.Parsers(parseConfig)
	wrapper.SetCtx(
		"response-cache",
		wrapper.NoRouteCall[Config](),
		wrapper.ReadsRequestHeaders[Config](),
		wrapper.WithoutInPlaceBodyEdits[Config](),
		wrapper.ParseOverrideConfig(parse, parseRule),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessRequestBody(onRequestBody),
		wrapper.ProcessResponseHeaders(onResponseHeaders),
		wrapper.ProcessStreamingResponseBody(onResponseChunk),
		wrapper.ProcessStreamDone(onStreamDone),
	)
}
