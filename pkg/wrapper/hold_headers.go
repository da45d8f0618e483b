package wrapper

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// omission says why the SDK, and not the plugin, keeps a body from the body handlers.
type omission uint8

const (
	nothingOmitted omission = iota
	binaryBody              // IsBinaryRequestBody, IsBinaryResponseBody
	handshake               // a websocket's: what follows is no body
)

// OpaqueBody reports whether a body cannot be text, by a content-type and a content-encoding header ("" for a header that
// is missing): the media type itself names octet-stream or gRPC, or there is an encoding other than identity. It is
// narrower than IsBinaryRequestBody and IsBinaryResponseBody, which wasm-go defined so that parameters of the type, such as
// `application/json; profile=grpc`, and `content-encoding: identity` make a body binary, too.
func OpaqueBody(contentType, contentEncoding string) bool {
	for contentEncoding != "" {
		var coding string
		coding, contentEncoding, _ = strings.Cut(contentEncoding, ",")
		if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
			return true
		}
	}
	media, _, _ := strings.Cut(contentType, ";")
	return isBinary(media, "")
}

// omitBodies switches off the handlers of bodies that the plugin has not asked to see.
func (s *stream) omitBodies(readsBinary bool) {
	reads := s.wantRequestBody && s.requestHasBody
	// A handshake is a GET (RFC 6455 section 4.1): a POST that says upgrade has a body to look at.
	if (reads || s.wantResponseBody) && s.IsWebsocket() && s.Method() == "GET" {
		s.wantRequestBody, s.wantResponseBody = false, false
		s.requestOmitted, s.responseOmitted = handshake, handshake
		return
	}
	if reads && !readsBinary && s.IsBinaryRequestBody() {
		s.wantRequestBody, s.requestOmitted = false, binaryBody
	}
}

// releaseRequest finds out what a header handler waits for that holds the headers though the SDK has switched the body
// handlers off. It returns whether the body's callbacks end the wait.
//
//   - A body that is not opaque is shown after all: the plugin has seen the headers, and holds them for the body.
//   - An opaque one is shown to a plugin with FailClosed, which must not let pass what it wanted to see. Other plugins,
//     which may have been written for wasm-go, do not see it: its first piece lets the headers go, as it does there.
//   - No body follows a handshake, and nothing is known of what the handler waits for. It stays held, with a warning: what
//     checks callers by a call that the SDK does not see must not be passed by with an upgrade header.
func (s *stream) releaseRequest() bool {
	switch s.requestOmitted {
	case binaryBody:
		opaque := OpaqueBody(s.requestValue(headerContentType), s.requestValue(headerContentEncoding))
		s.wantRequestBody = !opaque || s.plugin.failClosed
		return true
	case handshake:
		warnHeld("request")
	}
	return false
}

// releaseResponse is releaseRequest for the response. A handshake that the backend has refused has an ordinary response.
func (s *stream) releaseResponse() bool {
	switch s.responseOmitted {
	case handshake:
		if status, _ := proxywasm.GetHttpResponseHeader(":status"); status == "101" {
			warnHeld("response")
			return false
		}
	case nothingOmitted:
		return false
	}
	contentType, _ := proxywasm.GetHttpResponseHeader("content-type")
	encoding, _ := proxywasm.GetHttpResponseHeader("content-encoding")
	s.wantResponseBody = !OpaqueBody(contentType, encoding) || s.plugin.failClosed
	return true
}

func warnHeld(direction string) {
	log.Warn("the " + direction + " headers of a websocket are held; no body comes that could release them")
}

// holdHeaders makes a pause hold: where nothing of the plugin runs before the resume, the stronger stop is returned.
// After a local reply the host ignores the action, so this needs no exception for it. bodyComes says that there is a body,
// and a handler for bodies; release is asked where that handler was switched off.
func (s *stream) holdHeaders(action types.Action, bodyComes, wanted, calledOut bool, release func() bool) types.Action {
	if action == types.HeaderStopIteration && (calledOut || !bodyComes || !wanted && !release()) {
		action = types.HeaderStopAllIterationAndWatermark
	}
	s.paused = action != types.ActionContinue
	return action
}
