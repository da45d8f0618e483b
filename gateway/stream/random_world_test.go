package stream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// world is one random exchange.
type world struct {
	t       *testing.T
	rng     *rand.Rand
	stream  *Stream
	filters []*wanderer
	logged  int
	depth   int

	router, codec   flowCheck
	resets          int // towards the client
	clientGone      bool
	upstreamResets  int
	readsDisabled   int
	writesDisabled  int
	requestLeft     [][]byte
	responseLeft    [][]byte
	requestBody     []byte
	responseBody    []byte
	requestTrailers bool
	replyTrailers   bool
	requestStep     int
	responseStep    int
	violent         bool // the exchange may be cut short
	// stopper is the filter that may stop a direction: when two do so in turn their bodies mix, as in Envoy.
	stopper [2]*wanderer
	replied bool
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 1))}
	w.router.who, w.codec.who = "router", "codec"
	cfg := Config{
		Downstream: (*worldCodec)(w), NewUpstream: func(*Stream) Upstream { return (*worldRouter)(w) },
		OnComplete: func(*Stream) { w.logged++ },
	}
	for i := range w.rng.IntN(4) {
		f := &wanderer{w: w}
		f.in.who, f.out.who = fmt.Sprintf("filter %d request", i), fmt.Sprintf("filter %d response", i)
		cfg.Filters = append(cfg.Filters, func(cb Callbacks) Filter { f.cb = cb; return f })
		w.filters = append(w.filters, f)
	}
	w.stream = New(cfg)
	w.requestLeft, w.requestBody = w.chunks("abcdefghijklmnopqrstuvwxyz")
	w.responseLeft, w.responseBody = w.chunks("0123456789ABCDEFGHIJKLMNOP")
	w.requestTrailers, w.replyTrailers = w.rng.IntN(3) == 0, w.rng.IntN(3) == 0
	w.violent = w.rng.IntN(3) == 0
	for d := range w.stopper {
		if len(w.filters) > 0 {
			w.stopper[d] = w.filters[w.rng.IntN(len(w.filters))]
		}
	}
	return w
}

// chunks cuts a piece of text into frames; the last may be empty.
func (w *world) chunks(text string) (frames [][]byte, body []byte) {
	for range w.rng.IntN(5) {
		n := w.rng.IntN(4)
		frames = append(frames, []byte(text[:n]))
		body = append(body, text[:n]...)
		text = text[n:]
	}
	return frames, body
}

// oneOf is 0 with the given probability, else any number under n.
func (w *world) oneOf(n int, zero float64) int {
	if w.rng.Float64() < zero {
		return 0
	}
	return w.rng.IntN(n)
}

func (w *world) live() {
	for range 200 {
		switch w.rng.IntN(4) {
		case 0:
			w.sendRequest()
		case 1:
			w.sendResponse()
		case 2:
			w.resume()
		case 3:
			w.disturb()
		}
	}
	for range 50 { // let everything go
		w.sendRequest()
		w.sendResponse()
		for _, f := range w.filters {
			w.continueDecoding(f)
			w.continueEncoding(f)
		}
	}
	w.check()
}

func (w *world) sendRequest() {
	step := w.requestStep
	w.requestStep++
	last := step == len(w.requestLeft)
	switch {
	case step == 0:
		h := header.New([2]string{":method", "POST"}, [2]string{":path", "/"}, [2]string{":authority", "h"})
		w.stream.OnRequestHeaders(h, last && !w.requestTrailers)
	case step <= len(w.requestLeft):
		w.stream.OnRequestData(w.requestLeft[step-1], last && !w.requestTrailers)
	case step == len(w.requestLeft)+1 && w.requestTrailers:
		w.stream.OnRequestTrailers(&header.Map{})
	}
}

// sendResponse answers once the router has the complete request, so that the request side is not cut.
func (w *world) sendResponse() {
	if w.router.ends == 0 {
		return
	}
	step := w.responseStep
	w.responseStep++
	last := step == len(w.responseLeft)
	switch {
	case step == 0:
		w.stream.OnUpstreamHeaders(header.New([2]string{":status", "200"}), last && !w.replyTrailers)
	case step <= len(w.responseLeft):
		w.stream.OnUpstreamData(w.responseLeft[step-1], last && !w.replyTrailers)
	case step == len(w.responseLeft)+1 && w.replyTrailers:
		w.stream.OnUpstreamTrailers(&header.Map{})
	}
}

func (w *world) resume() {
	if len(w.filters) == 0 {
		return
	}
	f := w.filters[w.rng.IntN(len(w.filters))]
	if w.rng.IntN(2) == 0 {
		w.continueDecoding(f)
		return
	}
	w.continueEncoding(f)
}

