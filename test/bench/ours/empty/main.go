// Plugin empty does nothing: what the SDK itself costs.
package main

import "github.com/wasmplane/wasmplane/pkg/wrapper"

func main() {}

func init() { wrapper.SetCtx("empty", wrapper.NoRouteCall[config]()) }

type config struct{}
