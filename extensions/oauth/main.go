// Plugin oauth is a small OAuth 2.0 authorization server and the guard of what it protects: it answers a token endpoint
// (client credentials, RFC 6749 section 4.4) with signed access tokens in the manner of RFC 9068, checks them on all
// other requests, names the client to the backend, and limits routes, domains or services to some of the clients.
package main

import (
	"crypto/rand"
	"io"
	"time"

	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() { register(time.Now, rand.Reader) }

// register registers the plugin with the clock that tokens are made and judged by, and with the source of their ids.
func register(now func() time.Time, random io.Reader) {
	table := newTable(now, random)
	wrapper.SetCtx(
		pluginName,
		wrapper.FailClosed[Config](),
		wrapper.NoRouteCall[Config](),
		wrapper.ReadsRequestHeaders[Config](),
		wrapper.ReadBinaryRequestBody[Config](),
		wrapper.ParseOverrideConfig(table.ParseGlobal, table.ParseRule),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessRequestBody(onRequestBody),
	)
}
