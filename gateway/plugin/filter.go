package plugin

import (
	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

// filter is a plugin's part in one stream: a stream context in the guest. It implements stream.Filter towards the
// stream and abi.Context towards the guest.
type filter struct {
	root      *rootContext
	callbacks stream.Callbacks
	id        uint32 // in the VM; 0 until the guest has the context

	request, response direction
	// ended says that the last headers or body callback, of whichever direction, was told the end of stream. As in
	// Envoy, it is one flag for both.
	ended          bool
	logging        bool // within the log event
	destroyed      bool
	replied        bool // the guest sent a local reply; on Higress only its first one counts
	refused        bool // the stream was failed because the VM had failed
	keepRouteCache bool // the property clear_route_cache is off
}

// direction is what the guest holds of the request or the response.
type direction struct {
	headers  *header.Map // nil when out of the guest's hands
	trailers *header.Map
	body     *stream.Buffer // within the body callback
	buffered bool           // the last body callback asked to keep everything: the chain's buffer is readable
	// bodySeen says that there was a body callback and that it did not pass its piece on.
	bodySeen bool
	// phases of the running callback; bodiless is headers or trailers
	inCallback, bodiless bool
	replied              bool // a local reply was sent within the running callback
}

var (
	_ stream.Filter = (*filter)(nil)
	_ abi.Context   = (*filter)(nil)
)

func newFilter(root *rootContext, callbacks stream.Callbacks) *filter {
	root.hold()
	return &filter{root: root, callbacks: callbacks}
}

// created makes the guest's context if there is none yet, and reports whether the guest may be entered.
func (f *filter) created() bool {
	if !f.root.sound() {
		return false
	}
	if f.id == 0 {
		id, err := f.root.machine.vm.OnContextCreate(f, f.root.id)
		if err != nil {
			return false
		}
		f.id = id
	}
	return true
}

// known reports whether the guest has the context and may be entered.
func (f *filter) known() bool { return f.id != 0 && f.root.sound() }

// enter marks the start of a callback in a direction, whose end the returned function marks.
func (d *direction) enter() (leave func()) {
	d.inCallback, d.replied = true, false
	return func() { d.inCallback, d.bodiless, d.body = false, false, nil }
}

// DecodeHeaders implements stream.Filter.
func (f *filter) DecodeHeaders(h *header.Map, endStream bool) stream.HeadersStatus {
	if !f.created() {
		return f.failHeaders()
	}
	return f.headers(&f.request, h, endStream, f.root.machine.vm.OnRequestHeaders)
}

// EncodeHeaders implements stream.Filter.
func (f *filter) EncodeHeaders(h *header.Map, endStream bool) stream.HeadersStatus {
	if f.id == 0 || f.refused {
		return stream.HeadersContinue
	}
	if !f.known() {
		return f.failHeaders()
	}
	return f.headers(&f.response, h, endStream, f.root.machine.vm.OnResponseHeaders)
}

func (f *filter) headers(d *direction, h *header.Map, endStream bool,
	call func(uint32, int, bool) (abi.HeadersAction, error)) stream.HeadersStatus {
	defer d.enter()()
	d.headers, d.bodiless, f.ended = h, true, endStream
	action, err := call(f.id, h.Len(), endStream)
	switch {
	case err != nil:
		return f.failHeaders()
	case d.replied:
		return stream.HeadersStopAllIterationAndWatermark
	case action == abi.HeadersContinue:
		d.headers = nil
	}
	return headersStatus[action]
}

var headersStatus = [...]stream.HeadersStatus{
	abi.HeadersContinue:                     stream.HeadersContinue,
	abi.HeadersStopIteration:                stream.HeadersStopIteration,
	abi.HeadersStopAllIterationAndBuffer:    stream.HeadersStopAllIterationAndBuffer,
	abi.HeadersStopAllIterationAndWatermark: stream.HeadersStopAllIterationAndWatermark,
}

// DecodeData implements stream.Filter.
func (f *filter) DecodeData(data *stream.Buffer, endStream bool) stream.DataStatus {
	if f.id == 0 {
		return stream.DataContinue
	}
	if !f.known() {
		return f.failData()
	}
	return f.data(&f.request, data, endStream, f.root.machine.vm.OnRequestBody)
}

// EncodeData implements stream.Filter.
func (f *filter) EncodeData(data *stream.Buffer, endStream bool) stream.DataStatus {
	if f.id == 0 || f.refused {
		return stream.DataContinue
	}
	if !f.known() {
		return f.failData()
	}
	return f.data(&f.response, data, endStream, f.root.machine.vm.OnResponseBody)
}

func (f *filter) data(d *direction, data *stream.Buffer, endStream bool,
	call func(uint32, int, bool) (abi.DataAction, error)) stream.DataStatus {
	defer d.enter()()
	d.body, d.bodySeen, f.ended = data, true, endStream
	action, err := call(f.id, data.Len(), endStream)
	switch {
	case err != nil:
		return f.failData()
	case d.replied:
		return stream.DataStopIterationNoBuffer
	}
	d.buffered = action == abi.DataStopIterationAndBuffer
	if action == abi.DataContinue {
		d.bodySeen = false
	}
	return dataStatus[action]
}

var dataStatus = [...]stream.DataStatus{
	abi.DataContinue:                  stream.DataContinue,
	abi.DataStopIterationAndBuffer:    stream.DataStopIterationAndBuffer,
	abi.DataStopIterationAndWatermark: stream.DataStopIterationAndWatermark,
	abi.DataStopIterationNoBuffer:     stream.DataStopIterationNoBuffer,
}

// DecodeTrailers implements stream.Filter.
func (f *filter) DecodeTrailers(t *header.Map) stream.TrailersStatus {
	if f.id == 0 {
		return stream.TrailersContinue
	}
	if !f.known() {
		return f.failTrailers()
	}
	return f.trailers(&f.request, t, f.root.machine.vm.OnRequestTrailers)
}

// EncodeTrailers implements stream.Filter.
func (f *filter) EncodeTrailers(t *header.Map) stream.TrailersStatus {
	if f.id == 0 || f.refused {
		return stream.TrailersContinue
	}
	if !f.known() {
		return f.failTrailers()
	}
	return f.trailers(&f.response, t, f.root.machine.vm.OnResponseTrailers)
}

func (f *filter) trailers(d *direction, t *header.Map,
	call func(uint32, int) (abi.TrailersAction, error)) stream.TrailersStatus {
	defer d.enter()()
	d.trailers, d.bodiless = t, true
	action, err := call(f.id, t.Len())
	switch {
	case err != nil:
		return f.failTrailers()
	case d.replied:
		return stream.TrailersStopIteration
	case action == abi.TrailersContinue:
		d.trailers = nil
		return stream.TrailersContinue
	}
	return stream.TrailersStopIteration
}

// OnComplete implements stream.Filter: the log event.
func (f *filter) OnComplete() {
	if !f.created() {
		return
	}
	f.logging = true
	_ = f.root.machine.vm.OnLog(f.id) // a trap was logged when the VM failed
	f.logging = false
}

// OnDestroy implements stream.Filter.
func (f *filter) OnDestroy() {
	if f.destroyed {
		return
	}
	f.request, f.response = direction{}, direction{}
	if f.known() {
		_, err := f.root.machine.vm.OnDone(f.id)
		if err == nil {
			_ = f.root.machine.vm.OnDelete(f.id) // a trap was logged when the VM failed
		}
	}
	f.destroyed = true
	f.root.unhold()
}
