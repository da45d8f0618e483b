package stream

import (
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// Config is what a stream is made of. Downstream and NewUpstream are required.
type Config struct {
	Filters    []FilterFactory // in chain order
	Downstream Downstream
	// NewUpstream makes the router. It runs when the request first gets to the end of the chain, which may be never.
	NewUpstream func(*Stream) Upstream
	Route       RouteFunc // nil: no request has a route
	BufferLimit int       // bytes that stops may hold, of either body; 0 is no limit
	Info        *Info     // nil: a new one
	Worker      any       // handed to filters as it is
	// After runs f once on the worker's loop; loop.Loop.After fits. Needed for IdleTimeout.
	After func(d time.Duration, f func()) (cancel func())
	// IdleTimeout ends a stream on which nothing moved for that long: 408 while the request is incomplete, 504
	// afterwards, a reset when response headers were sent already. 0 is none. Envoy: stream_idle_timeout.
	IdleTimeout time.Duration
	// OnComplete runs once, after the filters' OnComplete and before their OnDestroy. It writes the access log.
	OnComplete func(*Stream)
	Now        func() time.Time // nil: time.Now
}

// Stream runs one HTTP exchange through its filters. The downstream codec feeds it the request (OnRequest…), the router
// the response (OnUpstream…). It ends when the response was encoded completely or either side was reset; everything
// that is called later does nothing.
type Stream struct {
	cfg      Config
	info     *Info
	handles  []*handle
	request  path
	response path
	upstream Upstream

	route        *Route
	routed       bool // route holds the answer of cfg.Route, nil included
	overrideHost string
	limit        int

	isHead, isGRPC bool // of the request as it arrived
	started        bool // request headers arrived
	headersOut     bool // response headers were given to the codec
	upstreamBegan  bool // response headers came from upstream
	upstreamDone   bool // the upstream response is complete
	upstreamGone   bool // nothing of the upstream counts any more
	downstreamGone bool // the codec must not be called any more
	downstreamHigh bool // the codec's write buffer
	upstreamHigh   bool // the router's write buffer

	reply   *LocalReply // decided, not yet executed
	replied bool

	ending, ended bool
	busy          bool
	pending       []func()
	cancelIdle    func()
}

// New makes a stream with an instance of each filter. Nothing is delivered before OnRequestHeaders: even a reply or a
// reset by a factory takes effect there.
func New(cfg Config) *Stream {
	if cfg.Info == nil {
		cfg.Info = &Info{}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Stream{cfg: cfg, info: cfg.Info, limit: cfg.BufferLimit}
	s.busy = true // what factories ask for waits for the first event
	for _, factory := range cfg.Filters {
		h := &handle{stream: s}
		filter := factory(h)
		if filter == nil {
			continue
		}
		h.filter = filter
		s.handles = append(s.handles, h)
	}
	s.request = newRequestPath(s)
	s.response = newResponsePath(s)
	s.request.aborted = s.reply != nil
	s.busy = false
	return s
}

// OnRequestHeaders starts the exchange. The map belongs to the stream from now on. endStream says that there is
// neither body nor trailers.
func (s *Stream) OnRequestHeaders(h *header.Map, endStream bool) {
	if s.started || s.ended {
		return
	}
	s.started = true
	s.info.RequestHeaderBytes = uint64(h.ByteSize())
	s.isHead = h.Value(":method") == "HEAD"
	s.isGRPC = isGRPCRequest(h)
	s.request.headers = h
	s.noteRequestEnd(endStream)
	s.run(func() { // a reset by a factory comes before
		s.Route()
		s.request.acceptHeaders(h, endStream)
		s.executeReply() // of a factory
	})
}

// OnRequestData delivers a piece of the request body. The slice belongs to the stream from now on. An empty piece
// counts only with endStream.
func (s *Stream) OnRequestData(data []byte, endStream bool) {
	if !s.started || s.ending {
		return
	}
	s.info.RequestBytes += uint64(len(data))
	s.noteRequestEnd(endStream)
	s.run(func() { s.request.acceptData(data, endStream) })
}

// OnRequestTrailers ends a request that has trailers. The map belongs to the stream from now on.
func (s *Stream) OnRequestTrailers(t *header.Map) {
	if !s.started || s.ending {
		return
	}
	s.noteRequestEnd(true)
	s.run(func() { s.request.acceptTrailers(t) })
}

// OnDownstreamReset says that the client went away. The codec is not called again.
func (s *Stream) OnDownstreamReset(details string) {
	if s.ending {
		return
	}
	s.downstreamGone = true
	s.info.AddResponseFlags("DC")
	s.end(details)
}

// OnDownstreamWriteBuffer says that the codec's write buffer rose over (true) or sank under (false) its watermark. It
// throttles the upstream response. Repeated values count once.
func (s *Stream) OnDownstreamWriteBuffer(high bool) {
	if s.ending || high == s.downstreamHigh {
		return
	}
	s.downstreamHigh = high
	s.throttleUpstream(high)
}

// Info returns the stream's record.
func (s *Stream) Info() *Info { return s.info }

// RequestHeaders returns the request headers as the filters left them so far; nil before they arrived.
func (s *Stream) RequestHeaders() *header.Map { return s.request.headers }

// RequestTrailers returns the request trailers, nil when there are none (yet).
func (s *Stream) RequestTrailers() *header.Map { return s.request.trailers }

// ResponseHeaders returns the response headers as the filters left them so far; nil before the response began.
func (s *Stream) ResponseHeaders() *header.Map { return s.response.headers }

// ResponseTrailers returns the response trailers, nil when there are none (yet).
func (s *Stream) ResponseTrailers() *header.Map { return s.response.trailers }

// OverrideHost returns the endpoint ("ip:port") that a filter asked for, "" when none did.
func (s *Stream) OverrideHost() string { return s.overrideHost }

// RequestComplete reports whether the whole request was received. A codec asks when the response is complete: a false
// answer means that the rest of the request must be dropped with the connection or the stream (RFC 9112 section 9.3,
// RFC 9113 section 8.1).
func (s *Stream) RequestComplete() bool { return !s.info.RequestReceived.IsZero() }

// LocalReplied reports whether a local reply was sent or is about to be.
func (s *Stream) LocalReplied() bool { return s.replied || s.reply != nil }

// Ended reports whether the stream is over or about to be.
func (s *Stream) Ended() bool { return s.ending }

func (s *Stream) noteRequestEnd(end bool) {
	if end && s.info.RequestReceived.IsZero() {
		s.info.RequestReceived = s.cfg.Now()
	}
}
