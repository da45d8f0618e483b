// Plugin model-router copies the model that a request to a language model names into a header, so that routes can depend on
// it, splits names such as provider/model, and chooses a model by what the user asks.
package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"model-router",
		wrapper.NoRouteCall[Config](),
		wrapper.WithoutInPlaceBodyEdits[Config](),
		wrapper.WithRebuildMaxMemBytes[Config](body.RebuildMemory),
		wrapper.ParseOverrideConfig(independent.Parsers(parseConfig)),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessRequestBody(onRequestBody),
		wrapper.ProcessStreamingRequestBody(onRequestChunk),
	)
}
