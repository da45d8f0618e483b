package stream

import (
	"slices"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// path is one direction of a stream: the stations in the order in which this direction visits them, then the sink.
type path struct {
	stream   *Stream
	stations []*station
	headers  *header.Map
	trailers *header.Map

	callHeaders  func(f Filter, h *header.Map, endStream bool) HeadersStatus
	callData     func(f Filter, b *Buffer, endStream bool) DataStatus
	callTrailers func(f Filter, t *header.Map) TrailersStatus
	sinkHeaders  func(h *header.Map, endStream bool)
	sinkData     func(b []byte, endStream bool)
	sinkTrailers func(t *header.Map)
	skip         func(st *station) bool // stations that this message does not visit
	throttle     func(on bool)          // stops the source
	tooLarge     LocalReply

	// held is the body that stops keep back: one buffer for all filters. nil until something is kept; it stays, empty,
	// after a release.
	held *Buffer
	// streaming says that the last stop that kept data throttles the source at the limit instead of failing there; so it
	// is before there was one.
	streaming bool
	// above says that held rose above the limit, and did not sink to half of it since.
	above bool
	// showsExcess says that a filter is still shown the piece that took what is held above the limit, before the answer
	// to that.
	showsExcess bool
	// trailersPass says that trailers made in a data callback go on at once even if that callback, or a later one of the
	// same piece, stopped: before the body, which nobody gets then. Envoy does so on the request path.
	trailersPass bool

	ended       bool // the source sent its end of stream
	endInjected bool // injected data carried one
	aborted     bool // nothing moves on this path any more
	throttled   bool
	sinkBegan   bool // the sink was given the headers
	sinkEnded   bool // and the end of stream
}

func (p *path) halted() bool { return p.aborted || p.stream.ending }

// acceptHeaders takes the headers from the source; h is p.headers already.
func (p *path) acceptHeaders(h *header.Map, end bool) {
	if p.halted() {
		return
	}
	p.headers, p.ended = h, end
	p.sendHeaders(0, end)
}

func (p *path) acceptData(data []byte, end bool) {
	if p.halted() || p.ended || (len(data) == 0 && !end) {
		return
	}
	p.ended = end
	// Spare capacity may be the codec's: appending must not write there.
	p.sendData(0, NewBuffer(slices.Clip(data)), end)
}

func (p *path) acceptTrailers(t *header.Map) {
	if p.halted() || p.ended {
		return
	}
	p.ended = true
	p.trailers = t
	p.sendTrailers(0)
}

// sendHeaders shows the headers to the stations from index on, then to the sink, until one stops.
func (p *path) sendHeaders(index int, end bool) {
	for _, st := range p.stations[index:] {
		if p.skip(st) {
			continue
		}
		st.headersGiven, st.endGiven = true, end
		st.inCallback = true
		status := p.callHeaders(st.handle.filter, p.headers, end)
		st.inCallback = false
		if p.halted() || !p.afterHeaders(st, status, end) {
			return
		}
	}
	p.sinkBegan, p.sinkEnded = true, end
	p.sinkHeaders(p.headers, end)
}

// afterHeaders reports whether the headers go on to the next station.
func (p *path) afterHeaders(st *station, status HeadersStatus, end bool) bool {
	switch status {
	case HeadersStopIteration:
		st.state = stopped
	case HeadersStopAllIterationAndBuffer:
		st.state = stoppedAllBuffer
	case HeadersStopAllIterationAndWatermark:
		st.state = stoppedAllWatermark
	default:
		if !st.headersPassed {
			st.headersPassed = true
			return true
		}
		if end && !st.endInjected { // data was injected from inside the callback, and the end has to follow it
			p.sendData(st.index+1, &Buffer{}, true)
		}
	}
	return false
}

// sendData shows data to the stations from index on, then to the sink, followed by the trailers if one of them makes
// some. data is what the path holds or a piece of its own.
func (p *path) sendData(index int, data *Buffer, end bool) {
	maker := p.passData(index, data, end)
	if maker != nil && !p.halted() {
		p.sendTrailers(maker.next())
	}
}

// passData returns the station that created trailers in this pass, nil if there is none.
func (p *path) passData(index int, data *Buffer, end bool) (maker *station) {
	for _, st := range p.stations[index:] {
		switch {
		case p.skip(st):
			continue
		case st.stoppedAll():
			p.keep(data, st.state == stoppedAllWatermark)
			return nil
		case st.endGiven:
			return nil
		}
		shown, drained := data, false
		if st.buffering {
			drained = data.Len() > 0
			p.keep(data, false)
			if p.stream.ending || p.halted() && !p.showsExcess {
				return nil
			}
			shown = p.held
		}
		hadTrailers := p.trailers != nil
		status := p.showData(st, shown, end)
		if p.halted() {
			return nil
		}
		if !hadTrailers && p.trailers != nil {
			end, maker = false, st
		}
		if !p.afterData(st, status, shown) {
			if p.trailersPass {
				return maker
			}
			return nil
		}
		if drained { // an empty piece goes on as it is: what the filter made of it stays behind, as in Envoy
			data.Move(shown)
		}
	}
	if !p.sinkBegan || p.sinkEnded {
		return nil
	}
	p.sinkEnded = end
	if data.Len() > 0 || end {
		p.sinkData(data.Take(), end)
	}
	return maker
}

func (p *path) showData(st *station, data *Buffer, end bool) DataStatus {
	st.endGiven = end
	st.inCallback = true
	status := p.callData(st.handle.filter, data, end)
	st.inCallback = false
	return status
}

// afterData reports whether data goes on to the next station as it is.
func (p *path) afterData(st *station, status DataStatus, data *Buffer) bool {
	st.buffering = status == DataStopIterationAndBuffer
	switch {
	case status == DataContinue && st.state == flowing:
		return true
	case status == DataContinue:
		p.join(data)
		p.release(st)
		return false
	}
	st.state = stopped
	switch {
	case status != DataStopIterationNoBuffer:
		p.keep(data, status == DataStopIterationAndWatermark)
	case p.ended && p.trailers == nil && p.held == nil:
		p.hold() // lets the end of stream follow later
	}
	return false
}

// sendTrailers shows the trailers to the stations from index on, then to the sink.
func (p *path) sendTrailers(index int) {
	for _, st := range p.stations[index:] {
		if p.skip(st) {
			continue
		}
		if st.stoppedAll() {
			return
		}
		st.inCallback = true
		status := p.callTrailers(st.handle.filter, p.trailers)
		st.inCallback = false
		st.endGiven = true
		if p.halted() {
			return
		}
		if status != TrailersContinue {
			st.state = stopped
			return
		}
		if st.state != flowing {
			p.release(st)
			return
		}
	}
	if !p.sinkBegan || p.sinkEnded {
		return
	}
	p.sinkEnded = true
	p.sinkTrailers(p.trailers)
}
