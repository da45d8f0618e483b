package codec

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// patience bounds every wait of these tests; it is only reached when one fails.
const patience = 60 * time.Second

// recorder is a Receiver that keeps everything. Consecutive data is joined, because reads cut it anywhere.
type recorder struct {
	conn   *Conn
	sender Sender
	hook   func(r *recorder, what string) // called outside the lock after each event

	mu      sync.Mutex
	changed chan struct{}
	headers *header.Map
	body    []byte
	trailer *header.Map
	end     bool
	reset   *ResetError
	buffer  []bool
	late    []string // events after the end or reset that must not come
}

func newRecorder() *recorder { return &recorder{changed: make(chan struct{})} }

func (r *recorder) note(what string, f func()) {
	r.mu.Lock()
	if r.reset != nil || r.end && what != "reset" && what != "buffer" {
		r.late = append(r.late, what)
	}
	f()
	close(r.changed)
	r.changed = make(chan struct{})
	r.mu.Unlock()
	if r.hook != nil {
		r.hook(r, what)
	}
}

func (r *recorder) OnHeaders(h *header.Map, end bool) {
	r.note("headers", func() { r.headers, r.end = h, end })
}
func (r *recorder) OnData(data []byte, end bool) {
	r.note("data", func() { r.body, r.end = append(r.body, data...), end })
}
func (r *recorder) OnTrailers(t *header.Map) {
	r.note("trailers", func() { r.trailer, r.end = t, true })
}
func (r *recorder) OnReset(err *ResetError) { r.note("reset", func() { r.reset = err }) }
func (r *recorder) OnWriteBuffer(high bool) {
	r.note("buffer", func() { r.buffer = append(r.buffer, high) })
}

// wait returns once cond, evaluated under the lock, holds.
func (r *recorder) wait(t testing.TB, what string, cond func() bool) {
	t.Helper()
	timeout := time.After(patience)
	for {
		r.mu.Lock()
		ok, changed := cond(), r.changed
		r.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("no %s; have %s", what, r)
		}
	}
}

func (r *recorder) waitOver(t testing.TB) {
	t.Helper()
	r.wait(t, "end", func() bool { return r.end || r.reset != nil })
}

// String is the exchange as the tables write it.
func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	for _, e := range r.headers.Entries() {
		fmt.Fprintf(&b, "%s=%s|", e.Name, e.Value)
	}
	if len(r.body) > 0 {
		fmt.Fprintf(&b, " body=%q", r.body)
	}
	for _, e := range r.trailer.Entries() {
		fmt.Fprintf(&b, " trailer %s=%s", e.Name, e.Value)
	}
	if r.end {
		b.WriteString(" end")
	}
	if r.reset != nil {
		fmt.Fprintf(&b, " reset: %s", r.reset.Kind)
	}
	for _, l := range r.late {
		b.WriteString(" LATE " + l)
	}
	return b.String()
}

// testServer is a server on a loopback port with a recorder for each of its exchanges.
type testServer struct {
	*Server
	addr      string
	exchanges chan *recorder
	refusals  chan *RefusedError
}

func startServer(t testing.TB, cfg ServerConfig, hook func(*recorder, string)) *testServer {
	t.Helper()
	s := &testServer{exchanges: make(chan *recorder, 1000), refusals: make(chan *RefusedError, 100)}
	cfg.NewStream = func(conn *Conn, sender Sender) Receiver {
		r := newRecorder()
		r.conn, r.sender, r.hook = conn, sender, hook
		s.exchanges <- r
		return r
	}
	cfg.OnProtocolError = func(_ *Conn, err *RefusedError) { s.refusals <- err }
	s.Server = NewServer(cfg)
	ln := listen(t)
	s.addr = ln.Addr().String()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-served; err != ErrServerClosed {
			t.Errorf("Serve: %v", err)
		}
	})
	return s
}

func (s *testServer) next(t testing.TB) *recorder {
	t.Helper()
	return receive(t, s.exchanges, "request")
}

func receive[T any](t testing.TB, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

// rawConn is a peer that speaks bytes.
type rawConn struct {
	t testing.TB
	net.Conn
	br *bufio.Reader
}

func dialRaw(t testing.TB, addr string) *rawConn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return newRawConn(t, nc)
}

func newRawConn(t testing.TB, nc net.Conn) *rawConn {
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	return &rawConn{t: t, Conn: nc, br: bufio.NewReader(nc)}
}

func (c *rawConn) send(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c.Conn, s); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// expect reads exactly want.
func (c *rawConn) expect(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(c.br, got)
	if string(got[:n]) != want {
		c.t.Fatalf("got %q, %v\nwant %q", got[:n], err, want)
	}
}

// expectClosed reads to the end of the connection and wants nothing before it.
func (c *rawConn) expectClosed() {
	c.t.Helper()
	rest, err := io.ReadAll(c.br)
	if len(rest) > 0 || err != nil {
		c.t.Fatalf("at the end: %q, %v", rest, err)
	}
}

func (c *rawConn) expectLine(want string) {
	c.t.Helper()
	line, err := c.br.ReadString('\n')
	if strings.TrimRight(line, "\r\n") != want {
		c.t.Fatalf("line %q, %v; want %q", line, err, want)
	}
}

// skipHead reads up to the end of a message head and returns it.
func (c *rawConn) skipHead() string {
	c.t.Helper()
	var head strings.Builder
	for {
		line, err := c.br.ReadString('\n')
		if err != nil {
			c.t.Fatalf("head: %q then %v", head.String(), err)
		}
		head.WriteString(line)
		if line == "\r\n" {
			return head.String()
		}
	}
}

// checkGoroutines fails the test if it leaves goroutines of this package or of x/net's http2 behind.
func checkGoroutines(t testing.TB) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for {
			left := leftGoroutines()
			if left == "" {
				return
			}
			if ctx.Err() != nil {
				t.Errorf("goroutines left:\n%s", left)
				return
			}
			runtime.Gosched()
			select {
			case <-ctx.Done():
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
}

func leftGoroutines() string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var left []string
	for i, g := range strings.Split(string(buf), "\n\n") {
		if i > 0 && (strings.Contains(g, "gateway/codec.(") || strings.Contains(g, "net/http2.(")) &&
			!strings.Contains(g, "testing.tRunner") {
			left = append(left, g)
		}
	}
	return strings.Join(left, "\n\n")
}
