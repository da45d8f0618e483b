package codec

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/wasmplane/wasmplane/gateway/header"
	"golang.org/x/net/http2"
)

// transport returns the pool's HTTP/2 client.
func (p *Pool) transport() *http2.Transport {
	return &http2.Transport{
		AllowHTTP:          true,
		DisableCompression: true,
		IdleConnTimeout:    p.cfg.IdleTimeout,
		MaxHeaderListSize:  uint32(p.cfg.Limits.HeaderBytes),
		DialTLSContext: func(ctx context.Context, _, addr string, _ *tls.Config) (net.Conn, error) {
			nc, err := p.dial(ctx, addr)
			if err != nil {
				return nil, err
			}
			return p.track(nc)
		},
	}
}

// upstreamStream is one HTTP/2 request with its response. Its goroutine reads; x/net's reads the request from the queue.
type upstreamStream struct {
	pool *Pool
	addr string
	ev   *events
	q    *sendQueue
	gate gate
	ctx  context.Context // ends with the exchange
	stop context.CancelFunc

	mu            sync.Mutex
	sent          bool // headers
	response      bool // response headers were delivered
	over          bool
	local, remote netip.AddrPort
}

var _ Sender = (*upstreamStream)(nil)
var _ ConnInfo = (*upstreamStream)(nil)

func (p *Pool) requestStream(addr string, r Receiver) Sender {
	x := &upstreamStream{pool: p, addr: addr, ev: &events{r: r}}
	x.q = newSendQueue(x.ev)
	x.ctx, x.stop = context.WithCancel(context.Background())
	if !p.register(x) {
		go x.fail(LocalReset, errPoolClosed)
	}
	return x
}

// SendHeaders implements Sender. Headers that cannot be a request reset the exchange with LocalReset.
func (x *upstreamStream) SendHeaders(h *header.Map, endStream bool) {
	x.mu.Lock()
	if x.over || x.sent {
		x.mu.Unlock()
		return
	}
	x.sent = true
	x.mu.Unlock()
	req, err := x.request(h, endStream)
	if err != nil {
		x.fail(LocalReset, fmt.Errorf("%w: %w", errWriteRefused, err))
		return
	}
	x.pool.goroutine(func() { x.roundTrip(req) })
}

// request makes x/net's request. An opaque URL keeps the path verbatim.
func (x *upstreamStream) request(h *header.Map, endStream bool) (*http.Request, error) {
	method, path, authority := h.Value(":method"), h.Value(":path"), h.Value(":authority")
	if !isToken(method) || method == http.MethodConnect || IsUpgrade(h) {
		return nil, fmt.Errorf(":method %q with tunnelling or none", method)
	}
	if path == "" || path[0] != '/' && path != "*" || !isTarget(path) {
		return nil, fmt.Errorf(":path %q cannot be a request target", path)
	}
	if !isTarget(authority) {
		return nil, fmt.Errorf(":authority %q cannot be a host", authority)
	}
	if authority == "" {
		authority = x.addr
	}
	u := &url.URL{Scheme: "http", Host: x.addr, Opaque: "//" + authority + path}
	if x.pool.cfg.TLS != nil {
		u.Scheme = "https"
	}
	req := &http.Request{Method: method, URL: u, Host: authority, Header: http.Header{}, ContentLength: -1}
	copyHeaders(req.Header, h)
	if _, given := req.Header["User-Agent"]; !given {
		req.Header["User-Agent"] = nil // or x/net sends its own
	}
	if length, ok := parseLength(h.Value("content-length")); ok {
		req.ContentLength = length
	}
	if endStream {
		req.ContentLength = 0
	} else {
		req.Trailer = http.Header{}
		req.Body = &queueReader{q: x.q, stop: x.ctx.Done(), trailer: req.Trailer, closed: make(chan struct{})}
	}
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		x.mu.Lock()
		x.local, x.remote = addrPort(info.Conn.LocalAddr()), addrPort(info.Conn.RemoteAddr())
		x.mu.Unlock()
	}}
	return req.WithContext(httptrace.WithClientTrace(x.ctx, trace)), nil
}