// continueDecoding expects nothing of what was held to be shown again.
func (w *world) continueDecoding(f *wanderer) {
	f.inHeld = w.afterResume(f.inHeld)
	f.cb.ContinueDecoding()
}

func (w *world) afterResume(k kept) kept {
	if w.depth > 0 {
		k.unsure = true
		return k
	}
	return kept{all: k.all}
}

func (w *world) continueEncoding(f *wanderer) {
	f.outHeld = w.afterResume(f.outHeld)
	f.cb.ContinueEncoding()
}

// meddle does from inside a callback what may only take effect after it.
func (w *world) meddle() {
	w.depth++
	defer func() { w.depth-- }()
	if w.rng.IntN(4) == 0 {
		w.disturb()
	}
	if w.rng.IntN(4) == 0 {
		w.resume()
	}
}

// disturb changes the limit or throttles, and in violent worlds ends the exchange.
func (w *world) disturb() {
	if len(w.filters) == 0 {
		return
	}
	cb := w.filters[w.rng.IntN(len(w.filters))].cb
	switch w.rng.IntN(12) {
	case 0:
		w.stream.OnDownstreamWriteBuffer(w.rng.IntN(2) == 0)
	case 1:
		w.stream.OnUpstreamWriteBuffer(w.rng.IntN(2) == 0)
	case 2:
		cb.ClearRouteCache()
	}
	if !w.violent {
		return
	}
	switch w.rng.IntN(60) {
	case 0:
		w.clientGone = true
		w.stream.OnDownstreamReset("gone")
	case 1:
		w.replied = true
		cb.SendLocalReply(LocalReply{Code: 403, Body: []byte("no"), GRPCStatus: NoGRPCStatus})
	case 2:
		w.stream.OnUpstreamReset(LocalReply{Code: 503, GRPCStatus: NoGRPCStatus}, "UC")
		w.replied = true
	case 3:
		cb.ResetStream("why")
	case 4:
		cb.SetBufferLimit(1 + w.rng.IntN(5)) // 413 and 500
		w.replied = true
	}
}

func (w *world) check() {
	t := w.t
	if !bytes.HasPrefix(w.requestBody, w.router.body) {
		t.Errorf("router got %q of %q", w.router.body, w.requestBody)
	}
	for _, f := range w.filters {
		if !bytes.HasPrefix(w.requestBody, f.in.body) {
			t.Errorf("%s was shown %q of %q", f.in.who, f.in.body, w.requestBody)
		}
		if !w.replied && !bytes.HasPrefix(w.responseBody, f.out.body) {
			t.Errorf("%s was shown %q of %q", f.out.who, f.out.body, w.responseBody)
		}
	}
	if !w.stream.Ended() || w.logged != 1 || w.readsDisabled != 0 && !w.clientGone && w.resets == 0 {
		t.Errorf("ended %v, logged %d, reads disabled %d", w.stream.Ended(), w.logged, w.readsDisabled)
	}
	for _, f := range w.filters {
		if f.completed != 1 || f.destroyed != 1 {
			t.Errorf("%s: completed %d, destroyed %d", f.in.who, f.completed, f.destroyed)
		}
	}
	if w.upstreamResets > 1 || w.resets > 1 {
		t.Errorf("%d resets up, %d down", w.upstreamResets, w.resets)
	}
	if w.codec.ends != 1 && w.resets == 0 && !w.clientGone {
		t.Errorf("the client has neither a whole response nor a reset: %+v", w.codec)
	}
	if !w.violent {
		w.checkWhole()
	}
}

// checkWhole is for an exchange that nothing cut short.
func (w *world) checkWhole() {
	t := w.t
	checks := []*flowCheck{&w.router}
	for _, f := range w.filters {
		checks = append(checks, &f.in)
	}
	for _, c := range checks {
		if !bytes.Equal(c.body, w.requestBody) || c.ends != 1 || c.trailers > 0 != w.requestTrailers {
			t.Errorf("%s got %q of %q, %+v", c.who, c.body, w.requestBody, c)
		}
	}
	checks = []*flowCheck{&w.codec}
	for _, f := range w.filters {
		checks = append(checks, &f.out)
	}
	for _, c := range checks {
		if !bytes.Equal(c.body, w.responseBody) || c.ends != 1 || c.trailers > 0 != w.replyTrailers {
			t.Errorf("%s got %q of %q, %+v", c.who, c.body, w.responseBody, c)
		}
	}
	if w.upstreamResets+w.resets != 0 {
		t.Errorf("%d resets up, %d down", w.upstreamResets, w.resets)
	}
}
