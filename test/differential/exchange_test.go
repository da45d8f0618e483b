package differential

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/header"
)

// restless is how long an exchange is waited for to come to rest between two steps, in gaps.
const restless = 100

// exchange is one run of a scenario on one engine. It is safe for concurrent use.
type exchange struct {
	id       string
	scenario *scenario

	mu       sync.Mutex
	activity int
	changed  chan struct{} // closed and replaced with every activity
	trace    []string
	opened   map[string]chan struct{} // gate → closed when it is open; a filter's call-out waits there
	received *message                 // by the backend; nil until its headers
	requests int                      // that the backend got
	answer   codec.Sender             // the backend's
	got      message                  // by the client
	sent     [2]int                   // bytes of body, by client and backend
	answered bool                     // the backend sent a whole response
}

// message is what a receiver got.
type message struct {
	headers  *header.Map
	body     []byte
	trailers *header.Map
	ended    bool
	reset    bool
}

func newExchange(id string, s *scenario) *exchange {
	return &exchange{id: id, scenario: s, changed: make(chan struct{}), opened: map[string]chan struct{}{}}
}

// note changes the exchange's record.
func (x *exchange) note(change func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change()
	x.activity++
	close(x.changed)
	x.changed = make(chan struct{})
}

// gate returns the channel of a gate for the call-out that came to it. It is closed when the gate opens.
func (x *exchange) gate(name string) chan struct{} {
	opened := make(chan struct{})
	x.note(func() { x.opened[name] = opened })
	return opened
}

// open opens a gate. One that no call-out has come to, because the filter was not reached, stays closed for good: several
// that opened at once would answer in any order.
func (x *exchange) open(name string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if opened := x.opened[name]; opened != nil {
		close(opened)
	}
}

// rest waits until nothing has happened for the gap. Nothing else tells that a proxy has nothing left to do.
func (x *exchange) rest(gap time.Duration) {
	for range restless {
		x.mu.Lock()
		changed := x.changed
		x.mu.Unlock()
		select {
		case <-changed:
		case <-time.After(gap):
			return
		}
	}
}

// await waits for a condition.
func (x *exchange) await(patience time.Duration, holds func() bool) bool {
	timeout := time.After(patience)
	for {
		x.mu.Lock()
		held, changed := holds(), x.changed
		x.mu.Unlock()
		if held {
			return true
		}
		select {
		case <-changed:
		case <-timeout:
			return false
		}
	}
}

// receiver notes what one side gets. It implements codec.Receiver.
type receiver struct {
	*exchange
	message *message
}

func (r receiver) OnHeaders(h *header.Map, end bool) {
	r.note(func() { r.message.headers, r.message.ended = h, end })
}

func (r receiver) OnData(data []byte, end bool) {
	r.note(func() { r.message.body, r.message.ended = append(r.message.body, data...), end })
}

func (r receiver) OnTrailers(t *header.Map) {
	r.note(func() { r.message.trailers, r.message.ended = t, true })
}

func (r receiver) OnReset(*codec.ResetError) { r.note(func() { r.message.reset = true }) }

func (r receiver) OnWriteBuffer(bool) {}

// run takes the steps of the scenario and waits for the end.
func (x *exchange) run(address string, gap time.Duration) {
	pool := codec.NewPool(codec.PoolConfig{HTTP2: x.scenario.http2, MaxIdle: -1})
	defer pool.Close()
	sender := pool.Request(address, receiver{x, &x.got})
	var waiting []step // the backend's, for the request
	for _, s := range x.scenario.steps {
		switch s.actor {
		case client:
			x.send(sender, s)
		case gate:
			x.open(s.gate)
		case backend:
			waiting = append(waiting, s)
		}
		if !s.together || s.actor == backend {
			x.rest(gap)
		}
		waiting = x.respond(waiting, gap)
	}
	x.await(patience, func() bool {
		return (x.got.ended || x.got.reset) && slices.ContainsFunc(x.trace, func(line string) bool { return line == "a done" })
	})
	x.rest(gap)
}

