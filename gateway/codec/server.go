package codec

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
	"golang.org/x/net/http2"
)

// delayedClose is how long a connection that the server closes is drained for, so that the client can read the last
// response before it sees a TCP reset. Envoy's delayed_close_timeout default.
const delayedClose = time.Second

// ErrServerClosed is what Serve returns after Shutdown or Close.
var ErrServerClosed = errors.New("codec: server closed")

var errServerClosing = errors.New("server closed")

// Conn describes a downstream connection. It is the same value for all exchanges of the connection and never changes.
type Conn struct {
	ID                    uint64 // unique in the process, from 1
	RemoteAddr, LocalAddr netip.AddrPort
	Protocol              string // "HTTP/1.0" or "HTTP/1.1" as the first request said, "HTTP/2"
	TLS                   *tls.ConnectionState
}

// ServerConfig configures a Server. NewStream is required.
type ServerConfig struct {
	// NewStream is called for each request, before its first event, on a goroutine of the connection. It must not
	// block. The request's events go to the receiver it returns; the response is written to s.
	NewStream func(conn *Conn, s Sender) Receiver
	// OnProtocolError is called after the HTTP/1 codec answered and refused a request that has no exchange, and for an
	// HTTP/2 request with too many headers, so that it can be logged. May be nil. It must not block. A body that breaks
	// its framing has an exchange and is told by OnReset instead.
	OnProtocolError func(conn *Conn, err *RefusedError)
	// IdleTimeout closes a connection on which no request begins, or a request head does not become complete, within it;
	// 0 means never.
	IdleTimeout time.Duration
	Limits      Limits
}

// Server accepts connections and speaks HTTP/1.0, HTTP/1.1 and HTTP/2 on them: HTTP/2 by ALPN where the listener yields
// *tls.Conn, by prior knowledge elsewhere (RFC 9113 section 3.3). Use NewServer.
type Server struct {
	cfg ServerConfig
	hs  *http.Server // carries the HTTP/2 settings and graceful shutdown; never serves itself
	h2  *http2.Server

	draining atomic.Bool
	mu       sync.Mutex
	closed   bool
	listen   map[net.Listener]struct{}
	conns    map[*serverConn]struct{}
	empty    chan struct{} // closed and replaced when the last connection ends
}

// serverConn is what the server knows of any connection.
type serverConn struct {
	srv  *Server
	nc   net.Conn
	info *Conn
	busy bool // under Server.mu: a request is being handled, or HTTP/2, which drains by itself
}

var lastConnID atomic.Uint64

// NewServer returns a server that is ready to Serve.
func NewServer(cfg ServerConfig) *Server {
	cfg.Limits = cfg.Limits.withDefaults()
	s := &Server{
		cfg:    cfg,
		hs:     &http.Server{MaxHeaderBytes: cfg.Limits.HeaderBytes, ErrorLog: log.New(io.Discard, "", 0)},
		h2:     &http2.Server{IdleTimeout: cfg.IdleTimeout},
		listen: map[net.Listener]struct{}{},
		conns:  map[*serverConn]struct{}{},
		empty:  make(chan struct{}),
	}
	if err := http2.ConfigureServer(s.hs, s.h2); err != nil {
		panic(err) // only for cipher suites, which are not set
	}
	return s
}

// Serve accepts connections until the listener fails or the server is shut down, when it returns ErrServerClosed. It
// closes ln. Several listeners may be served at once.
func (s *Server) Serve(ln net.Listener) error {
	defer ln.Close()
	s.mu.Lock()
	if s.closed || s.draining.Load() {
		s.mu.Unlock()
		return ErrServerClosed
	}
	s.listen[ln] = struct{}{}
	s.mu.Unlock()
	for pause := 5 * time.Millisecond; ; {
		nc, err := ln.Accept()
		if err == nil {
			pause = 5 * time.Millisecond
			s.start(nc)
			continue
		}
		if s.draining.Load() {
			return ErrServerClosed
		}
		var ne net.Error
		if !errors.As(err, &ne) || !ne.Temporary() { //nolint:staticcheck // what net/http does: out of file descriptors passes
			return err
		}
		time.Sleep(pause)
		pause = min(2*pause, time.Second)
	}
}

func (s *Server) start(nc net.Conn) {
	c := &serverConn{srv: s, nc: nc, info: &Conn{
		ID:         lastConnID.Add(1),
		RemoteAddr: addrPort(nc.RemoteAddr()),
		LocalAddr:  addrPort(nc.LocalAddr()),
	}}
	s.mu.Lock()
	if s.draining.Load() {
		s.mu.Unlock()
		nc.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.mu.Unlock()
	go func() {
		defer s.forget(c)
		defer nc.Close()
		c.serve()
	}()
}

func (s *Server) forget(c *serverConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if len(s.conns) == 0 {
		close(s.empty)
		s.empty = make(chan struct{})
	}
}

// setBusy marks the connection as handling a request or idle. It returns false if it became idle while the server is
// draining: it is to be closed.
func (c *serverConn) setBusy(busy bool) bool {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	c.busy = busy
	return busy || !c.srv.draining.Load()
}

// Shutdown stops accepting, closes idle connections, announces the end on the others (connection: close, GOAWAY) and
// waits until their exchanges are complete, or until ctx is done: then it returns the context's error and leaves them.
// It must not be called from a Receiver.
func (s *Server) Shutdown(ctx context.Context) error {
	s.drain(false)
	if err := s.hs.Shutdown(ctx); err != nil { // sends GOAWAY on HTTP/2 connections
		return err
	}
	return s.wait(ctx)
}

// Close closes all listeners and connections at once and waits for their goroutines. Exchanges get OnReset with
// LocalReset. It must not be called from a Receiver.
func (s *Server) Close() error {
	s.drain(true)
	return s.wait(context.Background())
}

func (s *Server) drain(all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining.Store(true)
	s.closed = s.closed || all
	for ln := range s.listen {
		ln.Close()
		delete(s.listen, ln)
	}
	for c := range s.conns {
		if all || !c.busy {
			c.nc.Close()
		}
	}
}

func (s *Server) wait(ctx context.Context) error {
	s.mu.Lock()
	empty, left := s.empty, len(s.conns)
	s.mu.Unlock()
	if left == 0 {
		return nil
	}
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lostKind is the reset kind of a connection that ended with an exchange on it.
func (s *Server) lostKind() (ResetKind, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return LocalReset, errServerClosing
	}
	return ConnectionTermination, nil
}

func (s *Server) refused(conn *Conn, err *RefusedError) {
	if s.cfg.OnProtocolError != nil {
		s.cfg.OnProtocolError(conn, err)
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	if tcp, ok := a.(*net.TCPAddr); ok {
		ap := tcp.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	ap, _ := netip.ParseAddrPort(a.String())
	return ap
}

func scheme(c *Conn) string {
	if c.TLS != nil {
		return "https"
	}
	return "http"
}

// tooManyHeaders is the check that x/net's server lacks.
func tooManyHeaders(h *header.Map, limits Limits) *RefusedError {
	pseudo := 0
	for _, e := range h.Entries() {
		if e.Name[0] == ':' {
			pseudo++
		}
	}
	if h.Len()-pseudo <= limits.HeaderCount {
		return nil
	}
	return &RefusedError{Status: 431, Details: "http2.too_many_headers", Reason: "too many headers"}
}
