package codec

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
	"golang.org/x/net/http2"
)

// serveHTTP2 hands the connection to x/net's server; each of its handlers is one exchange.
func (c *serverConn) serveHTTP2(nc net.Conn) {
	c.info.Protocol = "HTTP/2"
	if c.setBusy(true); c.srv.draining.Load() {
		return
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		x := &serverStream{c: c, w: w, r: r, ev: &events{}}
		x.q = newSendQueue(x.ev)
		x.run()
	}
	c.srv.h2.ServeConn(nc, &http2.ServeConnOpts{BaseConfig: c.srv.hs, Handler: http.HandlerFunc(handler)})
}

// serverStream is one HTTP/2 request with its response. The handler's goroutine writes, another one reads the body.
type serverStream struct {
	c    *serverConn
	w    http.ResponseWriter
	r    *http.Request
	ev   *events
	q    *sendQueue
	gate gate

	goroutines sync.WaitGroup // they end before the handler does, which x/net demands

	mu      sync.Mutex
	started bool // final response headers are queued
	noBody  bool // and rule a body out
	over    bool // complete, lost or reset
	left    bool // the handler is about to return
}

// run is the handler.
func (x *serverStream) run() {
	h := requestHeaders(x.r, scheme(x.c.info))
	if refused := tooManyHeaders(h, x.c.srv.cfg.Limits); refused != nil {
		x.w.WriteHeader(refused.Status)
		io.WriteString(x.w, http.StatusText(refused.Status))
		x.c.srv.refused(x.c.info, refused)
		return
	}
	endStream := x.r.ContentLength == 0 // with an explicit 0 the end may still be on its way, with nothing before it
	x.ev.r = x.c.srv.cfg.NewStream(x.c.info, x)
	x.ev.post(event{kind: eventHeaders, h: h, flag: endStream})
	if !endStream {
		x.goroutines.Add(1)
		go x.readBody()
	}
	err := x.write()
	x.mu.Lock()
	lost := err != nil && !x.over
	x.over, x.left = true, true
	x.mu.Unlock()
	if lost {
		x.ev.post(event{kind: eventReset, err: x.resetError(err)})
	}
	x.ev.finish()
	x.q.close()
	x.gate.release()
	x.r.Body.Close()
	x.goroutines.Wait()
	if err != nil {
		panic(http.ErrAbortHandler) // makes x/net reset the stream
	}
}

func (x *serverStream) resetError(err error) *ResetError {
	kind, cause := x.c.srv.lostKind()
	switch {
	case cause != nil:
		err = cause
	case errors.Is(err, errWriteRefused):
		kind = LocalReset
	default:
		kind = RemoteReset
	}
	return &ResetError{Kind: kind, AfterHeaders: true, Err: unexpectedEOF(err)}
}

// readBody delivers the request body.
func (x *serverStream) readBody() {
	defer x.goroutines.Done()
	if err := deliverBody(x.r.Body, x.ev, &x.gate, func() http.Header { return x.r.Trailer }); err != nil {
		x.mu.Lock()
		lost := !x.over
		x.over = true
		x.mu.Unlock()
		if lost {
			x.ev.post(event{kind: eventReset, err: x.resetError(err)})
			x.q.put(frame{kind: frameAbort})
			x.unblock(time.Unix(1, 0))
		}
	}
}

// deliverBody posts an HTTP/2 body to its end.
func deliverBody(body io.Reader, ev *events, g *gate, trailer func() http.Header) error {
	for {
		g.wait()
		data := make([]byte, readSize)
		n, err := body.Read(data)
		g.wait()
		if n > 0 {
			ev.post(event{kind: eventData, data: data[:n]})
		}
		if err == nil {
			continue
		}
		if err != io.EOF {
			return err
		}
		if trailers := mapOf(header.New(), trailer()); trailers.Len() > 0 {
			ev.post(event{kind: eventTrailers, h: trailers})
			return nil
		}
		ev.post(event{kind: eventData, flag: true})
		return nil
	}
}

// errWriteRefused marks what x/net does not let the gateway send.
var errWriteRefused = errors.New("cannot send")

// write sends what is queued until the end. Returning nil lets the handler end the stream.
func (x *serverStream) write() error {
	for {
		batch := x.q.take(writeBatch)
		if len(batch) == 0 {
			select {
			case <-x.q.wake:
				continue
			case <-x.r.Context().Done():
				return context.Canceled
			}
		}
		for i := range batch {
			if err := x.writeFrame(&batch[i]); err != nil {
				return err
			}
			x.q.sent(batch[i].size())
			if batch[i].end {
				return nil
			}
		}
		if err := http.NewResponseController(x.w).Flush(); err != nil {
			return err
		}
	}
}

