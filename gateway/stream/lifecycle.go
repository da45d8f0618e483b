package stream

import "strings"

// run executes f now, or after the work that is under way. Events that occur inside callbacks thus never find a chain
// in the middle of an iteration.
func (s *Stream) run(f func()) {
	s.pending = append(s.pending, f)
	if s.busy {
		return
	}
	s.busy = true
	for len(s.pending) > 0 {
		next := s.pending[0]
		s.pending = s.pending[1:]
		if !s.ended {
			next()
		}
		if len(s.pending) == 0 && !s.ended {
			s.request.watch()
			s.response.watch()
			s.request.relax()
			s.response.relax()
		}
	}
	s.pending = nil
	s.busy = false
	s.rearmIdle()
}

// runFirst is run for what must precede the events that wait already.
func (s *Stream) runFirst(f func()) {
	if !s.busy {
		s.run(f)
		return
	}
	s.pending = append([]func(){f}, s.pending...)
}

// ResetStream aborts the exchange on the wire. details go into Info unless empty.
func (s *Stream) ResetStream(details string) {
	if s.ending {
		return
	}
	s.downstreamGone = true
	s.cfg.Downstream.Reset(underscored(details))
	s.end(details)
}

// end stops all delivery at once; the completion follows when the work under way has unwound.
func (s *Stream) end(details string) {
	if s.ending {
		return
	}
	s.ending = true
	if details != "" {
		s.info.ResponseCodeDetails = underscored(details)
	}
	s.run(s.complete)
}

func (s *Stream) complete() {
	s.ended = true
	s.info.End = s.cfg.Now()
	s.stopIdle()
	if !s.upstreamDone || !s.request.sinkEnded {
		s.resetUpstream()
	}
	s.releaseDownstream()
	for _, h := range s.handles {
		h.filter.OnComplete()
	}
	if s.cfg.OnComplete != nil {
		s.cfg.OnComplete(s)
	}
	for _, h := range s.handles {
		h.filter.OnDestroy()
	}
}

// releaseDownstream makes every ReadDisable(true) good, so that the connection can read its next request.
func (s *Stream) releaseDownstream() {
	if s.downstreamGone {
		return
	}
	for _, disabled := range []bool{s.request.throttled, s.upstreamHigh} {
		if disabled {
			s.cfg.Downstream.ReadDisable(false)
		}
	}
}

// resetUpstream abandons the upstream request, if any, once.
func (s *Stream) resetUpstream() {
	if s.upstreamGone {
		return
	}
	s.upstreamGone = true
	if s.upstream != nil {
		s.upstream.Reset()
	}
}

// rearmIdle starts the idle period anew.
func (s *Stream) rearmIdle() {
	s.stopIdle()
	if s.ending || !s.started || s.cfg.IdleTimeout <= 0 || s.cfg.After == nil {
		return
	}
	s.cancelIdle = s.cfg.After(s.cfg.IdleTimeout, s.onIdle)
}

func (s *Stream) stopIdle() {
	if s.cancelIdle != nil {
		s.cancelIdle()
		s.cancelIdle = nil
	}
}

func (s *Stream) onIdle() {
	s.cancelIdle = nil
	if s.ending {
		return
	}
	code := 504
	if !s.RequestComplete() {
		code = 408
	}
	s.info.AddResponseFlags("SI")
	s.SendLocalReply(LocalReply{
		Code: code, Body: []byte("stream timeout"), Details: "stream_idle_timeout", GRPCStatus: NoGRPCStatus,
	})
}

func underscored(details string) string { return strings.ReplaceAll(details, " ", "_") }
