package cases

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/echo"
	"github.com/wasmplane/wasmplane/gateway/echo/websocket"
	"github.com/wasmplane/wasmplane/gateway/header"
)

// defaultHost is the authority of requests that name none.
const defaultHost = "gateway.test"

// outcome is what came of one request.
type outcome struct {
	id       string
	head     *header.Map // nil when no response began
	body     content
	trailers *header.Map
	messages []string // of a websocket
	reset    error    // how the response broke off
	problem  string   // why the exchange did not come to its end, such as a timeout
	duration time.Duration
	engine   Engine // that took the request
}

func (o *outcome) status() int {
	status, _ := strconv.Atoi(o.head.Value(":status"))
	return status
}

// newRequestID returns a random UUID, the form that gateways expect.
func newRequestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// exchange sends one request and waits for what comes of it, until ctx is over. turn counts the requests of a step.
func exchange(ctx context.Context, address string, r *Request, turn int, open *meetings) *outcome {
	pool := r.newPool()
	defer pool.Close()
	waits, cancel := sooner(ctx)
	defer cancel()
	h, id := r.head()
	m := open.open(id)
	defer open.close(id)
	x := &clientStream{meeting: m, out: &outcome{id: id}, done: make(chan struct{}), reply: make(chan string, 64), accepted: make(chan struct{})}
	began := time.Now()
	sender := echo.NewPaced(pool.Request(address, x))
	x.mu.Lock()
	x.sender = sender
	x.mu.Unlock()
	sent := make(chan string, 1)
	go func() { sent <- x.send(waits, r, turn, h) }()
	problem, aborted := "", false
	for waiting := true; waiting; {
		select {
		case <-x.done:
			waiting = false
		case problem = <-sent:
			sent = nil
			aborted = problem == "" && r.Abort
			waiting = problem == "" && !aborted
		case <-ctx.Done():
			waiting, problem = false, "timed out"
		}
	}
	sender.Reset() // nothing is left of an exchange that is complete
	if sent != nil {
		<-sent
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closed = true
	x.out.duration = time.Since(began)
	if aborted {
		x.out.reset = errors.New("aborted by the client")
	}
	if x.out.problem == "" {
		x.out.problem = problem
	}
	return x.out
}

// head builds the request headers and returns the request's x-request-id.
func (r *Request) head() (h *header.Map, id string) {
	h = header.New([2]string{":method", firstOf(r.Method, "GET")}, [2]string{":path", firstOf(r.Path, "/")},
		[2]string{":authority", firstOf(r.Host, defaultHost)}, [2]string{":scheme", r.scheme()})
	r.Headers.appendTo(h)
	if !h.Has("x-request-id") {
		h.Append("x-request-id", newRequestID())
	}
	if r.hasBody() && r.Trailers.IsZero() && !r.Chunked && !h.Has("content-length") {
		h.Append("content-length", strconv.FormatInt(r.length(), 10))
	}
	if r.Websocket != nil {
		for _, pair := range [][2]string{{"connection", "Upgrade"}, {"upgrade", "websocket"},
			{"sec-websocket-version", "13"}, {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}} {
			if !h.Has(pair[0]) {
				h.Append(pair[0], pair[1])
			}
		}
	}
	return h, h.Value("x-request-id")
}

// clientStream is the client's end of an exchange.
type clientStream struct {
	meeting  *meeting
	done     chan struct{} // closed when the response is over
	reply    chan string   // websocket messages
	accepted chan struct{} // closed when a websocket is open

	mu     sync.Mutex
	sender *echo.Paced
	out    *outcome
	parser websocket.Parser
	over   bool
	closed bool // the outcome was handed over
}

// send sends the request and returns why it could not, or "".
func (x *clientStream) send(ctx context.Context, r *Request, turn int, h *header.Map) string {
	body := r.length() > 0 || r.Chunks != nil || !r.Trailers.IsZero() || r.Websocket != nil
	x.sender.SendHeaders(h, !body && !r.Abort)
	if !body {
		return ""
	}
	if r.Websocket != nil {
		return x.converse(ctx, *r.Websocket)
	}
	if !r.Payload.send(turn, x.sender.Write) {
		return ""
	}
	err := playChunks(ctx, x.sender, r.Chunks, func(chunk *Chunk, sent int64) error {
		if !chunk.WaitForBackend.active() {
			return nil
		}
		return x.meeting.await(ctx, backendEnd, chunk.WaitForBackend, sent, x.sender.Gone())
	})
	switch {
	case errors.Is(err, errGone):
	case err != nil:
		return "request " + err.Error()
	case r.Abort:
	case !r.Trailers.IsZero():
		x.sender.SendTrailers(r.Trailers.appendTo(header.New()))
	default:
		x.sender.SendData(nil, true)
	}
	return ""
}

// converse sends websocket messages, each after the answer to the one before, and then closes.
func (x *clientStream) converse(ctx context.Context, messages []string) string {
	select {
	case <-x.accepted:
	case <-x.sender.Gone():
		return ""
	case <-ctx.Done():
		return "no answer to the websocket handshake"
	}
	frame := func(opcode byte, payload string) {
		var mask [4]byte
		rand.Read(mask[:])
		x.sender.SendData(websocket.Append(nil, websocket.Frame{Fin: true, Opcode: opcode, Payload: []byte(payload)}, &mask), false)
	}
	for i, message := range messages {
		frame(websocket.Text, message)
		select {
		case answer := <-x.reply:
			x.mu.Lock()
			x.out.messages = append(x.out.messages, answer)
			x.mu.Unlock()
		case <-x.sender.Gone():
			return ""
		case <-ctx.Done():
			return fmt.Sprintf("no answer to websocket message %d", i+1)
		}
	}
	frame(websocket.Close, "\x03\xe8") // 1000, a normal closure
	return ""
}

// OnHeaders implements codec.Receiver, as the next four.
func (x *clientStream) OnHeaders(h *header.Map, endStream bool) {
	x.change(endStream, func() { x.out.head = h })
	x.meeting.arrived(clientEnd, nil)
	if !endStream && h.Value(":status") == "101" {
		close(x.accepted)
	}
}

func (x *clientStream) OnData(data []byte, endStream bool) {
	x.change(endStream, func() {
		x.out.body.write(data)
		if x.out.head.Value(":status") != "101" {
			return
		}
		frames, err := x.parser.Feed(data)
		for _, f := range frames {
			if f.Opcode == websocket.Close {
				endStream = true
			} else if !f.Control() {
				select {
				case x.reply <- string(f.Payload):
				default: // far more than was asked for
				}
			}
		}
		if err != nil {
			x.out.problem = err.Error()
		}
	})
	if len(data) > 0 {
		x.meeting.arrived(clientEnd, data)
	}
	if endStream {
		x.change(true, func() {})
	}
}

func (x *clientStream) OnTrailers(t *header.Map) {
	x.change(true, func() { x.out.trailers = t })
}

func (x *clientStream) OnReset(err *codec.ResetError) {
	x.change(true, func() { x.out.reset = err })
}

func (x *clientStream) OnWriteBuffer(high bool) {
	x.mu.Lock()
	sender := x.sender
	x.mu.Unlock()
	if sender != nil {
		sender.Throttle(high)
	}
}

func (x *clientStream) change(end bool, f func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return
	}
	f()
	if end && !x.over {
		x.over = true
		close(x.done)
		if x.sender != nil {
			x.sender.Stop()
		}
	}
}
