// Plugin model-mapper rewrites the names of models in requests to language models, so that clients can use one set of names
// with providers that use others.
package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"model-mapper",
		wrapper.NoRouteCall[Config](),
		wrapper.WithoutInPlaceBodyEdits[Config](),
		wrapper.ReadBinaryRequestBody[Config](), // the handlers of headers say which bodies are read
		wrapper.ReadBinaryResponseBody[Config](),
		wrapper.WithRebuildMaxMemBytes[Config](body.RebuildMemory),
		wrapper.ParseOverrideConfig(independent.Parsers(parseConfig)),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessRequestBody(onRequestBody),
		wrapper.ProcessStreamingRequestBody(onRequestChunk),
		wrapper.ProcessResponseHeaders(onResponseHeaders),
		wrapper.ProcessStreamingResponseBody(onResponseChunk),
	)
}