// respond takes the backend's steps, once there is a request, and returns what is left.
func (x *exchange) respond(waiting []step, gap time.Duration) []step {
	x.mu.Lock()
	answer := x.answer
	x.mu.Unlock()
	if answer == nil {
		return waiting
	}
	for _, s := range waiting {
		x.send(answer, s)
		x.answered = x.answered || s.end
		if !s.together {
			x.rest(gap)
		}
	}
	return nil
}

// send takes a step of the client or the backend.
func (x *exchange) send(to codec.Sender, s step) {
	switch s.kind {
	case headers:
		to.SendHeaders(x.head(s), s.end)
	case data:
		to.SendData(content(x.sent[s.actor], s.size), s.end)
		x.sent[s.actor] += s.size
	case trailers:
		to.SendTrailers(header.New([2]string{"x-end", [...]string{"client", "backend"}[s.actor]}))
	}
}

// head makes the headers of the request or the response.
func (x *exchange) head(s step) *header.Map {
	h, length := header.New([2]string{":status", "200"}, [2]string{"content-type", "text/plain"}), x.scenario.responseLength
	if s.actor == client {
		path := "/one"
		if x.scenario.http2 {
			path = "/two"
		}
		h, length = header.New([2]string{":method", x.scenario.method}, [2]string{":scheme", "http"}, [2]string{":path", path},
			[2]string{":authority", "differential"}, [2]string{"x-id", x.id}), x.scenario.requestLength
		for _, name := range filters {
			h.Append("x-script-"+name, x.scenario.scripts[name])
		}
	}
	h.Append("x-replaced", "original")
	h.Append("x-drop", "dropped unless it is still here")
	if length >= 0 {
		h.Append("content-length", fmt.Sprint(length))
	}
	if slices.ContainsFunc(x.scenario.steps, func(other step) bool { return other.actor == s.actor && other.kind == trailers }) {
		h.Append("trailer", "x-end")
	}
	return h
}

// ignored are headers that name times, addresses and the run.
var ignored = []string{"date", "server", "x-request-id", "x-id", "x-script-a", "x-script-b", "x-forwarded-for"}

func (m *message) String() string {
	if m.headers == nil {
		return fmt.Sprintf("nothing, reset %t", m.reset)
	}
	var lines []string
	for _, pair := range m.headers.Pairs() {
		if !slices.Contains(ignored, pair[0]) && !strings.HasPrefix(pair[0], "x-envoy-") {
			lines = append(lines, pair[0]+": "+pair[1])
		}
	}
	slices.Sort(lines)
	text := strings.Join(lines, " | ") + fmt.Sprintf(" | body %d/%08x", len(m.body), crc32.ChecksumIEEE(m.body))
	if len(m.body) <= 100 {
		text += fmt.Sprintf(" %q", m.body)
	}
	if m.trailers != nil {
		text += fmt.Sprintf(" | trailers %v", m.trailers.Pairs())
	}
	return text + fmt.Sprintf(" | ended %t, reset %t", m.ended, m.reset)
}

// outcome is what is compared.
func (x *exchange) outcome() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var out strings.Builder
	if x.got.reset && x.scenario.http2 { // how much is on the wire before the reset is the codec's
		fmt.Fprintln(&out, "  client: reset")
	} else {
		fmt.Fprintf(&out, "  client: %s\n", &x.got)
	}
	if x.received != nil && x.received.ended {
		if x.answered { // nothing is left to reset, but for a proxy that has not read it all
			x.received.reset = false
		}
		fmt.Fprintf(&out, "  backend, %d requests: %s\n", x.requests, x.received)
	} else { // how much of a request that is cut short comes through is a race
		fmt.Fprintln(&out, "  backend: no complete request")
	}
	for _, line := range x.trace {
		fmt.Fprintf(&out, "  %s\n", line)
	}
	return out.String()
}
