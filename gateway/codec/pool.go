package codec

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/http2"
)

// PoolConfig configures a Pool. The zero value speaks HTTP/1.1 without TLS.
type PoolConfig struct {
	// Dial connects to addr; nil means TCP.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
	// ConnectTimeout bounds Dial and the TLS handshake together; 0 means 5 s, Envoy's default.
	ConnectTimeout time.Duration
	// HTTP2 speaks HTTP/2: by prior knowledge, or with TLS by ALPN, which the upstream must confirm.
	HTTP2 bool
	// TLS makes connections secure; nil means plain. An empty ServerName becomes addr's host.
	TLS *tls.Config
	// MaxIdle is how many idle HTTP/1 connections are kept for each address; 0 means 100, negative none.
	MaxIdle int
	// IdleTimeout closes connections that were idle for so long; 0 means an hour, Envoy's default.
	IdleTimeout time.Duration
	// Limits bounds response heads; beyond them the exchange ends with ProtocolError. HTTP/2 responses are bounded by
	// HeaderBytes as HTTP/2 counts them.
	Limits Limits
}

// ConnInfo is implemented by the senders of a Pool: the addresses of the upstream connection, zero until there is one.
// It may be called from any goroutine.
type ConnInfo interface {
	ConnInfo() (local, remote netip.AddrPort)
}

// Pool sends requests to upstreams and reuses their connections. Use NewPool. All methods may be called from any
// goroutine.
//
// An idle HTTP/1 connection is watched, and dropped as soon as its peer closes it or sends something unasked. If a
// reused connection nevertheless turns out closed before any byte of the response and before any byte of a request
// body was written, the request is sent once more, on a fresh connection; a request whose method is not idempotent (RFC
// 9110 section 9.2.2) only if nothing of it was written at all. HTTP/2 connections are x/net's, which sends a request again
// when the peer refused its stream unprocessed.
//
// A response that is complete before its request ends the exchange; the rest of the request is dropped (as Envoy
// does) and an HTTP/1 connection closed. A request for an upgrade, or CONNECT, holds its data back until the upstream
// accepts; it then ends with the upstream's direction, and SendData's endStream closes only the sending direction.
type Pool struct {
	cfg PoolConfig
	h2  *http2.Transport

	mu     sync.Mutex
	closed bool
	idle   map[string][]*upstreamConn
	active map[resettable]struct{} // exchanges that are not over
	h2conn map[*trackedConn]struct{}
	wg     sync.WaitGroup
}

// resettable is an exchange as the pool sees it.
type resettable interface {
	fail(kind ResetKind, err error)
}

var errPoolClosed = errors.New("pool closed")

// NewPool returns a pool without connections.
func NewPool(cfg PoolConfig) *Pool {
	if cfg.Dial == nil {
		cfg.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", addr)
		}
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	if cfg.MaxIdle == 0 {
		cfg.MaxIdle = 100
	}
	if cfg.IdleTimeout == 0 {
		cfg.IdleTimeout = time.Hour
	}
	cfg.Limits = cfg.Limits.withDefaults()
	p := &Pool{cfg: cfg, idle: map[string][]*upstreamConn{}, active: map[resettable]struct{}{}, h2conn: map[*trackedConn]struct{}{}}
	if cfg.HTTP2 {
		p.h2 = p.transport()
	}
	return p
}

// Request starts an exchange with the upstream at addr ("host:port"). It returns at once: HTTP/1 takes an idle connection
// or connects in the background, HTTP/2 does so when the headers are sent; what is sent meanwhile is queued. The
// response's events go to r. The sender implements ConnInfo.
func (p *Pool) Request(addr string, r Receiver) Sender {
	if p.h2 != nil {
		return p.requestStream(addr, r)
	}
	x := newUpstreamExchange(p, addr, r)
	if !p.register(x) {
		go x.fail(LocalReset, errPoolClosed)
		return x
	}
	if c := p.checkout(addr, x); c != nil {
		x.attach(c)
		return x
	}
	p.goroutine(x.connect)
	return x
}

// CloseIdle closes all idle connections. Others are not affected.
func (p *Pool) CloseIdle() {
	p.mu.Lock()
	for addr, conns := range p.idle {
		for _, c := range conns {
			c.nc.Close()
		}
		delete(p.idle, addr)
	}
	p.mu.Unlock()
	if p.h2 != nil {
		p.h2.CloseIdleConnections()
	}
}

