package stream

import "github.com/wasmplane/wasmplane/gateway/header"

// handle is one filter's Callbacks.
type handle struct {
	stream            *Stream
	filter            Filter
	request, response *station
}

var _ Callbacks = (*handle)(nil)

func (h *handle) ContinueDecoding() { h.resume(&h.stream.request, h.request) }
func (h *handle) ContinueEncoding() { h.resume(&h.stream.response, h.response) }

func (h *handle) resume(p *path, st *station) {
	if st == nil || st.inCallback || st.state == flowing || p.halted() {
		return
	}
	h.stream.run(func() {
		if st.state != flowing && !p.halted() {
			p.release(st)
		}
	})
}

func (h *handle) SendLocalReply(r LocalReply) { h.stream.SendLocalReply(r) }

func (h *handle) LocalReplied() bool         { return h.stream.LocalReplied() }
func (h *handle) ResetStream(details string) { h.stream.ResetStream(details) }

func (h *handle) DecodingBuffer() *Buffer { return h.stream.request.held }
func (h *handle) EncodingBuffer() *Buffer { return h.stream.response.held }

func (h *handle) AddDecodedTrailers() *header.Map { return h.stream.request.addTrailers() }
func (h *handle) AddEncodedTrailers() *header.Map { return h.stream.response.addTrailers() }

// addTrailers makes the message's trailers, or returns those that there are.
func (p *path) addTrailers() *header.Map {
	if !p.ended || p.halted() {
		return nil
	}
	if p.trailers == nil {
		p.trailers = &header.Map{}
	}
	return p.trailers
}

func (h *handle) InjectEncodedData(data []byte, endStream bool) {
	if h.response == nil {
		return
	}
	s := h.stream
	owned := append([]byte(nil), data...)
	if s.busy && !s.response.runningAfter(h.response) { // at once, also from inside this filter's callback
		s.response.inject(h.response, owned, endStream)
		return
	}
	s.run(func() { s.response.inject(h.response, owned, endStream) })
}

// runningAfter reports whether a station after st is inside a callback, so that it cannot take anything now.
func (p *path) runningAfter(st *station) bool {
	for _, other := range p.stations[st.index+1:] {
		if other.inCallback {
			return true
		}
	}
	return false
}

func (h *handle) SetBufferLimit(bytes int) {
	s := h.stream
	s.limit = max(0, bytes)
	if s.started && !s.ending {
		s.run(func() {
			s.request.watch()
			s.response.watch()
		})
	}
}

func (h *handle) BufferLimit() int { return h.stream.limit }

func (h *handle) RequestHeaders() *header.Map   { return h.stream.RequestHeaders() }
func (h *handle) RequestTrailers() *header.Map  { return h.stream.RequestTrailers() }
func (h *handle) ResponseHeaders() *header.Map  { return h.stream.ResponseHeaders() }
func (h *handle) ResponseTrailers() *header.Map { return h.stream.ResponseTrailers() }

func (h *handle) ClearRouteCache()                       { h.stream.ClearRouteCache() }
func (h *handle) Route() *Route                          { return h.stream.Route() }
func (h *handle) SetUpstreamOverrideHost(address string) { h.stream.overrideHost = address }
func (h *handle) Info() *Info                            { return h.stream.info }
func (h *handle) Worker() any                            { return h.stream.cfg.Worker }
