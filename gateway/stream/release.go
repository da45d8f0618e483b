package stream

// release lets everything that a station keeps back go on: headers, body, end of stream or trailers. After a stop of
// everything, body and trailers go to the station's own callbacks first.
func (p *path) release(st *station) {
	first := st.index + 1
	own := st.stoppedAll()
	if own {
		first = st.index
	}
	st.state, st.buffering = flowing, false
	data, trailers := st.takeHeld(), st.trailersHere
	end := st.reachedEnd && !trailers
	if data == nil && p.buffered && st.headersPassed && !st.endPassed {
		data = &Buffer{} // as Envoy, whose buffer stays once there was one
	}

	if !st.headersPassed {
		st.headersPassed = true
		alone := end && data == nil
		st.endPassed = alone
		p.sendHeaders(st.index+1, alone)
	}
	if p.halted() {
		return
	}
	if data == nil && end && !st.endPassed {
		data = &Buffer{}
	}
	if data != nil {
		p.sendData(first, data, end, own)
	}
	if trailers && !p.halted() {
		p.sendTrailers(first, own)
	}
}

// inject sends data to the stations after st, headers first, leaving what st keeps back where it is.
func (p *path) inject(st *station, data []byte, end bool) {
	if p.halted() || !st.headersGiven {
		return
	}
	if !st.headersPassed {
		st.headersPassed = true
		p.sendHeaders(st.index+1, false)
	}
	if p.halted() {
		return
	}
	st.endPassed = end
	p.sendData(st.index+1, NewBuffer(data), end, false)
}

// keep adds data to what the station holds. failing says which of the two answers the limit has.
func (p *path) keep(st *station, data *Buffer, failing bool) {
	p.join(st, data)
	st.failing = failing
	p.checkLimit(st)
}

func (p *path) join(st *station, data *Buffer) {
	p.buffered = true
	if st.held == nil {
		st.held = &Buffer{}
	}
	st.held.resized = nil
	st.held.Move(data)
	st.held.resized = func() { p.checkLimit(st) }
}

// heldBytes is what all stations of the path hold together: the limit is the stream's, not the filter's.
func (p *path) heldBytes() int {
	n := 0
	for _, st := range p.stations {
		n += st.held.Len()
	}
	return n
}

// checkLimit answers a body beyond the limit the way st's stop asked for.
func (p *path) checkLimit(st *station) {
	limit := p.stream.limit
	if limit <= 0 || p.halted() || p.heldBytes() <= limit {
		return
	}
	if st.failing {
		p.stream.SendLocalReply(p.tooLarge)
		return
	}
	if !p.throttled {
		p.throttled = true
		p.throttle(true)
	}
}

// checkLimits is for a changed limit.
func (p *path) checkLimits() {
	for _, st := range p.stations {
		if st.held != nil {
			p.checkLimit(st)
		}
	}
}

// relax resumes the source once no more than half of the limit is held, as Envoy's watermarks do.
func (p *path) relax() {
	if !p.throttled {
		return
	}
	if limit := p.stream.limit; limit > 0 && p.heldBytes() > limit/2 {
		return
	}
	p.throttled = false
	p.throttle(false)
}
