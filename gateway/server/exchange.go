package server

import (
	"crypto/tls"
	"errors"
	"strings"
	"time"

	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

// exchange joins one exchange of the downstream codec with its stream. The codec's events are posted to the worker;
// the stream's output goes to the codec's sender, on the worker.
type exchange struct {
	gateway *Gateway
	worker  *worker
	sender  codec.Sender
	conn    *stream.Conn
	stream  *stream.Stream // made on the worker by the first event, the headers
	intake  intake
}

var _ codec.Receiver = (*exchange)(nil)
var _ stream.Downstream = (*exchange)(nil)

func (g *Gateway) newExchange(conn *codec.Conn, sender codec.Sender) codec.Receiver {
	e := &exchange{gateway: g, worker: g.workerOf(conn), sender: sender, conn: streamConn(conn)}
	e.intake.disable = sender.ReadDisable
	g.stats.active.Add(1)
	g.stats.requests.Add(1)
	return e
}

func streamConn(c *codec.Conn) *stream.Conn {
	conn := &stream.Conn{ID: c.ID, RemoteAddr: c.RemoteAddr, LocalAddr: c.LocalAddr, Protocol: c.Protocol}
	if c.TLS != nil {
		conn.TLS, conn.SNI, conn.TLSVersion = true, strings.ToLower(c.TLS.ServerName), tlsVersion(c.TLS.Version) // as Envoy spells it
	}
	return conn
}

// tlsVersion spells a version as Envoy does.
func tlsVersion(version uint16) string {
	switch version {
	case tls.VersionTLS12:
		return "TLSv1.2"
	case tls.VersionTLS13:
		return "TLSv1.3"
	default:
		return tls.VersionName(version)
	}
}

// OnHeaders implements codec.Receiver, as the next four.
func (e *exchange) OnHeaders(h *header.Map, endStream bool) {
	start := time.Now()
	e.worker.loop.Post(func() { e.begin(start, h, endStream) })
}

func (e *exchange) OnData(data []byte, endStream bool) {
	e.intake.add(len(data))
	e.worker.loop.Post(func() {
		e.intake.taken(len(data))
		e.stream.OnRequestData(data, endStream)
	})
}

func (e *exchange) OnTrailers(t *header.Map) {
	e.worker.loop.Post(func() { e.stream.OnRequestTrailers(t) })
}

func (e *exchange) OnReset(err *codec.ResetError) {
	e.worker.loop.Post(func() { e.stream.OnDownstreamReset(downstreamResetDetails(err)) })
}

func (e *exchange) OnWriteBuffer(high bool) {
	e.worker.loop.Post(func() { e.stream.OnDownstreamWriteBuffer(high) })
}

// downstreamResetDetails are Envoy's response code details of a request that the client's side ended.
func downstreamResetDetails(err *codec.ResetError) string {
	var refused *codec.RefusedError
	switch {
	case errors.As(err, &refused):
		return refused.Details
	case err.Kind == codec.RemoteReset:
		return "http2.remote_reset"
	default:
		return "downstream_remote_disconnect"
	}
}

// begin makes the stream with the filters that are in force now.
func (e *exchange) begin(start time.Time, h *header.Map, endStream bool) {
	g := e.gateway
	state := g.state.Load()
	info := &stream.Info{
		ID: g.streamID.Add(1), Conn: e.conn, Start: start, RemoteAddr: e.conn.RemoteAddr,
		FilterState: map[string][]byte{}, DynamicMetadata: map[string]map[string]any{}, TraceTags: map[string]string{},
	}
	prepareRequest(h, info)
	e.stream = stream.New(stream.Config{
		Filters:     state.filters(e.worker),
		Downstream:  e,
		NewUpstream: func(s *stream.Stream) stream.Upstream { return &router{gateway: g, worker: e.worker, stream: s} },
		Route:       state.route,
		BufferLimit: g.config.BufferLimit,
		Info:        info,
		Worker:      e.worker,
		After:       e.worker.loop.After,
		IdleTimeout: g.config.StreamIdleTimeout,
		OnComplete:  e.complete,
	})
	if reply, refused := refusedUpgrade(g.config.Profile, h); refused {
		e.stream.SendLocalReply(reply)
	}
	e.stream.OnRequestHeaders(h, endStream)
}

// complete runs when the stream is over: it writes the access log line.
func (e *exchange) complete(s *stream.Stream) {
	e.gateway.stats.active.Add(-1)
	e.gateway.stats.count(s.Info().ResponseCode)
	e.gateway.logAccess(s)
}

// EncodeHeaders implements stream.Downstream, as the next four. A response that ends before its request needs nothing
// more: the codec drops the rest of the request with the connection or the HTTP/2 stream, once the response is written.
func (e *exchange) EncodeHeaders(h *header.Map, endStream bool) {
	out := h.Clone()
	// A reply of the gateway's own to a request that still arrives is the last one on an HTTP/1 connection.
	unread := e.stream.LocalReplied() && !e.stream.RequestComplete()
	finishResponse(out, unread || e.gateway.draining.Load())
	e.stream.Info().ResponseHeaderBytes = uint64(out.ByteSize())
	e.sender.SendHeaders(out, endStream)
}

func (e *exchange) EncodeData(data []byte, endStream bool) { e.sender.SendData(data, endStream) }

func (e *exchange) EncodeTrailers(t *header.Map) { e.sender.SendTrailers(t) }

func (e *exchange) Reset(string) { e.sender.Reset() }

func (e *exchange) ReadDisable(disable bool) { e.sender.ReadDisable(disable) }