func (x *serverStream) writeFrame(f *frame) error {
	switch f.kind {
	case frameAbort:
		x.mu.Lock()
		started := x.started
		x.mu.Unlock()
		if started { // x/net holds headers and data back until it is told
			http.NewResponseController(x.w).Flush()
		}
		return errAborted
	case frameHead:
		x.writeHead(f.h)
	case frameTrailers:
		for _, e := range f.h.Entries() {
			key := http2.TrailerPrefix + e.Name
			x.w.Header()[key] = append(x.w.Header()[key], e.Value)
		}
	case frameBody:
		if len(f.parts[0]) == 0 || x.noBody {
			return nil
		}
		_, err := x.w.Write(f.parts[0])
		return err
	}
	return nil
}

// writeHead writes a response head. The nil entries keep x/net from making headers up.
func (x *serverStream) writeHead(h *header.Map) {
	to := x.w.Header()
	clear(to)
	status, _ := strconv.Atoi(h.Value(":status"))
	copyHeaders(to, h)
	if status >= 200 {
		for _, name := range []string{"Date", "Content-Type", "Content-Length"} {
			if _, given := to[name]; !given {
				to[name] = nil
			}
		}
		if x.c.srv.draining.Load() {
			to.Set("Connection", "close") // GOAWAY
		}
	}
	x.w.WriteHeader(status)
	if status < 200 {
		clear(to)
	}
}

// SendHeaders implements Sender.
func (x *serverStream) SendHeaders(h *header.Map, endStream bool) {
	status, err := strconv.Atoi(h.Value(":status"))
	x.mu.Lock()
	if x.over || x.started {
		x.mu.Unlock()
		return
	}
	if err != nil || status < 100 || status > 999 || status == 101 {
		x.mu.Unlock()
		x.Reset()
		return
	}
	if status >= 200 {
		x.started = true
		x.noBody = x.r.Method == http.MethodHead || status == 204 || status == 304
	}
	x.mu.Unlock()
	x.q.put(frame{kind: frameHead, h: h.Clone(), end: endStream && status >= 200})
}

// SendData implements Sender.
func (x *serverStream) SendData(data []byte, endStream bool) {
	if x.sendable() {
		x.q.put(frame{kind: frameBody, end: endStream, parts: [3][]byte{data}})
	}
}

// SendTrailers implements Sender.
func (x *serverStream) SendTrailers(t *header.Map) {
	if x.sendable() {
		x.q.put(frame{kind: frameTrailers, end: true, h: t.Clone()})
	}
}

func (x *serverStream) sendable() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.started && !x.over
}

// Reset implements Sender. What was sent before goes out first, if the peer takes it within a second.
func (x *serverStream) Reset() {
	x.mu.Lock()
	if x.over {
		x.mu.Unlock()
		return
	}
	x.over = true
	x.mu.Unlock()
	x.ev.close()
	x.gate.release()
	x.q.put(frame{kind: frameAbort})
	x.unblock(time.Now().Add(delayedClose))
}

// unblock resets the stream at a time, which ends a write that waits for the peer's window.
func (x *serverStream) unblock(at time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.left {
		return
	}
	x.goroutines.Add(1)
	go func() {
		defer x.goroutines.Done()
		http.NewResponseController(x.w).SetWriteDeadline(at)
	}()
}

// ReadDisable implements Sender.
func (x *serverStream) ReadDisable(disable bool) { x.gate.disable(disable) }

var _ Sender = (*serverStream)(nil)

// requestHeaders returns an HTTP/2 request's headers, sorted by name.
func requestHeaders(r *http.Request, scheme string) *header.Map {
	h := header.New([2]string{":method", r.Method})
	if r.Method != http.MethodConnect {
		h.Append(":path", r.RequestURI)
	}
	if r.Host != "" {
		h.Append(":authority", r.Host)
	}
	h.Append(":scheme", scheme)
	mapOf(h, r.Header)
	if announced := slices.Sorted(maps.Keys(r.Trailer)); len(announced) > 0 { // x/net has taken the header away
		h.Append("trailer", strings.ToLower(strings.Join(announced, ",")))
	}
	return h
}

// mapOf appends from to h, sorted by name.
func mapOf(h *header.Map, from http.Header) *header.Map {
	names := make([]string, 0, len(from))
	for name := range from {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range from[name] {
			h.Append(name, value)
		}
	}
	return h
}

// hopByHop are the headers HTTP/2 forbids (RFC 9113 section 8.2.2).
var hopByHop = []string{"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}

// copyHeaders puts the regular headers of from that HTTP/2 allows into to.
func copyHeaders(to http.Header, from *header.Map) {
	for _, e := range from.Entries() {
		if strings.HasPrefix(e.Name, ":") || slices.Contains(hopByHop, e.Name) || !isToken(e.Name) ||
			e.Name == "te" && e.Value != "trailers" {
			continue
		}
		key := http.CanonicalHeaderKey(e.Name)
		to[key] = append(to[key], lineBreaks.Replace(e.Value))
	}
}