// Close ends all exchanges with LocalReset, closes all connections and waits for their goroutines. Later requests are
// reset at once. It must not be called from a Receiver.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	var active []resettable
	for x := range p.active {
		active = append(active, x)
	}
	p.mu.Unlock()
	for _, x := range active {
		x.fail(LocalReset, errPoolClosed)
	}
	p.CloseIdle()
	p.wg.Wait()
	p.closeTracked() // x/net lets go of a stream, and so of its connection, only some time after it ended
}

// trackedConn is an HTTP/2 connection, which the pool must be able to close while x/net takes it for busy.
type trackedConn struct {
	net.Conn
	pool *Pool
}

// track returns nc as the pool's; an error if the pool is closed.
func (p *Pool) track(nc net.Conn) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		nc.Close()
		return nil, errPoolClosed
	}
	c := &trackedConn{nc, p}
	p.h2conn[c] = struct{}{}
	return c, nil
}

// Close implements net.Conn.
func (c *trackedConn) Close() error {
	c.pool.mu.Lock()
	delete(c.pool.h2conn, c)
	c.pool.mu.Unlock()
	return c.Conn.Close()
}

func (p *Pool) closeTracked() {
	p.mu.Lock()
	conns := p.h2conn
	p.h2conn = map[*trackedConn]struct{}{}
	p.mu.Unlock()
	for c := range conns {
		c.Conn.Close()
	}
}

func (p *Pool) register(x resettable) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.active[x] = struct{}{}
	return true
}

func (p *Pool) unregister(x resettable) {
	p.mu.Lock()
	delete(p.active, x)
	p.mu.Unlock()
}

// goroutine runs f on a goroutine that Close waits for; after Close it does nothing.
func (p *Pool) goroutine(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.wg.Go(f)
	}
	return !p.closed
}

// checkout gives x an idle connection, or returns nil.
func (p *Pool) checkout(addr string, x *upstreamExchange) *upstreamConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	conns := p.idle[addr]
	if len(conns) == 0 {
		return nil
	}
	c := conns[len(conns)-1]
	p.idle[addr] = conns[:len(conns)-1]
	c.timer.Stop()
	c.x, c.reused = x, true
	return c
}

// release makes c idle. It returns false if c is to be closed.
func (p *Pool) release(c *upstreamConn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle[c.addr]) >= p.cfg.MaxIdle {
		return false
	}
	c.x = nil
	p.idle[c.addr] = append(p.idle[c.addr], c)
	c.timer = time.AfterFunc(p.cfg.IdleTimeout, func() {
		if p.dropIdle(c) {
			c.nc.Close()
		}
	})
	return true
}

// dropIdle takes c out of the idle connections and reports whether it was one.
func (p *Pool) dropIdle(c *upstreamConn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.idle[c.addr], c)
	if i < 0 {
		return false
	}
	p.idle[c.addr] = slices.Delete(p.idle[c.addr], i, i+1)
	if len(p.idle[c.addr]) == 0 {
		delete(p.idle, c.addr)
	}
	return true
}

// connectError is a failed Dial or handshake.
type connectError struct {
	kind ResetKind
	err  error
}

func (e *connectError) Error() string { return e.err.Error() }
func (e *connectError) Unwrap() error { return e.err }

// dial connects, with TLS if configured. The error is a *connectError.
func (p *Pool) dial(ctx context.Context, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.ConnectTimeout)
	defer cancel()
	nc, err := p.cfg.Dial(ctx, addr)
	if err == nil && p.cfg.TLS != nil {
		nc, err = p.handshake(ctx, nc, addr)
	}
	if err == nil {
		return nc, nil
	}
	kind := ConnectFailure
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		kind = ConnectTimeout
	}
	return nil, &connectError{kind, fmt.Errorf("connect to %s: %w", addr, err)}
}

func (p *Pool) handshake(ctx context.Context, nc net.Conn, addr string) (net.Conn, error) {
	cfg := p.cfg.TLS.Clone()
	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = net.SplitHostPort(addr)
	}
	cfg.NextProtos = []string{"http/1.1"}
	if p.cfg.HTTP2 {
		cfg.NextProtos = []string{http2.NextProtoTLS}
	}
	tc := tls.Client(nc, cfg)
	if err := tc.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, fmt.Errorf("tls handshake: %w", err)
	}
	if p.cfg.HTTP2 && tc.ConnectionState().NegotiatedProtocol != http2.NextProtoTLS {
		nc.Close()
		return nil, errors.New("tls handshake: upstream does not offer h2")
	}
	return tc, nil
}
