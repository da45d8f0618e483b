package cases

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/pires/go-proxyproto"

	"github.com/wasmplane/wasmplane/gateway/codec"
)

// newPool returns a pool that opens a connection for each request.
func (r *Request) newPool() *codec.Pool {
	config := codec.PoolConfig{MaxIdle: -1, Limits: codec.Limits{HeaderBytes: 1 << 20, HeaderCount: 1000}, Dial: r.dial}
	if r.Protocol == "HTTP/2" {
		config.HTTP2, config.Dial = true, r.dialPlain
		if r.TLS != nil {
			config.TLS = r.TLS.config()
		}
	}
	return codec.NewPool(config)
}

func (r *Request) scheme() string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// dial connects, tells the client's address, and shakes hands, as the request says.
func (r *Request) dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := r.dialPlain(ctx, address)
	if err != nil {
		return nil, err
	}
	if r.TLS != nil {
		secure := tls.Client(conn, r.TLS.config())
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, fmt.Errorf("tls handshake: %w", err)
		}
		conn = secure
	}
	if r.Protocol == "HTTP/1.0" {
		return &oldConn{Conn: conn}, nil
	}
	return conn, nil
}

func (r *Request) dialPlain(ctx context.Context, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if err := r.introduce(conn); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// introduce sends the header of the PROXY protocol.
func (r *Request) introduce(conn net.Conn) error {
	if r.ClientAddress == "" {
		return nil
	}
	client, err := parseClient(r.ClientAddress)
	if err != nil {
		return err
	}
	gateway, _ := netip.ParseAddrPort(conn.LocalAddr().String())
	local := netip.AddrPortFrom(documentation(client.Addr()), gateway.Port())
	header := &proxyproto.Header{
		Version: r.proxyVersion(), Command: proxyproto.PROXY, TransportProtocol: proxyproto.TCPv6,
		SourceAddr: net.TCPAddrFromAddrPort(client), DestinationAddr: net.TCPAddrFromAddrPort(local),
	}
	if client.Addr().Is4() {
		header.TransportProtocol = proxyproto.TCPv4
	}
	_, err = header.WriteTo(conn)
	return err
}

// documentation is an address of a client's family for the gateway's end, from the ranges for documentation (RFC 5737,
// RFC 3849).
func documentation(client netip.Addr) netip.Addr {
	if client.Is4() {
		return netip.AddrFrom4([4]byte{192, 0, 2, 1})
	}
	return netip.MustParseAddr("2001:db8::1")
}

// clientPort is the port of a client whose case names none.
const clientPort = 40000

func parseClient(text string) (netip.AddrPort, error) {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		return netip.AddrPortFrom(address, clientPort), nil
	}
	client, err := netip.ParseAddrPort(text)
	if err != nil || client.Addr().Zone() != "" {
		return client, fmt.Errorf("must be an address, or an address and a port, such as 203.0.113.7 or [2001:db8::7]:4711, not %q", text)
	}
	return client, nil
}

var tlsVersions = map[string]uint16{"": 0, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

// config is that of HTTP/1; for HTTP/2 the pool chooses the ALPN.
func (t *ClientTLS) config() *tls.Config {
	version := tlsVersions[t.Version]
	config := &tls.Config{
		ServerName: t.SNI, InsecureSkipVerify: true, MinVersion: version, MaxVersion: version,
		NextProtos: []string{"http/1.1"},
	}
	if t.ALPN != nil {
		config.NextProtos = *t.ALPN
	}
	return config
}

func (c *checker) connection(path string, r *Request) {
	if r.ClientAddress != "" {
		if _, err := parseClient(r.ClientAddress); err != nil {
			c.fail(path+".clientAddress", "%v", err)
		}
	}
	if r.ProxyProtocol != 0 && (r.ClientAddress == "" || r.ProxyProtocol != 1 && r.ProxyProtocol != 2) {
		c.fail(path+".proxyProtocol", "must be 1 or 2, and needs clientAddress")
	}
	if r.TLS == nil {
		return
	}
	c.oneOf(path+".tls.version", r.TLS.Version, "1.2", "1.3")
	if _, err := netip.ParseAddr(r.TLS.SNI); err == nil {
		c.fail(path+".tls.sni", "must be a name: addresses are no server names (RFC 6066 section 3)")
	}
	switch alpn := r.TLS.ALPN; {
	case alpn == nil:
	case r.Protocol == "HTTP/2":
		c.fail(path+".tls.alpn", "is h2 for HTTP/2 and cannot be set")
	case slices.Contains(*alpn, "h2"):
		c.fail(path+".tls.alpn", "h2 needs protocol: HTTP/2")
	case slices.Contains(*alpn, ""):
		c.fail(path+".tls.alpn", "must not have empty names")
	}
}

// listener reports what the case's requests need of the gateway's listener.
func (c *Case) listener() (secure, proxied bool) {
	for i := range c.Steps {
		if r := c.Steps[i].Request; r != nil {
			secure = secure || r.TLS != nil
			proxied = proxied || r.ClientAddress != ""
		}
	}
	return secure, proxied
}

// oldConn turns the request line that the codec writes into one of HTTP/1.0.
type oldConn struct {
	net.Conn
	begun bool
}

// Write implements net.Conn. The first write begins with the request line.
func (c *oldConn) Write(p []byte) (int, error) {
	if c.begun {
		return c.Conn.Write(p)
	}
	c.begun = true
	_, err := c.Conn.Write(bytes.Replace(p, []byte(" HTTP/1.1\r\n"), []byte(" HTTP/1.0\r\n"), 1))
	return len(p), err
}

func (r *Request) proxyVersion() byte {
	if r.ProxyProtocol == 1 {
		return 1
	}
	return 2
}
