// Package stream is one HTTP exchange on its way through a chain of filters, with the semantics of Envoy's HTTP filter
// manager: header, data and trailers statuses, shared buffers with limits, local replies, asynchronous resume, injected
// data. It knows nothing of Wasm, sockets or configuration: a filter, the downstream codec and the router are
// interfaces. Source: Envoy's "HTTP filters" documentation (envoy/http/filter.h contracts) and the differences of
// Higress.
//
// As in Envoy a direction has one buffer for all filters. So when two of them stop in turn, a resume of the later one
// also releases what the earlier one still holds, and a resume of the earlier one shows nothing of that again. Where
// Envoy loses a body or calls a filter twice, it is so here: a plugin meets the same in production.
//
// Everything here runs on the event loop of the stream's worker; nothing is safe for concurrent use.
package stream

import (
	"net/netip"
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// HeadersStatus is what a filter answers to a headers callback.
type HeadersStatus int

// Header statuses, after Envoy's FilterHeadersStatus.
const (
	HeadersContinue                     HeadersStatus = iota // pass on to the next filter
	HeadersStopIteration                                     // hold the headers; data callbacks of this filter go on
	HeadersStopAllIterationAndBuffer                         // hold everything, collect the body, fail beyond the limit
	HeadersStopAllIterationAndWatermark                      // hold everything, collect the body, throttle the peer at the limit
)

// DataStatus is what a filter answers to a data callback.
type DataStatus int

// Data statuses, after Envoy's FilterDataStatus.
const (
	DataContinue                  DataStatus = iota // pass on, held headers first
	DataStopIterationAndBuffer                      // keep; the next callback sees the whole body so far; fail beyond the limit
	DataStopIterationAndWatermark                   // keep; the next callback sees only its chunk; throttle the peer at the limit
	DataStopIterationNoBuffer                       // discard this chunk, unless it is held already (an empty last frame keeps its end of stream)
)

// TrailersStatus is what a filter answers to a trailers callback.
type TrailersStatus int

// Trailers statuses, after Envoy's FilterTrailersStatus.
const (
	TrailersContinue      TrailersStatus = iota // pass on, held headers and buffered body first
	TrailersStopIteration                       // hold
)

// Filter is one filter instance of one stream. The decode callbacks run in chain order, the encode callbacks in the
// reverse. A filter that was not given the request headers (because an earlier one replied) gets neither encode callback
// for that local reply, but OnComplete and OnDestroy like every other.
type Filter interface {
	DecodeHeaders(h *header.Map, endStream bool) HeadersStatus
	DecodeData(data *Buffer, endStream bool) DataStatus
	DecodeTrailers(t *header.Map) TrailersStatus
	EncodeHeaders(h *header.Map, endStream bool) HeadersStatus
	EncodeData(data *Buffer, endStream bool) DataStatus
	EncodeTrailers(t *header.Map) TrailersStatus
	// OnComplete runs once when the stream is over, before the access log line is written and before OnDestroy.
	OnComplete()
	// OnDestroy is the last call. After it the filter must not use its callbacks.
	OnDestroy()
}

// FilterFactory makes the filter instance of one stream. It runs when the stream is created, before its headers are
// decoded. nil means: no instance for this stream.
type FilterFactory func(Callbacks) Filter

// LocalReply is an answer made by the gateway or a filter instead of the upstream.
type LocalReply struct {
	Code    int         // HTTP status
	Body    []byte      // may be empty
	Headers [][2]string // added, not set
	// Details is the complete response-code-details string; spaces become underscores.
	Details string
	// GRPCStatus is used for gRPC requests (content-type application/grpc…) when it is within 0…16; else the status is
	// mapped from Code.
	GRPCStatus int
}

// NoGRPCStatus says that a local reply's gRPC status is mapped from its HTTP status.
const NoGRPCStatus = -1

// Callbacks is a filter's handle on its stream. All methods may be called from the filter's own callbacks or later from
// an event on the stream's worker, until OnDestroy.
type Callbacks interface {
	// ContinueDecoding resumes the request after this filter stopped it; ignored when it is not stopped. Must not be
	// called from within the filter's own decode callback.
	// During any other callback of the stream it takes effect when that has returned.
	ContinueDecoding()
	// ContinueEncoding resumes the response, likewise.
	ContinueEncoding()
	// SendLocalReply answers instead of the upstream. Before response headers are known it goes through the response
	// path of the filters that were given the request headers; in the response phase, while no headers were sent, it
	// replaces the response and goes straight to the codec; once they were sent the stream is reset. Called from inside
	// a callback it takes effect when that has returned, and the returned status is ignored. A reply counts
	// as long as no response headers were sent, so that it replaces an earlier one that the response path holds; but none
	// while another one is about to be sent.
	SendLocalReply(LocalReply)
	// LocalReplied reports whether a local reply was sent on this stream.
	LocalReplied() bool
	// ResetStream resets the downstream stream with the given response-code-details.
	ResetStream(details string)

	// DecodingBuffer is what stops hold of the request body; nil until something was held, empty after a release.
	DecodingBuffer() *Buffer
	// EncodingBuffer is the same for the response.
	EncodingBuffer() *Buffer
	// AddDecodedTrailers creates request trailers, or returns those that there are; nil before the request has ended. It is
	// meant for the last DecodeData (endStream true) of this filter, and for the time in which that one's stop holds.
	AddDecodedTrailers() *header.Map
	// AddEncodedTrailers creates response trailers, likewise.
	AddEncodedTrailers() *header.Map
	// InjectEncodedData sends data to the filters after this one on the response path (those before it in the chain)
	// at once, held response headers first, bypassing this filter.
	InjectEncodedData(data []byte, endStream bool)
	// SetBufferLimit sets the one limit that applies to the held request body and to the held response body of the
	// stream, in bytes; 0 is no limit. What is held is measured, so that a body that was edited from outside the stream's
	// callbacks counts.
	SetBufferLimit(bytes int)
	// BufferLimit returns it.
	BufferLimit() int

	// RequestHeaders and the next three return the maps as kept with the stream, in any phase; nil where there is none
	// yet. They are the maps that filters edit: the caller must not write outside its own callback phases.
	RequestHeaders() *header.Map
	RequestTrailers() *header.Map
	ResponseHeaders() *header.Map
	ResponseTrailers() *header.Map

	// ClearRouteCache forgets the chosen route; it is computed again when next asked for, except once response headers
	// are being encoded.
	ClearRouteCache()
	// Route returns the stream's route, computing it if needed; nil when nothing matches. The first computation takes
	// place before the first filter runs.
	Route() *Route
	// SetUpstreamOverrideHost asks the router for this endpoint ("ip:port") instead of the load balancer's choice.
	SetUpstreamOverrideHost(address string)
	// Info is the stream's record for properties and the access log. Shared by all filters.
	Info() *Info
	// Worker returns an opaque value given at stream creation: the worker the stream runs on.
	Worker() any
}

// Route is where a request goes.
type Route struct {
	Name    string // as match rules see it
	Cluster string // outbound|port|subset|host; empty for a route without a backend
	// VirtualHost is the name of the matched host entry.
	VirtualHost string
	// Timeout bounds the time from the complete request to the complete response; 0 means none.
	Timeout time.Duration
	// RewritePath, if not nil, gives the upstream's :path; RewriteHost the upstream's :authority when not empty.
	RewritePath func(path string) string
	RewriteHost string
	// DirectResponse answers without a backend when its Code is not 0.
	DirectResponse LocalReply
}

// RouteFunc chooses the route of a request.
type RouteFunc func(h *header.Map, info *Info) *Route

// Conn describes the downstream connection.
type Conn struct {
	ID                    uint64
	RemoteAddr, LocalAddr netip.AddrPort // RemoteAddr is the direct peer
	Protocol              string         // "HTTP/1.0", "HTTP/1.1", "HTTP/2"
	TLSVersion, SNI       string
	TLS                   bool
	TerminationDetails    string
}

// Info is the record of one stream. Filters, the router and the codec fill it; the access log prints it.
type Info struct {
	ID    uint64 // unique in the process
	Conn  *Conn
	Start time.Time
	// RemoteAddr is the client as determined by x-forwarded-for settings.
	RemoteAddr netip.AddrPort

	RequestReceived                         time.Time // last byte of the request read; zero until then
	UpstreamFirstByte                       time.Time // response headers from upstream
	End                                     time.Time // complete; zero until then
	RequestBytes                            uint64    // body bytes received from downstream
	ResponseBytes                           uint64    // body bytes sent downstream
	RequestHeaderBytes, ResponseHeaderBytes uint64

	ResponseCode             int    // 0 until known
	ResponseCodeDetails      string // "via_upstream" for an upstream answer
	ResponseFlags            string // Envoy's short flags, such as "UF", "NR", comma separated
	RouteName                string // noted when a route was chosen
	ClusterName              string // noted when the router chose a cluster
	VirtualHost              string
	UpstreamHost             netip.AddrPort // zero until chosen
	UpstreamLocal            netip.AddrPort
	UpstreamTransportFailure string

	// FilterState is shared by all filters of the stream; keys of plugins start with "wasm.".
	FilterState map[string][]byte
	// DynamicMetadata is Envoy's dynamic metadata: namespace to value (JSON-like).
	DynamicMetadata map[string]map[string]any
	// TraceTags are the tags set on the stream's span.
	TraceTags map[string]string
}

// Downstream is the codec's side of a stream: where the response goes. Data belongs to the callee. Nothing is called
// after the end of stream, Reset or Stream.OnDownstreamReset, except ReadDisable(false) where a ReadDisable(true) is
// outstanding at the end of the response.
type Downstream interface {
	EncodeHeaders(h *header.Map, endStream bool)
	EncodeData(data []byte, endStream bool)
	EncodeTrailers(t *header.Map)
	// Reset aborts the exchange on the wire.
	Reset(details string)
	// ReadDisable stops (true) or resumes (false) reading the request body; calls nest.
	ReadDisable(bool)
}

// Upstream is the router: the end of the request path. It answers through the stream's OnUpstream… methods. Data belongs
// to the callee.
type Upstream interface {
	DecodeHeaders(h *header.Map, endStream bool)
	DecodeData(data []byte, endStream bool)
	DecodeTrailers(t *header.Map)
	// Reset abandons the upstream request. It is called at most once, also after a reply by the router itself, but not
	// after OnUpstreamReset nor when both messages were passed on completely.
	Reset()
	// ReadDisable stops or resumes reading the upstream's response body; calls nest.
	ReadDisable(bool)
}
