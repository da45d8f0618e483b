package server

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pires/go-proxyproto"

	"github.com/wasmplane/wasmplane/gateway/certificate"
)

// ProxyProtocol says what a listener makes of the header of the PROXY protocol (versions 1 and 2) before a connection's
// first bytes.
type ProxyProtocol string

// What a listener can make of the PROXY protocol.
const (
	ProxyProtocolOff      ProxyProtocol = ""         // a header is no HTTP
	ProxyProtocolOptional ProxyProtocol = "optional" // a header tells the client's address
	ProxyProtocolRequired ProxyProtocol = "required" // connections without one are closed
)

// openingTimeout bounds how long a connection may take for the bytes that tell its protocol, Envoy's
// listener_filters_timeout.
const openingTimeout = 15 * time.Second

// serverProtocols are what the listener offers by ALPN, the best first.
var serverProtocols = []string{"h2", "http/1.1"}

// openListener opens the gateway's listener. What connections begin with is read before they are accepted, so that their
// addresses never change and nobody waits for a silent one.
func openListener(config Config) (net.Listener, error) {
	inner, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return nil, err
	}
	if config.ProxyProtocol == ProxyProtocolOff && config.Certificate == nil {
		return inner, nil
	}
	l := &listener{Listener: inner, proxy: config.ProxyProtocol, ready: make(chan net.Conn), failed: make(chan error, 1),
		closed: make(chan struct{}), opening: map[net.Conn]struct{}{}}
	if config.Certificate != nil {
		if l.tls, err = serverTLS(config.Certificate); err != nil {
			inner.Close()
			return nil, err
		}
	}
	l.running.Go(l.accept)
	return l, nil
}

// serverTLS is the TLS configuration for a certificate: TLS 1.2 and 1.3, and no refusal of clients that offer other
// protocols by ALPN than we do, which Envoy does not know either.
func serverTLS(pair *certificate.Pair) (*tls.Config, error) {
	own, err := pair.TLS()
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{own}, NextProtos: serverProtocols, MinVersion: tls.VersionTLS12}
	foreign := config.Clone()
	foreign.NextProtos = nil
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		for _, protocol := range hello.SupportedProtos {
			if slices.Contains(serverProtocols, protocol) {
				return nil, nil
			}
		}
		return foreign, nil
	}
	return config, nil
}

// listener accepts TLS and plain connections on one port, with or without a PROXY protocol header.
type listener struct {
	net.Listener
	proxy ProxyProtocol
	tls   *tls.Config // nil without a certificate

	ready  chan net.Conn
	failed chan error // of Accept, for good
	closed chan struct{}
	once   sync.Once

	mu      sync.Mutex
	opening map[net.Conn]struct{} // nil once closed
	running sync.WaitGroup
}

// accept opens each connection on a goroutine of its own.
func (l *listener) accept() {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			l.failed <- err
			return
		}
		l.mu.Lock()
		if l.opening == nil {
			l.mu.Unlock()
			conn.Close()
			continue
		}
		l.opening[conn] = struct{}{}
		l.running.Go(func() { l.open(conn) })
		l.mu.Unlock()
	}
}

func (l *listener) open(conn net.Conn) {
	opened := l.begin(conn)
	l.mu.Lock()
	delete(l.opening, conn)
	l.mu.Unlock()
	if opened == nil {
		conn.Close()
		return
	}
	select {
	case l.ready <- opened:
	case <-l.closed:
		conn.Close()
	}
}

// begin reads what tells a connection's client and protocol. It returns nil for a connection to be closed.
func (l *listener) begin(raw net.Conn) net.Conn {
	conn := &openedConn{Conn: raw, first: bufio.NewReader(raw), remote: raw.RemoteAddr(), local: raw.LocalAddr()}
	raw.SetReadDeadline(time.Now().Add(openingTimeout))
	if l.proxy != ProxyProtocolOff && !l.readProxyHeader(conn) {
		return nil
	}
	secure := false
	if l.tls != nil {
		first, err := conn.first.Peek(1)
		if err != nil {
			return nil
		}
		secure = first[0] == tlsHandshake
	}
	raw.SetReadDeadline(time.Time{})
	if secure {
		return tls.Server(conn, l.tls)
	}
	return conn
}

// tlsHandshake is the content type of the first TLS record (RFC 8446 section 5.1). No HTTP method begins with it.
const tlsHandshake = 22

// readProxyHeader takes the addresses of a header, and reports whether the connection may go on.
func (l *listener) readProxyHeader(conn *openedConn) bool {
	header, err := proxyproto.Read(conn.first)
	if errors.Is(err, proxyproto.ErrNoProxyProtocol) {
		return l.proxy == ProxyProtocolOptional
	}
	if err != nil {
		return false
	}
	if source, destination, ok := header.TCPAddrs(); ok && !header.Command.IsLocal() {
		conn.remote, conn.local = source, destination
		if header.TransportProtocol == proxyproto.TCPv6 {
			conn.remote, conn.local = ipv6Addr{source}, ipv6Addr{destination}
		}
	}
	return true
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.ready:
		return conn, nil
	case err := <-l.failed:
		return nil, err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. Connections that are not accepted yet are closed.
func (l *listener) Close() error {
	err := l.Listener.Close()
	l.once.Do(func() {
		close(l.closed)
		l.mu.Lock()
		for conn := range l.opening {
			conn.Close()
		}
		l.opening = nil
		l.mu.Unlock()
		l.running.Wait()
	})
	return err
}

// ipv6Addr is an address that was written as IPv6, though it may be that of an IPv4 host.
type ipv6Addr struct{ *net.TCPAddr }

// String implements net.Addr. It keeps the form of an IPv4-mapped address.
func (a ipv6Addr) String() string {
	address, _ := netip.AddrFromSlice(a.IP.To16())
	return netip.AddrPortFrom(address, uint16(a.Port)).String()
}

// openedConn is a connection whose first bytes were read, and whose addresses are those of the PROXY protocol.
type openedConn struct {
	net.Conn
	first         *bufio.Reader
	remote, local net.Addr
}

// Read implements net.Conn.
func (c *openedConn) Read(p []byte) (int, error) { return c.first.Read(p) }

// RemoteAddr implements net.Conn.
func (c *openedConn) RemoteAddr() net.Addr { return c.remote }

// LocalAddr implements net.Conn.
func (c *openedConn) LocalAddr() net.Addr { return c.local }

// CloseWrite ends the gateway's direction of the connection.
func (c *openedConn) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }

// SetLinger is net.TCPConn's: 0 makes Close reset the connection.
func (c *openedConn) SetLinger(seconds int) error { return c.Conn.(*net.TCPConn).SetLinger(seconds) }
