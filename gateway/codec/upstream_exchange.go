package codec

import (
	"bufio"
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// idempotentMethods may be sent a second time when their fate is unknown.
var idempotentMethods = []string{"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}

// maxInformational bounds the 1xx responses before the final one.
const maxInformational = 100

var errUnsolicited = errors.New("response without a request")

// upstreamExchange is one HTTP/1 request with its response. The connection's goroutine reads, another one writes.
type upstreamExchange struct {
	pool   *Pool
	addr   string
	ev     *events
	q      *sendQueue
	gate   gate
	ctx    context.Context // ends with the exchange
	cancel context.CancelFunc

	accepted chan struct{} // closed when the upstream accepted a tunnel

	mu        sync.Mutex
	c         *upstreamConn
	written   chan struct{} // closed when the writer on c is through
	detach    func()        // ends the writer on c
	method    string        // "" until SendHeaders
	tunnel    bool
	enc       bodyEncoder
	sent      []frame // what was written, as long as it may be written again
	wrote     bool    // something of the request was handed to a connection
	wroteBody bool    // part of the body, too
	wroteAll  bool    // the end was written
	retried   bool
	response  bool // response headers were delivered
	over      bool
}

func newUpstreamExchange(p *Pool, addr string, r Receiver) *upstreamExchange {
	x := &upstreamExchange{pool: p, addr: addr, ev: &events{r: r}, accepted: make(chan struct{})}
	x.q = newSendQueue(x.ev)
	x.ctx, x.cancel = context.WithCancel(context.Background())
	return x
}

// connect gets a fresh connection.
func (x *upstreamExchange) connect() {
	nc, err := x.pool.dial(x.ctx, x.addr)
	if err != nil {
		kind := ConnectFailure
		var failed *connectError
		if errors.As(err, &failed) {
			kind = failed.kind
		}
		x.fail(kind, err)
		return
	}
	c := &upstreamConn{pool: x.pool, addr: x.addr, nc: nc, br: bufio.NewReaderSize(nc, readSize), x: x}
	x.attach(c)
	c.read()
}

// attach starts writing on c.
func (x *upstreamExchange) attach(c *upstreamConn) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.over {
		c.nc.Close()
		return
	}
	written := make(chan struct{})
	ctx, detach := context.WithCancel(x.ctx)
	x.c, x.written, x.detach = c, written, detach
	go func() {
		defer close(written)
		defer detach()
		x.write(ctx, c)
	}()
}

// write is the exchange's writer on one connection. A failure is left for the reader to judge: the upstream may have
// answered before it closed.
func (x *upstreamExchange) write(ctx context.Context, c *upstreamConn) {
	err := writeFrames(c.nc, x.q, 0, ctx.Done(), x.beforeWrite)
	if err == nil {
		x.wroteEnd(c)
		return
	}
	if !errors.Is(err, errStopped) {
		c.nc.SetReadDeadline(time.Now().Add(delayedClose))
	}
}

// beforeWrite notes what is about to be written, and holds a tunnel's data back until it is accepted.
func (x *upstreamExchange) beforeWrite(batch []frame) error {
	x.mu.Lock()
	body := slices.ContainsFunc(batch, func(f frame) bool { return f.kind == frameBody && f.size() > 0 })
	hold := x.tunnel && batch[0].kind == frameBody
	x.mu.Unlock()
	if hold {
		select {
		case <-x.accepted:
		case <-x.ctx.Done():
			return errStopped
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.wrote = true
	if x.wroteBody = x.wroteBody || body; x.wroteBody {
		x.sent = nil
		return nil
	}
	x.sent = append(x.sent, batch...)
	return nil
}

// wroteEnd runs when the whole request is written. A tunnel's sending direction is closed.
func (x *upstreamExchange) wroteEnd(c *upstreamConn) {
	x.mu.Lock()
	x.wroteAll = true
	tunnel := x.tunnel
	x.mu.Unlock()
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok && tunnel {
		half.CloseWrite()
	}
}

// readResponse reads the response from c and reports whether c can be used again.
func (x *upstreamExchange) readResponse(c *upstreamConn) bool {
	x.mu.Lock()
	method, tunnel, wrote := x.method, x.tunnel, x.wrote
	x.mu.Unlock()
	if !wrote {
		x.lost(c, errUnsolicited)
		return false
	}
	head, err := x.readFinalHead(c, method, tunnel)
	if err != nil {
		x.readFailed(err)
		return false
	}
	x.mu.Lock()
	x.response = true
	x.mu.Unlock()
	if head.framing == framingRaw {
		close(x.accepted)
	}
	if head.bodyless() {
		return x.complete(c, head, event{kind: eventHeaders, h: head.headers, flag: true})
	}
	x.ev.post(event{kind: eventHeaders, h: head.headers})
	body := bodyReader{br: c.br, framing: head.framing, left: head.length, limits: x.pool.cfg.Limits}
	for {
		x.gate.wait()
		data, trailers, end, err := body.next()
		if err != nil {
			x.readFailed(err)
			return false
		}
		x.gate.wait()
		switch {
		case !end:
			x.ev.post(event{kind: eventData, data: data})
		case trailers != nil:
			return x.complete(c, head, event{kind: eventTrailers, h: trailers})
		default:
			return x.complete(c, head, event{kind: eventData, flag: true})
		}
	}
}

// readFinalHead swallows informational responses.
func (x *upstreamExchange) readFinalHead(c *upstreamConn, method string, tunnel bool) (*responseHead, error) {
	for range maxInformational {
		head, err := readResponseHead(c.br, x.pool.cfg.Limits, method, tunnel)
		if err != nil {
			return nil, err
		}
		if head.status == 101 && head.framing != framingRaw {
			return nil, refuse("http1.codec_error", "101 without an upgrade request")
		}
		if head.status >= 200 || head.framing == framingRaw {
			return head, nil
		}
	}
	return nil, refuse("http1.codec_error", "too many informational responses")
}

// complete delivers the end of the response and settles what becomes of the connection.
func (x *upstreamExchange) complete(c *upstreamConn, head *responseHead, end event) bool {
	x.mu.Lock()
	if x.over {
		x.mu.Unlock()
		return false
	}
	x.over = true
	reuse := head.keepAlive && head.framing != framingClose && head.framing != framingRaw && !x.enc.broken &&
		!x.tunnel && x.q.hasEnded() && c.br.Buffered() == 0
	written := x.written
	x.mu.Unlock()
	x.pool.unregister(x)
	x.ev.post(end)
	x.ev.finish()
	if reuse {
		// The upstream has answered everything; its acknowledgement may just have overtaken the writer.
		c.nc.SetWriteDeadline(time.Now().Add(delayedClose))
		<-written
		c.nc.SetDeadline(time.Time{})
		x.mu.Lock()
		reuse = x.wroteAll
		x.mu.Unlock()
	}
	x.cancel()
	x.q.close()
	return reuse
}

// readFailed ends the exchange after the first byte of a response.
func (x *upstreamExchange) readFailed(err error) {
	var refused *RefusedError
	if errors.As(err, &refused) {
		x.fail(ProtocolError, err)
		return
	}
	x.fail(ConnectionTermination, unexpectedEOF(err))
}

// lost is called when c failed before the first byte of a response. It retries on a fresh connection where that is safe.
func (x *upstreamExchange) lost(c *upstreamConn, err error) {
	x.mu.Lock()
	safe := !x.wrote || !x.wroteBody && !x.tunnel && slices.Contains(idempotentMethods, x.method)
	if x.over || x.retried || !safe || !c.wasReused() {
		x.mu.Unlock()
		x.fail(ConnectionTermination, unexpectedEOF(err))
		return
	}
	x.retried = true
	written, detach := x.written, x.detach
	x.mu.Unlock()
	c.nc.Close()
	detach()
	<-written
	x.mu.Lock()
	sent := x.sent
	x.sent, x.c = nil, nil
	x.mu.Unlock()
	x.q.putBack(sent)
	x.pool.goroutine(x.connect)
}

// fail ends the exchange with OnReset, unless it is over.
func (x *upstreamExchange) fail(kind ResetKind, err error) {
	x.mu.Lock()
	if x.over {
		x.mu.Unlock()
		return
	}
	x.over = true
	if kind == ConnectionTermination && x.response {
		kind = ResetAfterHeaders
	}
	reset := &ResetError{Kind: kind, AfterHeaders: x.response, Err: err}
	x.mu.Unlock()
	x.ev.post(event{kind: eventReset, err: reset})
	x.abandon()
}

// abandon releases everything of an exchange that is over without being complete.
func (x *upstreamExchange) abandon() {
	x.pool.unregister(x)
	x.gate.release()
	x.q.close()
	x.cancel()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.c != nil {
		x.c.nc.Close()
	}
}
