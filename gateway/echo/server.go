// Package echo is an upstream that answers with what it received, as JSON with the field names of httpbin.org, and that
// has a few of httpbin's endpoints besides:
//
//	/status/N       an empty answer of status N, 200 to 599
//	/delay/SECONDS  the echo after a delay of at most 10 s
//	/stream/N       N JSON lines, at most 100, in one chunk each
//	/sse/N          N server-sent events, one each 100 ms, at most 1000
//	/bytes/N        N bytes, at most 64 MiB; the same ones for the same N
//
// A websocket handshake on any other path is accepted, and messages are sent back. It speaks HTTP/1.1 and HTTP/2 by
// prior knowledge.
package echo

import (
	"net"

	"github.com/wasmplane/wasmplane/gateway/codec"
)

// Server is the upstream. All methods may be called from any goroutine.
type Server struct {
	codec *codec.Server
}

// New returns a server that is ready to Serve.
func New() *Server {
	return &Server{codec: codec.NewServer(codec.ServerConfig{
		NewStream: func(conn *codec.Conn, s codec.Sender) codec.Receiver { return NewStream(conn, s) },
		Limits:    codec.Limits{HeaderBytes: 1 << 20, HeaderCount: 1000},
	})}
}

// Serve accepts connections until the listener fails or the server is closed, when it returns codec.ErrServerClosed. It
// closes ln. Several listeners may be served at once.
func (s *Server) Serve(ln net.Listener) error { return s.codec.Serve(ln) }

// Close closes all listeners and connections and waits for their goroutines. Exchanges that wait or stream end.
func (s *Server) Close() error { return s.codec.Close() }
