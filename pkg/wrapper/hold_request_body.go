package wrapper

import "github.com/higress-group/wasm-go/pkg/iface"

// HoldRequestBody, called in the handler of ProcessStreamingRequestBody, keeps in the gateway what the handler has just
// been given: what the handler returns is ignored, and the next call is given everything held so far and what came
// since, as one chunk. The first return without it lets all of that go, or what the handler made of it, and streaming
// begins. So a plugin looks at the beginning of a body, decides, and lets the rest stream.
//
// What is held counts against the stream's buffer limit (413 beyond it), and each call copies it, so hold little. Headers
// that were stopped with types.HeaderStopIteration stay where they are while the body is held. On the last chunk there is
// no next call: the body stays until proxywasm.ResumeHttpRequest, which a call-out's callback may call. Before the last
// chunk, return without holding instead: after such a resume Envoys that lack the fix of envoyproxy/envoy#46841 lose the
// chunk that comes next.
//
// It does nothing in other handlers, or with a context that is not of this package.
func HoldRequestBody(ctx HttpContext) {
	if s, ok := ctx.(interface{ holdRequestBody() }); ok {
		s.holdRequestBody()
	}
}

func (s *stream) holdRequestBody() {
	if s.phase == iface.DecodeData {
		s.holding = true
	}
}
