package signature

import (
	"errors"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// requestKey is where a stream keeps its request until the body is there.
const requestKey = "request"

var errNoRequest = errors.New("it has no verdict on the headers")

// Hold holds the headers until the body is there, which OnBody's handler then judges with what is known of the request.
// The handler of the headers returns what it returns.
func Hold[Request any](ctx wrapper.HttpContext, r *Request) types.Action {
	ctx.SetContext(requestKey, r)
	return types.HeaderStopIteration
}

// OnBody makes the handler of the bodies of requests that Hold holds. A body of any other request is refused.
func OnBody[Auth, Request any](judge func(*consumers.Config[Auth], *Request, []byte) types.Action) func(wrapper.HttpContext, consumers.Config[Auth], []byte) types.Action {
	return func(ctx wrapper.HttpContext, config consumers.Config[Auth], body []byte) types.Action {
		r, waiting := ctx.GetContext(requestKey).(*Request)
		if !waiting {
			return config.Fail("a body cannot be judged", errNoRequest)
		}
		return judge(&config, r, body)
	}
}
