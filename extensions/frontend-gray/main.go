// Plugin frontend-gray gives each user or visitor one of several versions of a web front end: it tells the backend the
// version, rewrites host and path to that version's files, remembers it in cookies, and puts text into pages.
package main

import (
	"crypto/rand"
	"io"

	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() { register(rand.Reader) }

// register registers the plugin with the source of new visitors' ids.
func register(random io.Reader) {
	wrapper.SetCtx(
		"frontend-gray",
		wrapper.NoRouteCall[Config](),
		wrapper.WithoutInPlaceBodyEdits[Config](),
		wrapper.ReadsRequestHeaders[Config](),
		wrapper.ParseConfig(parser(random)),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessResponseHeaders(onResponseHeaders),
		wrapper.ProcessStreamingResponseBody(onResponseChunk),
		wrapper.ProcessResponseBody(onWholeResponse),
	)
}
