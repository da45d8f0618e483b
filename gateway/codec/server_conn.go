package codec

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/http2"
)

// tlsHandshakeTimeout bounds a TLS handshake when no idle timeout does.
const tlsHandshakeTimeout = 10 * time.Second

// serve finds out the protocol and speaks it until the connection is to be closed.
func (c *serverConn) serve() {
	br := bufio.NewReaderSize(c.nc, readSize)
	c.armIdle()
	if tc, ok := c.nc.(*tls.Conn); ok {
		if c.srv.cfg.IdleTimeout == 0 {
			tc.SetDeadline(time.Now().Add(tlsHandshakeTimeout))
		}
		if tc.Handshake() != nil {
			return
		}
		tc.SetDeadline(time.Time{})
		state := tc.ConnectionState()
		c.info.TLS = &state
		if state.NegotiatedProtocol == http2.NextProtoTLS {
			c.serveHTTP2(tc)
			return
		}
		c.armIdle()
	} else if preface(br) {
		c.nc.SetReadDeadline(time.Time{})
		c.serveHTTP2(&prefacedConn{Conn: c.nc, r: br})
		return
	}
	c.serveHTTP1(br)
}

// preface reports whether the connection starts with the HTTP/2 preface (RFC 9113 section 3.4), without consuming it. It
// reads no further than needed to tell.
func preface(br *bufio.Reader) bool {
	for n := 1; n <= len(http2.ClientPreface); n++ {
		start, err := br.Peek(n)
		if err != nil || start[n-1] != http2.ClientPreface[n-1] {
			return false
		}
	}
	return true
}

// prefacedConn is a connection some of which is buffered already.
type prefacedConn struct {
	net.Conn
	r io.Reader
}

func (c *prefacedConn) Read(p []byte) (int, error) { return c.r.Read(p) }

func (c *serverConn) armIdle() {
	if d := c.srv.cfg.IdleTimeout; d > 0 {
		c.nc.SetReadDeadline(time.Now().Add(d))
	}
}

// serveHTTP1 reads one request after the other. The next one is read when the response has been written.
func (c *serverConn) serveHTTP1(br *bufio.Reader) {
	for {
		if _, err := br.Peek(1); err != nil {
			return
		}
		c.setBusy(true)
		head, err := readRequestHead(br, c.srv.cfg.Limits, scheme(c.info))
		var refused *RefusedError
		if errors.As(err, &refused) {
			c.answerRefused(br, refused)
			return
		}
		if err != nil {
			return
		}
		if c.info.Protocol == "" {
			c.info.Protocol = "HTTP/1.1"
			if head.http10 {
				c.info.Protocol = "HTTP/1.0"
			}
		}
		c.nc.SetReadDeadline(time.Time{})
		if !newServerExchange(c, br, head).run() {
			c.discard(br)
			return
		}
	}
}

// answerRefused answers a request that has no exchange.
func (c *serverConn) answerRefused(br *bufio.Reader, refused *RefusedError) {
	if c.info.Protocol == "" {
		c.info.Protocol = "HTTP/1.1"
	}
	c.nc.SetWriteDeadline(time.Now().Add(delayedClose))
	c.nc.Write(refusal(refused, false))
	c.halfClose()
	c.srv.refused(c.info, refused)
	c.discard(br)
}

// refusal is the codec's own answer, in the form of Envoy's local replies.
func refusal(refused *RefusedError, http10 bool) []byte {
	var b bytes.Buffer
	appendStatusLine(&b, http10, refused.Status)
	text := http.StatusText(refused.Status)
	fmt.Fprintf(&b, "content-length: %d\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n%s", len(text), text)
	return b.Bytes()
}

// halfClose ends the server's direction and bounds how long the client's is still read.
func (c *serverConn) halfClose() {
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	c.nc.SetReadDeadline(time.Now().Add(delayedClose))
}

// discard reads what the client still sends until it closes or the deadline of halfClose passes: closing a socket with
// unread data makes TCP reset it, and the client could lose the response.
func (c *serverConn) discard(br *bufio.Reader) {
	io.Copy(io.Discard, br)
}
