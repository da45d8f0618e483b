// Plugin jsonrpc-converter publishes the contents of JSON-RPC messages, those of the Model Context Protocol (MCP) above all,
// as headers for the plugins between its two instances.
package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"jsonrpc-converter",
		wrapper.NoRouteCall[Config](),
		wrapper.ReadsRequestHeaders[Config](),
		wrapper.WithoutInPlaceBodyEdits[Config](),
		wrapper.WithRebuildMaxMemBytes[Config](body.RebuildMemory),
		wrapper.ParseOverrideConfig(independent.Parsers(parseConfig)),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessRequestBody(onRequestBody),
		wrapper.ProcessResponseHeaders(onResponseHeaders),
		wrapper.ProcessResponseBody(onResponseBody),
		wrapper.ProcessStreamingResponseBody(onResponseChunk),
	)
}
