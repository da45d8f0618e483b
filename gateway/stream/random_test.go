package stream

import (
	"bytes"
	"testing"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// TestRandomExchanges drives many exchanges with filters that answer at random but never discard, resumed at random
// moments, some of them cut short. Whatever happens: no byte is lost, doubled or moved, on the wire or in what a filter
// is shown; headers come first and the end of stream last and once; a stream is completed and destroyed once.
func TestRandomExchanges(t *testing.T) {
	const exchanges = 20000
	for seed := range uint64(exchanges) {
		w := newWorld(t, seed)
		w.live()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// flowCheck asserts on one receiver of one message.
type flowCheck struct {
	who      string
	body     []byte
	headers  int
	ends     int
	trailers int
}

func (c *flowCheck) onHeaders(t *testing.T, end bool) {
	c.headers++
	if c.headers != 1 {
		t.Errorf("%s: headers %d times", c.who, c.headers)
	}
	c.onEnd(t, end)
}

func (c *flowCheck) onData(t *testing.T, fresh []byte, end bool) {
	if c.headers != 1 || c.ends != 0 {
		t.Errorf("%s: data %q after %d headers and %d ends", c.who, fresh, c.headers, c.ends)
	}
	c.body = append(c.body, fresh...)
	c.onEnd(t, end)
}

func (c *flowCheck) onTrailers(t *testing.T) {
	if c.headers != 1 || c.ends != 0 {
		t.Errorf("%s: trailers after %d headers and %d ends", c.who, c.headers, c.ends)
	}
	c.trailers++
	c.onEnd(t, true)
}

func (c *flowCheck) onEnd(t *testing.T, end bool) {
	if end {
		c.ends++
	}
	if c.ends > 1 {
		t.Errorf("%s: %d ends of stream", c.who, c.ends)
	}
}

// kept is what a filter's stops hold of one message.
type kept struct {
	bytes     []byte
	buffering bool // the next callback begins with bytes
	all       bool // the headers callback stopped everything
	unsure    bool // a resume was asked for inside a callback, where it may be ignored or come later
}

// split returns the part of data that was not shown before. The bytes of a message are all different.
func (k *kept) split(data, shown []byte) (fresh []byte, ok bool) {
	fresh = data
	if len(data) > 0 {
		if at := bytes.IndexByte(shown, data[0]); at >= 0 {
			if !k.buffering || !bytes.HasPrefix(data, shown[at:]) {
				return nil, false
			}
			fresh = data[len(shown)-at:]
		}
	}
	again := data[:len(data)-len(fresh)]
	return fresh, k.unsure || !k.buffering || bytes.Equal(again, k.bytes)
}

// stopped notes what is held after a callback that was shown data and did not continue.
func (k *kept) stopped(data, fresh []byte, buffering bool) {
	if k.buffering {
		k.bytes = data // it was shown everything
	} else {
		k.bytes = append(k.bytes, fresh...)
	}
	k.buffering = buffering
}

// wanderer is a filter with random answers.
type wanderer struct {
	w         *world
	cb        Callbacks
	in, out   flowCheck
	inHeld    kept
	outHeld   kept
	completed int
	destroyed int
}

func (f *wanderer) alive() {
	if f.completed+f.destroyed > 0 {
		f.w.t.Errorf("%s: called after the end", f.in.who)
	}
}

func (f *wanderer) headers(c *flowCheck, held *kept, end bool) HeadersStatus {
	f.alive()
	c.onHeaders(f.w.t, end)
	f.w.meddle()
	if !f.stops(c) {
		return HeadersContinue
	}
	status := HeadersStatus(f.w.oneOf(4, 0.5))
	held.all = status >= HeadersStopAllIterationAndBuffer
	return status
}

// stops reports whether the filter may stop the direction of c.
func (f *wanderer) stops(c *flowCheck) bool {
	return c == &f.in && f.w.stopper[0] == f || c == &f.out && f.w.stopper[1] == f
}

func (f *wanderer) data(c *flowCheck, held *kept, b *Buffer, end bool) DataStatus {
	f.alive()
	data := bytes.Clone(b.Bytes())
	fresh, ok := held.split(data, c.body)
	if !ok {
		f.w.t.Errorf("%s: shown %q which does not begin with what is held, %q", c.who, data, held.bytes)
		return DataContinue
	}
	c.onData(f.w.t, fresh, end)
	f.w.meddle()
	status := DataStatus(f.w.oneOf(3, 0.5)) // never no buffer
	// A stop in the callbacks of a resume from a stop of everything loses the body if there are trailers, as in Envoy.
	if status == DataContinue || !f.stops(c) || held.all {
		*held = kept{all: held.all}
		return DataContinue
	}
	held.stopped(data, fresh, status == DataStopIterationAndBuffer)
	return status
}

func (f *wanderer) trailers(c *flowCheck, held *kept) TrailersStatus {
	f.alive()
	c.onTrailers(f.w.t)
	f.w.meddle()
	if !f.stops(c) || held.all {
		return TrailersContinue
	}
	return TrailersStatus(f.w.oneOf(2, 0.5))
}

func (f *wanderer) DecodeHeaders(_ *header.Map, end bool) HeadersStatus {
	return f.headers(&f.in, &f.inHeld, end)
}
func (f *wanderer) DecodeData(b *Buffer, end bool) DataStatus {
	return f.data(&f.in, &f.inHeld, b, end)
}
func (f *wanderer) DecodeTrailers(*header.Map) TrailersStatus { return f.trailers(&f.in, &f.inHeld) }
func (f *wanderer) EncodeHeaders(_ *header.Map, end bool) HeadersStatus {
	return f.headers(&f.out, &f.outHeld, end)
}
func (f *wanderer) EncodeData(b *Buffer, end bool) DataStatus {
	return f.data(&f.out, &f.outHeld, b, end)
}
func (f *wanderer) EncodeTrailers(*header.Map) TrailersStatus { return f.trailers(&f.out, &f.outHeld) }
func (f *wanderer) OnComplete()                               { f.completed++ }
func (f *wanderer) OnDestroy() {
	f.destroyed++
	if f.completed != 1 || f.w.logged != 1 {
		f.w.t.Errorf("%s: destroyed after %d completions and %d log lines", f.in.who, f.completed, f.w.logged)
	}
}

type worldCodec world

func (c *worldCodec) silent() {
	if c.clientGone || c.resets > 0 {
		c.t.Error("the codec was called after it was reset")
	}
}

func (c *worldCodec) EncodeHeaders(_ *header.Map, end bool) { c.silent(); c.codec.onHeaders(c.t, end) }
func (c *worldCodec) EncodeData(b []byte, end bool)         { c.silent(); c.codec.onData(c.t, b, end) }
func (c *worldCodec) EncodeTrailers(*header.Map)            { c.silent(); c.codec.onTrailers(c.t) }
func (c *worldCodec) Reset(string)                          { c.silent(); c.resets++ }
func (c *worldCodec) ReadDisable(on bool) {
	c.silent()
	c.readsDisabled += delta(on)
	if c.readsDisabled < 0 {
		c.t.Error("reads enabled too often")
	}
}

type worldRouter world

func (r *worldRouter) silent() {
	if r.upstreamResets > 0 {
		r.t.Error("the router was called after it was reset")
	}
}

func (r *worldRouter) DecodeHeaders(_ *header.Map, end bool) {
	r.silent()
	r.router.onHeaders(r.t, end)
}
func (r *worldRouter) DecodeData(b []byte, end bool) { r.silent(); r.router.onData(r.t, b, end) }
func (r *worldRouter) DecodeTrailers(*header.Map)    { r.silent(); r.router.onTrailers(r.t) }
func (r *worldRouter) Reset()                        { r.silent(); r.upstreamResets++ }
func (r *worldRouter) ReadDisable(on bool) {
	r.silent()
	r.writesDisabled += delta(on)
	if r.writesDisabled < 0 {
		r.t.Error("upstream reads enabled too often")
	}
}

func delta(disabled bool) int {
	if disabled {
		return 1
	}
	return -1
}
