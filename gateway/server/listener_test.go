package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/certificate"
)

func certified(t *testing.T) *certificate.Pair {
	t.Helper()
	pair, err := certificate.SelfSigned("localhost")
	require.NoError(t, err)
	return pair
}

// startListening runs a gateway that answers itself: nothing has a route.
func startListening(t *testing.T, config Config) *Gateway {
	t.Helper()
	g, err := newGateway(config)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx, patience) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
		g.Close()
	})
	return g
}

// talk sends bytes and returns the response, nil if the connection was closed instead.
func talk(t *testing.T, conn net.Conn, text string) *http.Response {
	t.Helper()
	_, err := io.WriteString(conn, text)
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func dial(t *testing.T, g *Gateway) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", g.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

const get = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"

func TestProxyProtocol(t *testing.T) {
	const header = "PROXY TCP4 203.0.113.7 192.0.2.1 4711 80\r\n"
	for _, test := range []struct {
		name     string
		mode     ProxyProtocol
		begins   string
		answered bool
		client   string // in the access log; "" is the connection's own
	}{
		{"optional and there", ProxyProtocolOptional, header, true, "203.0.113.7:4711"},
		{"optional and not there", ProxyProtocolOptional, "", true, ""},
		{"required and there", ProxyProtocolRequired, header, true, "203.0.113.7:4711"},
		{"required and not there", ProxyProtocolRequired, "", false, ""},
		{"of an unknown client", ProxyProtocolRequired, "PROXY UNKNOWN\r\n", true, ""},
		{"broken", ProxyProtocolOptional, "PROXY TCP4 nonsense\r\n", false, ""},
		{"version 2, a health check of the proxy itself", ProxyProtocolRequired, "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00", true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := startListening(t, Config{ProxyProtocol: test.mode})
			conn := dial(t, g)
			response := talk(t, conn, test.begins+strings.Replace(get, "\r\n\r\n", "\r\nx-request-id: r1\r\n\r\n", 1))
			require.Equal(t, test.answered, response != nil)
			if response == nil {
				return
			}
			entry, err := g.WaitAccessLog(t.Context(), "r1")
			require.NoError(t, err)
			want := test.client
			if want == "" {
				want = conn.LocalAddr().String()
			}
			assert.Equal(t, want, entry.DownstreamRemote)
		})
	}
}

func TestTLSAndPlainOnOnePort(t *testing.T) {
	g := startListening(t, Config{Certificate: certified(t)})
	assert.NotNil(t, talk(t, dial(t, g), get), "plain")
	for _, test := range []struct {
		name       string
		offered    []string
		negotiated string
	}{
		{"HTTP/1.1", []string{"http/1.1"}, "http/1.1"},
		{"HTTP/2 is better", []string{"http/1.1", "h2"}, "h2"},
		{"nothing offered", nil, ""},
		{"only what nobody knows", []string{"x"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn := tls.Client(dial(t, g), &tls.Config{InsecureSkipVerify: true, ServerName: "localhost", NextProtos: test.offered})
			require.NoError(t, conn.Handshake())
			assert.Equal(t, test.negotiated, conn.ConnectionState().NegotiatedProtocol)
			assert.Equal(t, []string{"localhost"}, conn.ConnectionState().PeerCertificates[0].DNSNames)
			if test.negotiated != "h2" {
				assert.NotNil(t, talk(t, conn, get))
			}
		})
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	g := startListening(t, Config{Certificate: certified(t)})
	conn := tls.Client(dial(t, g), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS11})
	assert.ErrorContains(t, conn.Handshake(), "protocol version")
}

func TestASilentConnectionHoldsNobodyUp(t *testing.T) {
	g := startListening(t, Config{Certificate: certified(t), ProxyProtocol: ProxyProtocolOptional})
	silent := dial(t, g)
	assert.NotNil(t, talk(t, dial(t, g), get))
	g.Close()
	_, err := silent.Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF, "closing the gateway closes it")
}

func TestACertificateThatCannotBeUsed(t *testing.T) {
	a, b := certified(t), certified(t)
	_, err := newGateway(Config{Certificate: &certificate.Pair{Certificate: a.Certificate, Key: b.Key}})
	assert.ErrorContains(t, err, "certificate: ")
}
