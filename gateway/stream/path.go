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

	ended     bool // the source sent its end of stream
	aborted   bool // nothing moves on this path any more
	throttled bool
	buffered  bool // a station held data once
	sinkEnded bool // the sink was given the end of stream
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
	p.sendData(0, NewBuffer(slices.Clip(data)), end, false)
}

func (p *path) acceptTrailers(t *header.Map) {
	if p.halted() || p.ended {
		return
	}
	p.ended = true
	p.trailers = t
	p.sendTrailers(0, false)
}

// sendHeaders shows the headers to the stations from index on, then to the sink, until one stops.
func (p *path) sendHeaders(index int, end bool) {
	for _, st := range p.stations[index:] {
		if p.skip(st) {
			continue
		}
		st.headersGiven = true
		st.reachedEnd, st.endGiven = end, end
		st.inCallback = true
		status := p.callHeaders(st.handle.filter, p.headers, end)
		st.inCallback = false
		if p.halted() || !p.afterHeaders(st, status) {
			return
		}
	}
	p.sinkEnded = end
	p.sinkHeaders(p.headers, end)
}

// afterHeaders reports whether the headers go on to the next station.
func (p *path) afterHeaders(st *station, status HeadersStatus) bool {
	switch status {
	case HeadersStopIteration:
		st.state = stopped
	case HeadersStopAllIterationAndBuffer:
		st.state = stoppedAllBuffer
	case HeadersStopAllIterationAndWatermark:
		st.state = stoppedAllWatermark
	default:
		if st.headersPassed { // data was injected from inside the callback
			p.passEmptyEnd(st)
			return false
		}
		st.headersPassed = true
		return true
	}
	return false
}

// passEmptyEnd sends on an end of stream that the headers had, once data was injected behind them.
func (p *path) passEmptyEnd(st *station) {
	if !st.reachedEnd || st.endPassed {
		return
	}
	st.endPassed = true
	p.sendData(st.index+1, &Buffer{}, true, false)
}

// sendData shows data to the stations from index on, then to the sink, followed by the trailers if one of them makes
// some. released says that the first station resumes from a stop of everything, so that the data arrived there before.
func (p *path) sendData(index int, data *Buffer, end, released bool) {
	maker, last := p.passData(index, data, end, released)
	if maker == nil || maker == last || p.halted() {
		return // without new trailers, or they wait with the body where they were made
	}
	p.sendTrailers(maker.index+1, false)
}

// passData returns the station that created trailers in this pass and the one that kept the data from going further,
// each nil if there is none.
func (p *path) passData(index int, data *Buffer, end, released bool) (maker, last *station) {
	for _, st := range p.stations[index:] {
		if p.skip(st) {
			continue
		}
		if !released {
			if st.reachedEnd {
				return nil, st
			}
			st.reachedEnd = end
			if st.stoppedAll() {
				p.keep(st, data, st.state == stoppedAllBuffer)
				return maker, st
			}
		}
		resumed := released
		released = false
		own := resumed || st.buffering // shown from what the station held
		if st.buffering {
			p.keep(st, data, true)
			if p.halted() {
				return nil, st
			}
			data = st.held
		}
		hadTrailers := p.trailers != nil
		status := p.showData(st, data, end)
		if p.halted() {
			return nil, st
		}
		if end && !hadTrailers && p.trailers != nil {
			end, maker, st.trailersHere = false, st, true
		}
		if !p.afterData(st, status, data, end, own) {
			return maker, st
		}
	}
	p.sinkEnded = end
	if data.Len() > 0 || end {
		p.sinkData(data.Take(), end)
	}
	return maker, nil
}

func (p *path) showData(st *station, data *Buffer, end bool) DataStatus {
	st.endGiven = end
	st.inCallback, st.inLastData = true, end
	status := p.callData(st.handle.filter, data, end)
	st.inCallback, st.inLastData = false, false
	return status
}

// afterData reports whether data goes on to the next station as it is. own says that the station held it before: that
// cannot be discarded any more.
func (p *path) afterData(st *station, status DataStatus, data *Buffer, end, own bool) bool {
	if status == DataContinue && st.state == flowing {
		return true
	}
	if status == DataContinue {
		p.join(st, data)
		p.release(st)
		return false
	}
	st.state = stopped
	st.buffering = status == DataStopIterationAndBuffer
	switch {
	case status != DataStopIterationNoBuffer:
		p.keep(st, data, st.buffering)
	case own:
		p.join(st, data)
	case end && st.held == nil:
		st.held = &Buffer{} // lets the end of stream follow the headers later
	}
	return false
}

// sendTrailers shows the trailers to the stations from index on, then to the sink.
func (p *path) sendTrailers(index int, released bool) {
	for _, st := range p.stations[index:] {
		if p.skip(st) {
			continue
		}
		if !released {
			if st.reachedEnd {
				return
			}
			st.reachedEnd, st.trailersHere = true, true
			if st.stoppedAll() {
				return
			}
		}
		released = false
		st.endGiven = true
		st.inCallback = true
		status := p.callTrailers(st.handle.filter, p.trailers)
		st.inCallback = false
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
	p.sinkEnded = true
	p.sinkTrailers(p.trailers)
}
