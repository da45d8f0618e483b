package plugin

import (
	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

// HeaderMap implements abi.Context.
func (f *filter) HeaderMap(m abi.MapType, access abi.Access) (*header.Map, abi.Status) {
	if f.destroyed {
		return missingMap(access)
	}
	if f.logging {
		return f.loggedMap(m, access)
	}
	switch m {
	case abi.RequestHeaders:
		return f.requestHeaders(access)
	case abi.ResponseHeaders:
		return heldMap(f.response.headers, access)
	case abi.RequestTrailers:
		return f.heldTrailers(&f.request, access, f.callbacks.AddDecodedTrailers)
	case abi.ResponseTrailers:
		return f.heldTrailers(&f.response, access, f.callbacks.AddEncodedTrailers)
	}
	return nil, abi.BadArgument
}

// requestHeaders gives the held map, or for reading on Higress the stream's copy once the guest passed it on.
func (f *filter) requestHeaders(access abi.Access) (*header.Map, abi.Status) {
	held := f.request.headers
	if access == abi.Write {
		if held == nil {
			return nil, abi.BadArgument
		}
		f.ClearRouteCache()
		return held, abi.OK
	}
	if held == nil && f.root.plugin.spec.Module.Profile().RequestHeadersInLaterPhases() {
		held = f.callbacks.RequestHeaders()
	}
	return heldMap(held, access)
}

func heldMap(held *header.Map, access abi.Access) (*header.Map, abi.Status) {
	if held == nil {
		return missingMap(access)
	}
	return held, abi.OK
}

// heldTrailers creates trailers when the guest writes to them (or asks for their size) in the last body callback, or
// later while that body is held.
func (f *filter) heldTrailers(d *direction, access abi.Access, create func() *header.Map) (*header.Map, abi.Status) {
	if d.trailers == nil && d.bodySeen && f.ended && (access == abi.Write || access == abi.ReadSize) {
		d.trailers = create()
	}
	return heldMap(d.trailers, access)
}

func missingMap(access abi.Access) (*header.Map, abi.Status) {
	if access == abi.ReadPairs {
		return nil, abi.OK
	}
	return nil, abi.BadArgument
}

// loggedMap gives the log event read-only maps; one that is missing reads as empty.
func (f *filter) loggedMap(m abi.MapType, access abi.Access) (*header.Map, abi.Status) {
	if access == abi.Write {
		return nil, abi.BadArgument
	}
	switch m {
	case abi.RequestHeaders:
		return f.callbacks.RequestHeaders(), abi.OK
	case abi.ResponseHeaders:
		return f.callbacks.ResponseHeaders(), abi.OK
	case abi.ResponseTrailers:
		return f.callbacks.ResponseTrailers(), abi.OK
	}
	return nil, abi.OK
}

// emptyBuffer is what a body reads as during a headers or trailers callback.
type emptyBuffer struct{}

func (emptyBuffer) Len() int           { return 0 }
func (emptyBuffer) Bytes() []byte      { return nil }
func (emptyBuffer) Splice(int, []byte) {}
func (emptyBuffer) Append([]byte)      {}

// heldBody is what a stop holds of a body. The guest may change it at any time, also while the stream is at rest.
type heldBody struct {
	*stream.Buffer
	filter *filter
}

// Settle implements abi.SettlingBuffer: the answer to a body that is too large now may enter the guest.
func (b heldBody) Settle() {
	if !b.filter.destroyed {
		b.filter.callbacks.SetBufferLimit(b.filter.callbacks.BufferLimit())
	}
}

// Buffer implements abi.Context.
func (f *filter) Buffer(b abi.BufferType) (abi.Buffer, bool, abi.Status) {
	if f.destroyed {
		return nil, false, abi.NotFound
	}
	switch b {
	case abi.RequestBody:
		return f.body(&f.request, f.callbacks.DecodingBuffer)
	case abi.ResponseBody:
		return f.body(&f.response, f.callbacks.EncodingBuffer)
	}
	return nil, false, abi.NotFound
}

func (f *filter) body(d *direction, kept func() *stream.Buffer) (abi.Buffer, bool, abi.Status) {
	if d.body != nil {
		return d.body, true, abi.OK
	}
	if d.buffered {
		if buffer := kept(); buffer != nil {
			return heldBody{buffer, f}, true, abi.OK
		}
	}
	if f.request.bodiless || f.response.bodiless {
		return emptyBuffer{}, false, abi.OK
	}
	return nil, false, abi.NotFound
}
