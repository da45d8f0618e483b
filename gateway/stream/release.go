package stream

// release lets everything that waits at a station go on: headers, body, end of stream or trailers. After a stop of
// everything, body and trailers go to the station's own callbacks first.
func (p *path) release(st *station) {
	if p.halted() {
		return
	}
	if st.stoppedAll() {
		st.again = true
	}
	st.state = flowing
	ended, trailers := p.ended || p.endInjected, p.trailers != nil
	if !st.headersPassed {
		st.headersPassed = true
		p.sendHeaders(st.index+1, ended && p.held == nil && !trailers)
	} else if ended && !trailers {
		p.hold() // data was injected behind headers that ended the stream: the end has to follow
	}
	trailers = p.trailers != nil
	if p.held != nil && !p.halted() {
		p.sendData(st.next(), p.held, ended && !trailers)
	}
	if trailers && !p.halted() {
		p.sendTrailers(st.next())
	}
	st.again = false
}

// next is where what st lets go begins.
func (st *station) next() int {
	if st.again {
		return st.index
	}
	return st.index + 1
}

// inject sends data to the stations after st, headers first, leaving what is held where it is.
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
	st.endInjected = end
	p.endInjected = p.endInjected || end
	p.sendData(st.index+1, NewBuffer(data), end)
}

// keep adds data to what is held. streaming says which of the two answers the limit has from now on.
func (p *path) keep(data *Buffer, streaming bool) {
	p.streaming = streaming
	p.join(data)
}

func (p *path) join(data *Buffer) {
	p.hold()
	p.held.Move(data)
}

// hold makes the buffer.
func (p *path) hold() {
	if p.held == nil {
		p.held = &Buffer{resized: p.watch}
	}
}

// watch answers a body that rises above the limit the way the last stop asked for. Once above, it counts again only after
// it sank to half of the limit, as Envoy's watermarks. While the stream is at rest an edit only notes that: the answer
// comes with the next event, for which SetBufferLimit will do.
func (p *path) watch() {
	limit, held := p.stream.limit, p.held.Len()
	if limit <= 0 || held <= limit/2 {
		p.above = false
	}
	if limit <= 0 || held <= limit || p.above || p.halted() || !p.stream.busy {
		return
	}
	p.above = true
	if !p.streaming {
		p.stream.SendLocalReply(p.tooLarge)
		return
	}
	if !p.throttled {
		p.throttled = true
		p.throttle(true)
	}
}

// relax resumes the source once what is held sank.
func (p *path) relax() {
	if p.throttled && !p.above {
		p.throttled = false
		p.throttle(false)
	}
}
