package stream

import "github.com/wasmplane/wasmplane/gateway/header"

// OnUpstreamHeaders begins the upstream's response. Informational responses are not for it. The map belongs to the
// stream from now on. A later call, as any other upstream event after a local reply, does nothing.
func (s *Stream) OnUpstreamHeaders(h *header.Map, endStream bool) {
	s.fromUpstream(func() {
		if s.upstreamBegan {
			return
		}
		s.upstreamBegan = true
		s.info.UpstreamFirstByte = s.cfg.Now()
		s.info.ResponseCodeDetails = "via_upstream"
		s.noteUpstreamEnd(endStream)
		s.response.acceptHeaders(h, endStream)
	})
}

// OnUpstreamData delivers a piece of the response body. The slice belongs to the stream from now on.
func (s *Stream) OnUpstreamData(data []byte, endStream bool) {
	s.fromUpstream(func() {
		if !s.upstreamBegan {
			return
		}
		s.noteUpstreamEnd(endStream)
		s.response.acceptData(data, endStream)
	})
}

// OnUpstreamTrailers ends a response that has trailers. The map belongs to the stream from now on.
func (s *Stream) OnUpstreamTrailers(t *header.Map) {
	s.fromUpstream(func() {
		if !s.upstreamBegan {
			return
		}
		s.noteUpstreamEnd(true)
		s.response.acceptTrailers(t)
	})
}

// OnUpstreamReset says that the upstream request failed or was given up by the router. Before the upstream's response
// headers the reply is sent; after them the downstream is reset with the reply's details. flags are Envoy's short
// response flags, such as "UF". The router is not reset any more.
func (s *Stream) OnUpstreamReset(reply LocalReply, flags string) {
	s.fromUpstream(func() {
		if s.upstreamDone {
			return
		}
		s.upstreamGone = true
		s.info.AddResponseFlags(flags)
		if s.upstreamBegan {
			s.ResetStream(reply.Details)
			return
		}
		s.SendLocalReply(reply)
	})
}

// OnUpstreamWriteBuffer says that the router's write buffer rose over (true) or sank under (false) its watermark. It
// throttles the downstream request. Repeated values count once.
func (s *Stream) OnUpstreamWriteBuffer(high bool) {
	if s.ending || s.upstreamGone || high == s.upstreamHigh {
		return
	}
	s.upstreamHigh = high
	s.cfg.Downstream.ReadDisable(high)
}

func (s *Stream) fromUpstream(f func()) {
	if s.ending || s.upstreamGone {
		return
	}
	s.run(func() {
		if !s.ending && !s.upstreamGone {
			f()
		}
	})
}

// noteUpstreamEnd stops the request once the upstream has answered completely: its filters get no more of it.
func (s *Stream) noteUpstreamEnd(end bool) {
	if !end {
		return
	}
	s.upstreamDone = true
	s.request.aborted = true
}
