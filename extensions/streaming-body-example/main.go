// Plugin streaming-body-example shows plugin authors how bodies are read and changed chunk by chunk, without holding them.
package main

import (
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"streaming-body-example",
		wrapper.NoRouteCall[Config](),
		wrapper.WithoutInPlaceBodyEdits[Config](),
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessStreamingRequestBody(onRequestChunk),
		wrapper.ProcessResponseHeaders(onResponseHeaders),
		wrapper.ProcessStreamingResponseBody(onResponseChunk),
	)
}
