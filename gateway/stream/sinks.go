package stream

import (
	"strconv"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// newRequestPath is the way from the codec through the filters in chain order to the router.
func newRequestPath(s *Stream) path {
	p := path{
		stream:       s,
		callHeaders:  Filter.DecodeHeaders,
		callData:     Filter.DecodeData,
		callTrailers: Filter.DecodeTrailers,
		sinkHeaders:  s.forwardHeaders,
		sinkData:     func(data []byte, end bool) { s.upstream.DecodeData(data, end) },
		sinkTrailers: func(t *header.Map) { s.upstream.DecodeTrailers(t) },
		skip:         func(*station) bool { return false },
		throttle:     s.cfg.Downstream.ReadDisable,
		streaming:    true,
		showsExcess:  true,
		trailersPass: true,
		tooLarge: LocalReply{
			Code: 413, Body: []byte("Payload Too Large"), Details: "request_payload_too_large", GRPCStatus: NoGRPCStatus,
		},
	}
	for i, h := range s.handles {
		h.request = &station{handle: h, index: i}
		p.stations = append(p.stations, h.request)
	}
	return p
}

// newResponsePath is the way back. Filters that never saw the request do not see the response.
func newResponsePath(s *Stream) path {
	p := path{
		stream:       s,
		callHeaders:  Filter.EncodeHeaders,
		callData:     Filter.EncodeData,
		callTrailers: Filter.EncodeTrailers,
		sinkHeaders:  s.answerHeaders,
		sinkData:     s.answerData,
		sinkTrailers: s.answerTrailers,
		skip:         func(st *station) bool { return !st.handle.request.headersGiven },
		throttle:     s.throttleUpstream,
		streaming:    true,
		tooLarge: LocalReply{
			Code: 500, Body: []byte("Internal Server Error"), Details: "response_payload_too_large", GRPCStatus: NoGRPCStatus,
		},
	}
	for i := range s.handles {
		h := s.handles[len(s.handles)-1-i]
		h.response = &station{handle: h, index: i}
		p.stations = append(p.stations, h.response)
	}
	return p
}

// forwardHeaders hands the request to the router.
func (s *Stream) forwardHeaders(h *header.Map, end bool) {
	if missing := missingRequestHeader(h); missing != "" {
		s.info.AddResponseFlags("DPE")
		s.SendLocalReply(missingHeaderReply(503, "filter_removed_required_request_headers", missing))
		return
	}
	s.upstream = s.cfg.NewUpstream(s)
	if s.request.halted() {
		return
	}
	if s.downstreamHigh {
		s.upstream.ReadDisable(true)
	}
	s.upstream.DecodeHeaders(h, end)
}

// answerHeaders hands the response to the codec.
func (s *Stream) answerHeaders(h *header.Map, end bool) {
	if !h.Has(":status") {
		s.SendLocalReply(missingHeaderReply(502, "filter_removed_required_response_headers", ":status"))
		return
	}
	s.headersOut = true
	s.info.ResponseCode, _ = strconv.Atoi(h.Value(":status"))
	s.info.ResponseHeaderBytes = uint64(h.ByteSize())
	s.cfg.Downstream.EncodeHeaders(h, end)
	s.endAfter(end)
}

func (s *Stream) answerData(data []byte, end bool) {
	s.info.ResponseBytes += uint64(len(data))
	s.cfg.Downstream.EncodeData(data, end)
	s.endAfter(end)
}

func (s *Stream) answerTrailers(t *header.Map) {
	s.cfg.Downstream.EncodeTrailers(t)
	s.endAfter(true)
}

func (s *Stream) endAfter(last bool) {
	if last {
		s.end("")
	}
}

func (s *Stream) throttleUpstream(on bool) {
	if s.upstream != nil && !s.upstreamGone {
		s.upstream.ReadDisable(on)
	}
}

// missingRequestHeader names the first header that a request cannot do without and h lacks; "" when it is complete. A
// plain CONNECT has no path (RFC 9113 section 8.5).
func missingRequestHeader(h *header.Map) string {
	required := []string{":method", ":path", ":authority"}
	if h.Value(":method") == "CONNECT" && !h.Has(":protocol") {
		required = []string{":authority"}
	}
	for _, name := range required {
		if !h.Has(name) {
			return name
		}
	}
	return ""
}

func missingHeaderReply(code int, details, name string) LocalReply {
	text := "missing required header: " + name
	return LocalReply{
		Code: code, Body: []byte(text), Details: details + "{" + text + "}", GRPCStatus: NoGRPCStatus,
	}
}
