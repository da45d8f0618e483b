package abi

import (
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// Access is what a guest wants of a header map.
type Access int

// Kinds of access.
const (
	ReadOne   Access = iota // the value of one name
	ReadPairs               // all entries
	ReadSize                // the size in bytes
	Write                   // add, replace, remove or set
)

// Buffer is a run of bytes that a guest reads and writes.
type Buffer interface {
	Len() int
	// Bytes is valid until the next write and is not changed.
	Bytes() []byte
	// Splice drops the first n bytes (at most all) and puts a copy of p in front of the rest.
	Splice(n int, p []byte)
	// Append adds a copy of p at the end.
	Append(p []byte)
}

// SettlingBuffer is a Buffer whose owner wants to know, once the guest has been left, that the guest wrote to it.
type SettlingBuffer interface {
	Buffer
	Settle()
}

// LocalResponse is the argument of send_local_response.
type LocalResponse struct {
	Code       uint32
	Details    string
	Body       []byte
	Headers    [][2]string
	GRPCStatus uint32 // outside 0…16: none
}

// HTTPCall is the argument of http_call. Timeout is in milliseconds as the guest gave it.
type HTTPCall struct {
	Cluster  string
	Headers  [][2]string
	Body     []byte
	Trailers [][2]string
	Timeout  int32
}

// Context is what host functions act upon: a root context (one configuration in one VM) or a stream context. Its
// methods are called on the VM's goroutine while the guest runs, and must not call into the VM. Methods called after
// the guest returned say so. Byte slices given to a context are its own to keep.
type Context interface {
	// Log writes a line of the guest.
	Log(level LogLevel, message string)

	// HeaderMap returns a map other than those of call-outs, for the given access. A nil map with OK reads as empty.
	HeaderMap(m MapType, access Access) (*header.Map, Status)
	// Buffer returns a buffer other than configurations and call-out answers, and whether it may be written.
	Buffer(b BufferType) (buffer Buffer, writable bool, status Status)

	// Property and SetProperty get the path's segments joined by zero bytes, without a final one.
	Property(path string) ([]byte, Status)
	SetProperty(path string, value []byte) Status
	// ForeignFunction runs a foreign function. It is only called on the true current context.
	ForeignFunction(name string, argument []byte) ([]byte, Status)

	// ReleaseRequest is called at once by continue_stream: the request's maps and body are out of the guest's hands.
	ReleaseRequest()
	// ContinueStream, CloseStream, SendLocalResponse and InjectEncodedData run after the guest function returned, in
	// call order, except that injections come first.
	ContinueStream(StreamType)
	CloseStream(StreamType)
	SendLocalResponse(LocalResponse)
	InjectEncodedData(data []byte, endStream bool)

	// UpstreamHosts lists the hosts of the route's cluster as address and text.
	UpstreamHosts() [][2]string
	SetUpstreamOverrideHost(address string)
	// ClearRouteCache serves the import of ABI 0.1.0.
	ClearRouteCache()

	// Root returns the root context that call-outs, ticks and queues of this context belong to; itself for a root.
	Root() RootContext
}

// RootContext is a Context that outlives streams.
type RootContext interface {
	Context
	// HTTPCall and RedisCall start a call-out and return its token, 0 with any status but OK.
	HTTPCall(HTTPCall) (token uint32, status Status)
	RedisInit(cluster, user, password string, timeout time.Duration) Status
	RedisCall(cluster string, query []byte) (token uint32, status Status)
	// SetTickPeriod replaces the tick; 0 stops it.
	SetTickPeriod(time.Duration) Status
	// RegisterQueue makes this context the one that is told of new items.
	RegisterQueue(name string) uint32
	// Done reports the end of a pending done; NotFound if none is pending.
	Done() Status
}

// Services are what a VM shares with others of its process. Its methods are called while the guest runs.
type Services interface {
	Now() time.Time
	LogLevel() LogLevel
	SharedData(key string) (value []byte, cas uint32, status Status)
	SetSharedData(key string, value []byte, cas uint32) Status
	ResolveQueue(vmID, name string) (token uint32, status Status)
	Dequeue(token uint32) ([]byte, Status)
	Enqueue(token uint32, value []byte) Status
	DefineMetric(t MetricType, name string) (id uint32, status Status)
	IncrementMetric(id uint32, offset int64) Status
	RecordMetric(id uint32, value uint64) Status
	Metric(id uint32) (uint64, Status)
}
