package codec

import (
	"bufio"
	"bytes"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// serverExchange is one HTTP/1 request with its response. The connection's goroutine reads in run; another one writes.
type serverExchange struct {
	c    *serverConn
	head *requestHead
	body bodyReader
	ev   *events
	q    *sendQueue
	gate gate

	accepted chan struct{} // closed when a tunnel was accepted
	stop     chan struct{} // closed when the exchange was lost
	written  chan struct{} // closed when the writer is through

	mu      sync.Mutex
	reqDone bool // the request was read completely
	started bool // the final response head is queued
	isOpen  bool // the tunnel is raw
	enc     bodyEncoder
	close   bool // the response asks for the connection to be closed
	ending  bool // the writer has taken the end of the response
	over    bool // complete, lost or reset: nothing more is sent
	idle    bool // complete, and the connection may be used again
}

func newServerExchange(c *serverConn, br *bufio.Reader, head *requestHead) *serverExchange {
	x := &serverExchange{
		c: c, head: head, ev: &events{},
		body:     bodyReader{br: br, framing: head.framing, left: head.length, limits: c.srv.cfg.Limits},
		accepted: make(chan struct{}), stop: make(chan struct{}), written: make(chan struct{}),
	}
	if head.framing == framingChunked {
		x.body.left = 0
	}
	x.q = newSendQueue(x.ev)
	x.reqDone = !head.tunnel && (head.framing == framingNone || head.framing == framingLength && head.length == 0)
	return x
}

// run handles the exchange and reports whether the connection can carry another one.
func (x *serverExchange) run() bool {
	if x.head.expect100 {
		x.q.put(frame{kind: frameHead, parts: [3][]byte{[]byte("HTTP/1.1 100 Continue\r\n\r\n")}})
	}
	x.ev.r = x.c.srv.cfg.NewStream(x.c.info, x)
	go x.write()
	complete := x.reqDone
	x.ev.post(event{kind: eventHeaders, h: x.head.headers, flag: complete})
	var err error
	if !complete && !x.head.tunnel {
		err = x.readBody()
	}
	if err == nil {
		err = x.watch()
	}
	if err != nil && !x.responseEnding() {
		x.lost(err)
	}
	<-x.written
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.idle
}

// readBody delivers the body up to its end. After the response has ended it discards what it reads.
func (x *serverExchange) readBody() error {
	for {
		x.gate.wait()
		data, trailers, end, err := x.body.next()
		if err != nil {
			return err
		}
		x.gate.wait()
		if !end {
			x.ev.post(event{kind: eventData, data: data})
			continue
		}
		x.mu.Lock()
		x.reqDone = true
		x.mu.Unlock()
		if trailers != nil {
			x.ev.post(event{kind: eventTrailers, h: trailers})
			return nil
		}
		x.ev.post(event{kind: eventData, flag: true})
		return nil
	}
}

// watch waits for the response while looking out for the client to go away: a client that closes before the response
// is complete has given up, as for Envoy. What it sends early stays in the buffer. An accepted tunnel is read raw.
func (x *serverExchange) watch() error {
	_, err := x.body.br.Peek(1)
	if err != nil && !x.tunnelOpen() {
		return err
	}
	select {
	case <-x.written:
		return nil
	case <-x.accepted:
	}
	x.body.framing = framingRaw
	return x.readBody()
}

func (x *serverExchange) tunnelOpen() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.isOpen
}

// responseEnding reports whether the last bytes of the response are being written. The client may then go away as soon
// as it has them, so the end is the writer's to judge, within a second.
func (x *serverExchange) responseEnding() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ending && !x.idle {
		x.c.nc.SetWriteDeadline(time.Now().Add(delayedClose))
	}
	return x.ending
}

// lost ends the exchange because reading or writing failed, unless it is over already.
func (x *serverExchange) lost(err error) {
	x.mu.Lock()
	if x.over {
		x.mu.Unlock()
		return
	}
	x.over = true
	answer := !x.started
	x.mu.Unlock()

	reset := &ResetError{Kind: ConnectionTermination, AfterHeaders: true, Err: unexpectedEOF(err)}
	var refused *RefusedError
	if kind, cause := x.c.srv.lostKind(); cause != nil {
		reset.Kind, reset.Err = kind, cause
	} else if errors.As(err, &refused) {
		reset.Kind = ProtocolError
	}
	x.ev.post(event{kind: eventReset, err: reset})
	x.gate.release()
	if refused != nil && answer {
		x.q.put(frame{kind: frameHead, end: true, parts: [3][]byte{refusal(refused, x.head.http10)}})
		return
	}
	x.q.close()
	close(x.stop)
	x.c.nc.Close()
}

// write is the exchange's writer.
func (x *serverExchange) write() {
	defer close(x.written)
	before := func(batch []frame) error {
		if batch[len(batch)-1].end {
			x.mu.Lock()
			x.ending = true
			x.mu.Unlock()
		}
		return nil
	}
	err := writeFrames(x.c.nc, x.q, writeBatch, x.stop, before)
	if err == nil {
		x.finish()
		return
	}
	if errors.Is(err, errAborted) {
		x.abort()
		return
	}
	x.lost(err)
	x.c.nc.Close()
}

