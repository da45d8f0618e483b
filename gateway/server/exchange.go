package server

import (
	"net/netip"
	"sync"
	"time"

	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

// intakeLimit is how many body bytes of one direction may wait for the worker before the peer is throttled.
const intakeLimit = 256 << 10

// intake throttles a peer whose body pieces arrive faster than the worker takes them.
type intake struct {
	mu      sync.Mutex
	pending int
	off     bool
	disable func(bool)
}

func (i *intake) add(n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.pending += n
	if i.pending > intakeLimit && !i.off {
		i.off = true
		i.disable(true)
	}
}

func (i *intake) taken(n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.pending -= n
	if i.pending < intakeLimit/2 && i.off {
		i.off = false
		i.disable(false)
	}
}

// exchange joins one exchange of the downstream codec with its stream. The codec's events are posted to the worker;
// the stream's output goes to the codec's sender, on the worker.
type exchange struct {
	gateway *Gateway
	worker  *worker
	sender  codec.Sender
	conn    *stream.Conn
	stream  *stream.Stream
	intake  intake
}

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
		conn.TLS, conn.SNI = true, c.TLS.ServerName
		conn.TLSVersion = tlsVersion(c.TLS.Version)
	}
	return conn
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

func (e *exchange) OnReset(*codec.ResetError) {
	e.worker.loop.Post(func() {
		if e.stream == nil { // reset before its headers were handled cannot happen: they come first
			return
		}
		e.stream.OnDownstreamReset("downstream_remote_disconnect")
	})
}

func (e *exchange) OnWriteBuffer(high bool) {
	e.worker.loop.Post(func() {
		if e.stream != nil {
			e.stream.OnDownstreamWriteBuffer(high)
		}
	})
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
	e.worker.streams[info.ID] = e
	e.stream.OnRequestHeaders(h, endStream)
}

// complete runs when the stream is over: it writes the access log line.
func (e *exchange) complete(s *stream.Stream) {
	delete(e.worker.streams, s.Info().ID)
	e.gateway.stats.active.Add(-1)
	e.gateway.stats.count(s.Info().ResponseCode)
	e.gateway.logAccess(s)
}

// EncodeHeaders implements stream.Downstream, as the next four.
func (e *exchange) EncodeHeaders(h *header.Map, endStream bool) {
	out := h.Clone()
	finishResponse(out, e.gateway.draining.Load())
	e.stream.Info().ResponseHeaderBytes = uint64(out.ByteSize())
	e.sender.SendHeaders(out, endStream)
	e.afterEnd(endStream)
}

func (e *exchange) EncodeData(data []byte, endStream bool) {
	e.sender.SendData(data, endStream)
	e.afterEnd(endStream)
}

func (e *exchange) EncodeTrailers(t *header.Map) {
	e.sender.SendTrailers(t.Clone())
	e.afterEnd(true)
}

func (e *exchange) Reset(string) { e.sender.Reset() }

func (e *exchange) ReadDisable(disable bool) { e.sender.ReadDisable(disable) }

// afterEnd drops the rest of a request whose response is complete: the connection cannot be used for another one.
func (e *exchange) afterEnd(end bool) {
	if end && !e.stream.RequestComplete() {
		e.sender.Reset()
	}
}

// prepareRequest does what Envoy's connection manager does before filters see a request.
func prepareRequest(h *header.Map, info *stream.Info) {
	codec.StripRequestHopByHop(h)
	remote := info.RemoteAddr.Addr().Unmap()
	if remote.IsValid() {
		if previous := h.Value("x-forwarded-for"); previous != "" {
			h.Set("x-forwarded-for", previous+","+remote.String())
		} else {
			h.Set("x-forwarded-for", remote.String())
		}
	}
	if !h.Has("x-forwarded-proto") {
		h.Set("x-forwarded-proto", h.Value(":scheme"))
	}
	if internal(remote) {
		h.Set("x-envoy-internal", "true")
	} else {
		for _, name := range []string{"x-envoy-internal", "x-envoy-original-path", "x-envoy-expected-rq-timeout-ms", "x-envoy-external-address"} {
			h.Remove(name)
		}
		h.Set("x-envoy-external-address", remote.String())
	}
	if !h.Has("x-request-id") {
		h.Set("x-request-id", newRequestID())
	}
}

// internal tells the addresses that Envoy trusts by default, RFC 1918 and loopback.
func internal(a netip.Addr) bool {
	return a.IsLoopback() || a.IsPrivate()
}

// finishResponse does what the connection manager does to a response before it is encoded.
func finishResponse(h *header.Map, draining bool) {
	codec.StripResponseHopByHop(h)
	h.Set("server", serverName)
	if !h.Has("date") {
		h.Set("date", time.Now().UTC().Format(httpDate))
	}
	if draining && h.Value(":status") != "101" {
		h.Set("connection", "close")
	}
}

const (
	serverName = "wasmplane"
	httpDate   = "Mon, 02 Jan 2006 15:04:05 GMT"
)
