package abi

// Status is the result of a host function.
type Status uint32

// Statuses, numbered as in the proxy-wasm ABI.
const (
	OK Status = iota
	NotFound
	BadArgument
	SerializationFailure
	ParseFailure
	BadExpression
	InvalidMemoryAccess
	Empty
	CasMismatch
	ResultMismatch
	InternalFailure
	BrokenConnection
	Unimplemented
)

// BufferType names a byte buffer that a guest reads or writes.
type BufferType uint32

// Buffers.
const (
	RequestBody BufferType = iota
	ResponseBody
	DownstreamData
	UpstreamData
	HTTPCallResponseBody
	GRPCReceive
	VMConfiguration
	PluginConfiguration
	CallData
	RedisCallResponse
	lastBuffer = RedisCallResponse
)

// MapType names a header map.
type MapType uint32

// Header maps.
const (
	RequestHeaders MapType = iota
	RequestTrailers
	ResponseHeaders
	ResponseTrailers
	GRPCInitialMetadata
	GRPCTrailingMetadata
	HTTPCallResponseHeaders
	HTTPCallResponseTrailers
	lastMap = HTTPCallResponseTrailers
)

// StreamType names what continue_stream and close_stream act upon.
type StreamType uint32

// Stream types.
const (
	StreamRequest StreamType = iota
	StreamResponse
	StreamDownstream
	StreamUpstream
)

// LogLevel is the severity of a log line, or as a threshold the lowest that is written.
type LogLevel uint32

// Log levels. LogOff is a threshold only.
const (
	LogTrace LogLevel = iota
	LogDebug
	LogInfo
	LogWarn
	LogError
	LogCritical
	LogOff
)

var logLevelNames = [...]string{"trace", "debug", "info", "warning", "error", "critical", "off"}

// String returns the level's name as Envoy's /logging endpoint spells it.
func (l LogLevel) String() string {
	if int(l) < len(logLevelNames) {
		return logLevelNames[l]
	}
	return "unknown"
}

// ParseLogLevel returns the level of that name ("warn" is accepted for "warning") and whether there is one.
func ParseLogLevel(name string) (LogLevel, bool) {
	if name == "warn" {
		return LogWarn, true
	}
	for i, known := range logLevelNames {
		if known == name {
			return LogLevel(i), true
		}
	}
	return 0, false
}

// MetricType is the kind of a metric.
type MetricType uint32

// Metric types.
const (
	Counter MetricType = iota
	Gauge
	Histogram
)

// HeadersAction is what a guest decided in a headers callback, the same for all ABI versions.
type HeadersAction int

// Headers actions. A guest's ContinueAndEndStream is run as HeadersContinue.
const (
	HeadersContinue HeadersAction = iota
	HeadersStopIteration
	HeadersStopAllIterationAndBuffer
	HeadersStopAllIterationAndWatermark
)

// DataAction is what a guest decided in a body callback.
type DataAction int

// Data actions.
const (
	DataContinue DataAction = iota
	DataStopIterationAndBuffer
	DataStopIterationAndWatermark
	DataStopIterationNoBuffer
)

// TrailersAction is what a guest decided in a trailers or metadata callback.
type TrailersAction int

// Trailers actions.
const (
	TrailersContinue TrailersAction = iota
	TrailersStopIteration
)

// PeerType says who closed a connection.
type PeerType uint32

// Peers.
const (
	PeerUnknown PeerType = iota
	PeerLocal
	PeerRemote
)

// headersAction maps a guest's number. Before ABI 0.2.100 action 1 stops everything, unless the host was told to keep
// StopIteration (Envoy's allow_on_headers_stop_iteration).
func headersAction(n uint32, keepStopIteration bool) HeadersAction {
	switch n {
	case 0, 2:
		return HeadersContinue
	case 1:
		if keepStopIteration {
			return HeadersStopIteration
		}
		return HeadersStopAllIterationAndWatermark
	case 3:
		return HeadersStopAllIterationAndBuffer
	}
	return HeadersStopAllIterationAndWatermark
}

func dataAction(n uint32) DataAction {
	return DataAction(min(n, uint32(DataStopIterationNoBuffer)))
}

func trailersAction(n uint32) TrailersAction {
	return TrailersAction(min(n, uint32(TrailersStopIteration)))
}
