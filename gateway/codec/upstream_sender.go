package codec

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
)

var _ Sender = (*upstreamExchange)(nil)
var _ ConnInfo = (*upstreamExchange)(nil)

// SendHeaders implements Sender. Headers that cannot be a request reset the exchange with LocalReset.
func (x *upstreamExchange) SendHeaders(h *header.Map, endStream bool) {
	x.mu.Lock()
	if x.over || x.method != "" {
		x.mu.Unlock()
		return
	}
	head, err := encodeRequestHead(h, endStream, &x.enc)
	if err != nil {
		x.mu.Unlock()
		x.fail(LocalReset, fmt.Errorf("%w: %w", errWriteRefused, err))
		return
	}
	x.method = h.Value(":method")
	x.tunnel = !endStream && isTunnelRequest(h)
	x.mu.Unlock()
	x.q.put(frame{kind: frameHead, end: endStream, parts: [3][]byte{head}})
}

// SendData implements Sender.
func (x *upstreamExchange) SendData(data []byte, endStream bool) {
	x.mu.Lock()
	if x.over || x.method == "" {
		x.mu.Unlock()
		return
	}
	f := x.enc.data(data, endStream)
	x.mu.Unlock()
	x.q.put(f)
}

// SendTrailers implements Sender.
func (x *upstreamExchange) SendTrailers(t *header.Map) {
	x.mu.Lock()
	if x.over || x.method == "" {
		x.mu.Unlock()
		return
	}
	f := x.enc.trailers(t)
	x.mu.Unlock()
	x.q.put(f)
}

// Reset implements Sender. What was sent before goes out first, if the peer takes it within a second.
func (x *upstreamExchange) Reset() {
	x.mu.Lock()
	if x.over {
		x.mu.Unlock()
		return
	}
	x.over = true
	c, written, tunnel := x.c, x.written, x.tunnel
	x.mu.Unlock()
	x.ev.close()
	if c == nil || tunnel {
		x.abandon()
		return
	}
	x.gate.release()
	c.nc.SetWriteDeadline(time.Now().Add(delayedClose))
	x.q.put(frame{kind: frameAbort})
	flush := func() {
		<-written
		x.abandon()
	}
	if !x.pool.goroutine(flush) {
		x.abandon()
	}
}

// ReadDisable implements Sender.
func (x *upstreamExchange) ReadDisable(disable bool) { x.gate.disable(disable) }

// ConnInfo implements ConnInfo.
func (x *upstreamExchange) ConnInfo() (local, remote netip.AddrPort) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.c == nil {
		return netip.AddrPort{}, netip.AddrPort{}
	}
	return addrPort(x.c.nc.LocalAddr()), addrPort(x.c.nc.RemoteAddr())
}
