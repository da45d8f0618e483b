// Plugin request-block rejects requests whose URL, headers or body contain listed strings.
package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"request-block",
		wrapper.FailClosed[Config](),
		wrapper.NoRouteCall[Config](),
		wrapper.ReadsRequestHeaders[Config](),
		wrapper.ReadBinaryRequestBody[Config](),
		wrapper.WithoutInPlaceBodyEdits[Config](),
		wrapper.ParseOverrideConfig(independent.Parsers(parseConfig)),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessRequestBody(onRequestBody),
		wrapper.ProcessStreamingRequestBody(onRequestBodyChunk),
	)
}