// finish runs when the whole response is written.
func (x *serverExchange) finish() {
	x.mu.Lock()
	x.over = true
	reuse := x.reqDone && x.started && x.head.keepAlive && !x.close && !x.enc.broken && !x.isOpen &&
		x.enc.framing != framingClose
	x.mu.Unlock()
	x.ev.finish()
	x.gate.release()
	if !reuse || !x.c.setBusy(false) {
		x.c.nc.SetWriteDeadline(time.Now().Add(delayedClose))
		x.c.halfClose()
		return
	}
	x.c.armIdle()
	x.mu.Lock()
	x.idle = true
	x.mu.Unlock()
}

// abort closes the connection after what was queued before Reset has been written. Where the end of the connection
// would look like the end of the body, TCP is made to reset it.
func (x *serverExchange) abort() {
	x.mu.Lock()
	byClose := x.enc.framing == framingClose || x.isOpen
	x.mu.Unlock()
	if tcp, ok := x.c.nc.(interface{ SetLinger(seconds int) error }); ok && byClose {
		tcp.SetLinger(0)
	}
	x.c.nc.Close()
}

// SendHeaders implements Sender.
func (x *serverExchange) SendHeaders(h *header.Map, endStream bool) {
	x.mu.Lock()
	status, err := strconv.Atoi(h.Value(":status"))
	if x.over || x.started {
		x.mu.Unlock()
		return
	}
	if err != nil || status < 100 || status > 999 {
		x.mu.Unlock()
		x.Reset()
		return
	}
	accepts := x.head.tunnel && (status == 101 && !x.head.connect || status/100 == 2 && x.head.connect)
	if status/100 == 1 && status != 101 {
		x.mu.Unlock()
		if !x.head.http10 {
			x.q.put(frame{kind: frameHead, parts: [3][]byte{informational(h, status)}})
		}
		return
	}
	x.started = true
	x.close = status == 101 && !accepts // no peer can know what follows
	f := frame{kind: frameHead, end: endStream, parts: [3][]byte{x.encodeHead(h, status, accepts, endStream)}}
	x.isOpen = accepts && !endStream
	open := x.isOpen
	x.mu.Unlock()
	x.q.put(f)
	if open {
		close(x.accepted)
	}
}

func informational(h *header.Map, status int) []byte {
	var b bytes.Buffer
	appendStatusLine(&b, false, status)
	writeFields(&b, h, func(name string) bool { return name == "content-length" || name == "transfer-encoding" })
	b.Write(lineEnd)
	return b.Bytes()
}

// encodeHead writes the final response head and settles the framing. Requires x.mu.
func (x *serverExchange) encodeHead(h *header.Map, status int, accepts, endStream bool) []byte {
	noLength := status/100 == 1 || status == 204 || accepts
	noBody := noLength || status == 304 || x.head.method == "HEAD"
	var b bytes.Buffer
	appendStatusLine(&b, x.head.http10, status)
	writeFields(&b, h, func(name string) bool {
		return name == "transfer-encoding" || noLength && name == "content-length"
	})
	switch {
	case accepts:
		x.enc.framing = framingRaw
	case noBody:
		if !noLength && !h.Has("content-length") && !x.head.http10 && status != 304 {
			writeField(&b, "transfer-encoding", "chunked") // what a GET would have had
		}
	case endStream:
		x.enc.declare(h, framingNone)
		x.enc.broken = x.enc.broken || x.enc.left != 0
		if x.enc.framing == framingNone {
			writeField(&b, "content-length", "0")
		}
	case x.head.http10:
		x.enc.declare(h, framingClose)
	default:
		x.enc.declare(h, framingChunked)
		if x.enc.framing == framingChunked {
			writeField(&b, "transfer-encoding", "chunked")
		}
	}
	x.encodeConnection(&b, h, accepts, endStream)
	b.Write(lineEnd)
	return b.Bytes()
}

// encodeConnection says what becomes of the connection, unless the response does so itself. Requires x.mu.
func (x *serverExchange) encodeConnection(b *bytes.Buffer, h *header.Map, accepts, endStream bool) {
	for _, v := range h.Values("connection") {
		x.close = x.close || listHas(v, "close")
	}
	if accepts || h.Has("connection") {
		return
	}
	if !x.head.keepAlive || x.c.srv.draining.Load() || x.head.tunnel || !x.reqDone ||
		x.enc.framing == framingClose || x.enc.broken {
		x.close = true
		writeField(b, "connection", "close")
		return
	}
	if x.head.http10 {
		writeField(b, "connection", "keep-alive")
	}
}

// SendData implements Sender.
func (x *serverExchange) SendData(data []byte, endStream bool) {
	x.mu.Lock()
	if x.over || !x.started {
		x.mu.Unlock()
		return
	}
	f := x.enc.data(data, endStream)
	x.mu.Unlock()
	x.q.put(f)
}

// SendTrailers implements Sender.
func (x *serverExchange) SendTrailers(t *header.Map) {
	x.mu.Lock()
	if x.over || !x.started {
		x.mu.Unlock()
		return
	}
	f := x.enc.trailers(t)
	x.mu.Unlock()
	x.q.put(f)
}

// Reset implements Sender.
func (x *serverExchange) Reset() {
	x.mu.Lock()
	if x.over {
		x.mu.Unlock()
		return
	}
	x.over = true
	x.mu.Unlock()
	x.ev.close()
	x.gate.release()
	x.c.nc.SetWriteDeadline(time.Now().Add(delayedClose))
	x.q.put(frame{kind: frameAbort})
}

// ReadDisable implements Sender.
func (x *serverExchange) ReadDisable(disable bool) { x.gate.disable(disable) }

var _ Sender = (*serverExchange)(nil)
