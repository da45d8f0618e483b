package wrapper

import "github.com/higress-group/wasm-go/pkg/iface"

// HoldResponseBody is HoldRequestBody for the handler of ProcessStreamingResponseBody: the next call is given everything
// held so far and what came since. So a plugin looks at the beginning of a response, sets headers that were stopped with
// types.HeaderStopIteration, and lets the rest stream.
//
// Beyond the stream's buffer limit the response becomes a 500, or is reset once its headers are out. On the last chunk there is no
// next call: the body stays until proxywasm.ResumeHttpResponse. After NeedPauseStreamingResponse it does nothing but leave
// the chunk as it is.
//
// It does nothing in other handlers, or with a context that is not of this package.
func HoldResponseBody(ctx HttpContext) {
	if s, ok := ctx.(interface{ holdResponseBody() }); ok {
		s.holdResponseBody()
	}
}

func (s *stream) holdResponseBody() {
	if s.phase == iface.EncodeData {
		s.holding = true
	}
}
