package stream

import (
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// SendLocalReply answers instead of the upstream, which is reset. See Callbacks.SendLocalReply for the way the reply
// takes. While another reply waits to be sent it does nothing. Before OnRequestHeaders the reply waits for them.
func (s *Stream) SendLocalReply(r LocalReply) {
	if s.ending || s.reply != nil {
		return
	}
	s.reply = &r
	s.request.aborted = true
	if s.response.headers != nil {
		s.response.aborted = true
	}
	if s.started {
		s.runFirst(s.executeReply)
	}
}

func (s *Stream) executeReply() {
	if s.ending || s.reply == nil {
		return
	}
	r := *s.reply
	s.reply, s.replied = nil, true
	s.resetUpstream()
	if s.headersOut {
		s.ResetStream(r.Details)
		return
	}
	s.info.ResponseCodeDetails = underscored(r.Details)
	h, body := s.replyMessage(r)
	if s.response.headers != nil {
		s.replyDirectly(h, body)
		return
	}
	s.response.acceptHeaders(h, len(body) == 0)
	s.response.acceptData(body, true)
}

// replyDirectly sends a reply past all filters.
func (s *Stream) replyDirectly(h *header.Map, body []byte) {
	s.response.headers, s.response.trailers = h, nil
	s.answerHeaders(h, len(body) == 0)
	if !s.ending {
		s.answerData(body, true)
	}
}

// replyMessage turns a reply into headers and body; no body for HEAD and gRPC.
func (s *Stream) replyMessage(r LocalReply) (*header.Map, []byte) {
	h := header.New([2]string{":status", strconv.Itoa(r.Code)})
	for _, pair := range r.Headers {
		h.Add(pair[0], pair[1])
	}
	h.Set(":status", strconv.Itoa(r.Code)) // a reply may pass on an upstream's headers, its status among them
	if s.isGRPC {
		s.makeGRPC(h, r)
		return h, nil
	}
	if len(r.Body) == 0 {
		h.Remove("content-length")
		h.Remove("content-type")
		return h, nil
	}
	h.Set("content-length", strconv.Itoa(len(r.Body)))
	if !h.Has("content-type") {
		h.Set("content-type", "text/plain")
	}
	if s.isHead {
		return h, nil
	}
	return h, append([]byte(nil), r.Body...)
}

// makeGRPC turns the headers of a reply into a gRPC trailers-only response (gRPC over HTTP/2, section Responses).
func (s *Stream) makeGRPC(h *header.Map, r LocalReply) {
	h.Set(":status", "200")
	h.Set("content-type", "application/grpc")
	h.Remove("content-length")
	if h.Value("grpc-status") == "" {
		status := r.GRPCStatus
		if status < 0 || status > 16 {
			status = grpcStatusOf(r.Code)
		}
		h.Set("grpc-status", strconv.Itoa(status))
	}
	if len(r.Body) > 0 && !s.isHead {
		h.Set("grpc-message", percentEncoded(strings.TrimSuffix(string(r.Body), "\n")))
	}
}
