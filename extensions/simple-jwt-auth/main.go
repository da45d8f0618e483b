// Plugin simple-jwt-auth lets a request pass if a header holds a JSON Web Token signed with one shared secret.
package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"simple-jwt-auth",
		wrapper.FailClosed[Config](),
		wrapper.NoRouteCall[Config](),
		wrapper.ReadsRequestHeaders[Config](),
		wrapper.ParseOverrideConfig(independent.Parsers(parseConfig)),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
	)
}