func (x *upstreamStream) roundTrip(req *http.Request) {
	res, err := x.pool.h2.RoundTrip(req)
	if err != nil {
		x.fail(resetKind(err), err)
		return
	}
	defer res.Body.Close()
	h := mapOf(header.New([2]string{":status", fmt.Sprint(res.StatusCode)}), res.Header)
	if refused := tooManyHeaders(h, x.pool.cfg.Limits); refused != nil {
		x.fail(ProtocolError, refused)
		return
	}
	// x/net does not say whether the headers ended the stream. It leaves nothing to read then, and a length of 0.
	endStream := false
	if res.ContentLength == 0 || req.Method == http.MethodHead {
		n, err := io.Copy(io.Discard, res.Body)
		endStream = n == 0 && err == nil && len(res.Trailer) == 0
		if err != nil {
			x.fail(resetKind(err), err)
			return
		}
	}
	x.mu.Lock()
	x.response = true
	x.mu.Unlock()
	if endStream {
		x.complete(event{kind: eventHeaders, h: h, flag: true})
		return
	}
	x.ev.post(event{kind: eventHeaders, h: h})
	if err := deliverBody(res.Body, x.ev, &x.gate, func() http.Header { return res.Trailer }); err != nil {
		x.fail(resetKind(err), unexpectedEOF(err))
		return
	}
	x.complete(event{kind: eventWriteBuffer})
}

// complete delivers the end of the response, unless deliverBody did.
func (x *upstreamStream) complete(end event) {
	x.mu.Lock()
	over := x.over
	x.over = true
	x.mu.Unlock()
	if over {
		return
	}
	if end.kind == eventHeaders {
		x.ev.post(end)
	}
	x.ev.finish()
	x.abandon()
}

func (x *upstreamStream) fail(kind ResetKind, err error) {
	x.mu.Lock()
	if x.over {
		x.mu.Unlock()
		return
	}
	x.over = true
	if x.response && (kind == ConnectionTermination || kind == RemoteReset) {
		kind = ResetAfterHeaders
	}
	reset := &ResetError{Kind: kind, AfterHeaders: x.response, Err: err}
	x.mu.Unlock()
	x.ev.post(event{kind: eventReset, err: reset})
	x.abandon()
}

func (x *upstreamStream) abandon() {
	x.pool.unregister(x)
	x.gate.release()
	x.q.close()
	x.stop()
}

// SendData implements Sender.
func (x *upstreamStream) SendData(data []byte, endStream bool) {
	if x.sendable() {
		x.q.put(frame{kind: frameBody, end: endStream, parts: [3][]byte{data}})
	}
}

// SendTrailers implements Sender.
func (x *upstreamStream) SendTrailers(t *header.Map) {
	if x.sendable() {
		x.q.put(frame{kind: frameTrailers, end: true, h: t.Clone()})
	}
}

func (x *upstreamStream) sendable() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.sent && !x.over
}

// Reset implements Sender.
func (x *upstreamStream) Reset() {
	x.mu.Lock()
	if x.over {
		x.mu.Unlock()
		return
	}
	x.over = true
	x.mu.Unlock()
	x.ev.close()
	x.abandon()
}

// ReadDisable implements Sender.
func (x *upstreamStream) ReadDisable(disable bool) { x.gate.disable(disable) }

// ConnInfo implements ConnInfo.
func (x *upstreamStream) ConnInfo() (local, remote netip.AddrPort) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.local, x.remote
}

// resetKind reads an error of x/net's client.
func resetKind(err error) ResetKind {
	var (
		connect *connectError
		stream  http2.StreamError
		conn    http2.ConnectionError
	)
	switch {
	case errors.As(err, &connect):
		return connect.kind
	case errors.Is(err, http2.ErrFrameTooLarge), errors.As(err, &conn):
		return ProtocolError
	case errors.As(err, &stream):
		if stream.Code == http2.ErrCodeProtocol && (stream.Cause == nil || !strings.Contains(stream.Cause.Error(), "from peer")) {
			return ProtocolError
		}
		return RemoteReset
	}
	return ConnectionTermination
}

// queueReader is the request body that x/net reads from the queue.
type queueReader struct {
	q         *sendQueue
	stop      <-chan struct{}
	trailer   http.Header // filled before the end is reported
	left      []byte
	end       bool
	closeOnce sync.Once
	closed    chan struct{}
}

// Read waits for data and returns what is there.
func (r *queueReader) Read(p []byte) (int, error) {
	for len(r.left) == 0 {
		if r.end {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	r.q.sent(n)
	return n, nil
}

func (r *queueReader) next() error {
	for {
		frames := r.q.take(0)
		if len(frames) == 0 {
			select {
			case <-r.q.wake:
				continue
			case <-r.stop:
				return errStopped
			case <-r.closed:
				return errStopped
			}
		}
		f := frames[0]
		r.left, r.end = slices.Clip(f.parts[0]), f.end
		for _, e := range f.h.Entries() {
			if isToken(e.Name) {
				key := http.CanonicalHeaderKey(e.Name)
				r.trailer[key] = append(r.trailer[key], lineBreaks.Replace(e.Value))
			}
		}
		return nil
	}
}

// Close ends a waiting Read.
func (r *queueReader) Close() error {
	r.closeOnce.Do(func() { close(r.closed) })
	return nil
}
