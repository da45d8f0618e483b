package signature

import (
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Body is what can be done about a request's body, as far as its headers tell.
type Body int

const (
	// NoBody: the headers end the request, or they ask for another protocol, such as websocket, without a body before it.
	NoBody Body = iota
	// Awaited: it can be held until its end, which may come at once.
	Awaited
	// TooLarge: its announced length is over the limit.
	TooLarge
	// Unusable: a request for another protocol that announces a body. It cannot be held, because its stream has no end.
	Unusable

	// undeclared: a request for another protocol that says nothing of a body.
	undeclared
)

// BodyOf looks at the headers of a request, in its header phase. Content type and content coding have no say. limit is in
// bytes, 0 for none.
//
// A request for another protocol (Envoy leaves the header "upgrade" to no others) gets "content-length: 0" if it says
// nothing of a body: what follows is then no body to the backend either, even if it knows nothing of that protocol. Envoy
// takes transfer-encoding away before plugins see it, and may add it again.
func BodyOf(ctx wrapper.HttpContext, headers [][2]string, limit int64) (Body, error) {
	body := announced(ctx, headers, limit)
	if body != undeclared {
		return body, nil
	}
	return NoBody, proxywasm.ReplaceHttpRequestHeader("content-length", "0")
}

func announced(ctx wrapper.HttpContext, headers [][2]string, limit int64) Body {
	if !ctx.HasRequestBody() {
		return NoBody
	}
	length, presence := Header(headers, "content-length")
	if upgrade, _ := Header(headers, "upgrade"); upgrade != "" {
		coding, _ := Header(headers, "transfer-encoding")
		switch {
		case coding != "":
			return Unusable
		case presence == Absent:
			return undeclared
		case presence == Once && length == "0":
			return NoBody
		}
		return Unusable
	}
	if limit <= 0 || presence == Absent {
		return Awaited
	}
	if n, err := strconv.ParseUint(length, 10, 64); err == nil && n > uint64(limit) {
		return TooLarge
	}
	return Awaited
}
