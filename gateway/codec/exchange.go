package codec

import (
	"fmt"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// Watermarks of one exchange's unsent bytes: above HighWatermark the receiver is told to stop producing, under
// LowWatermark it may go on.
const (
	HighWatermark = 64 << 10
	LowWatermark  = 32 << 10
)

// readSize is the largest piece of a body that one OnData carries.
const readSize = 16 << 10

// Receiver gets the events of one direction of an exchange: a request's on the server, a response's on the client.
// The codec calls it from one goroutine at a time and in order. Implementations only post into an event loop: they must
// not block. Maps and slices belong to the receiver from the call on.
//
// Nothing is delivered after OnReset, after Sender.Reset, or once both directions are complete.
type Receiver interface {
	// OnHeaders starts the message. A request has :method, :path (not for CONNECT), :authority (unless an HTTP/1.0
	// client sent none) and :scheme, then its headers in wire order; a response has :status, then its headers.
	OnHeaders(h *header.Map, endStream bool)
	// OnData is a piece of the body without transfer coding, at most 16 KiB, or an empty last one.
	OnData(data []byte, endStream bool)
	// OnTrailers ends the message with trailers.
	OnTrailers(t *header.Map)
	// OnReset says that the exchange is over: nothing more is received and what is sent is dropped. It can follow the
	// end of a request whose response is not complete.
	OnReset(err *ResetError)
	// OnWriteBuffer says that the bytes queued by this exchange's Sender rose over HighWatermark (true) or then fell
	// under LowWatermark (false). Not called any more once the Sender's end is queued.
	OnWriteBuffer(high bool)
}

// Sender writes the other direction of an exchange: the response on the server, the request on the client. Its methods
// never block and may be called from one goroutine at a time. Calls after the end, after Reset or after
// Receiver.OnReset do nothing. Header maps are read before the call returns and not kept.
type Sender interface {
	// SendHeaders starts the message. On the server it may be called with 1xx responses before the final one.
	//
	// On HTTP/1 the codec chooses the framing: a content-length in h is sent as it is and the body written without
	// coding, whatever its size (a wrong one breaks the framing, so the connection is closed afterwards); without one a
	// body is chunked, or ends with the connection for an HTTP/1.0 client. A transfer-encoding in h is ignored. CR, LF
	// and NUL in a value are written as spaces; entries whose name is no token are left out.
	SendHeaders(h *header.Map, endStream bool)
	// SendData writes a piece of the body and takes ownership of data. It is on the wire as soon as the peer takes it.
	SendData(data []byte, endStream bool)
	// SendTrailers ends the message. A framing without room for trailers ends without them.
	SendTrailers(t *header.Map)
	// Reset abandons the exchange: RST_STREAM on HTTP/2; on HTTP/1 the connection is closed after what was queued has
	// been flushed (server, at most a second) or at once (client). The receiver hears nothing more.
	Reset()
	// ReadDisable stops (true) or resumes (false) reading the body that the Receiver gets, so that the peer is
	// throttled by TCP or by the HTTP/2 window. Calls nest.
	ReadDisable(disable bool)
}

// ResetKind says why an exchange ended early.
type ResetKind int

// Reset kinds.
const (
	ConnectFailure        ResetKind = iota + 1 // client: no connection, TLS handshake included
	ConnectTimeout                             // client: no connection within PoolConfig.ConnectTimeout
	ConnectionTermination                      // the connection was lost before response headers (server: at any time)
	RemoteReset                                // HTTP/2: the peer reset the stream before response headers (server: at any time)
	ResetAfterHeaders                          // client: either of the two after response headers
	ProtocolError                              // what the peer sent is not HTTP, or breaks its own framing
	LocalReset                                 // this side closed the server or pool, or could not send what it was given
)

var resetKindNames = [...]string{"", "connect failure", "connect timeout", "connection termination", "remote reset",
	"reset after headers", "protocol error", "local reset"}

// String returns the kind in words.
func (k ResetKind) String() string {
	if k < ConnectFailure || k > LocalReset {
		return fmt.Sprintf("reset kind %d", int(k))
	}
	return resetKindNames[k]
}

// ResetError is the reason of a reset.
type ResetError struct {
	Kind ResetKind
	// AfterHeaders reports whether the response's (server: the request's) headers were delivered before.
	AfterHeaders bool
	// Err is the cause; never nil.
	Err error
}

// Error implements error.
func (e *ResetError) Error() string { return e.Kind.String() + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *ResetError) Unwrap() error { return e.Err }

// RefusedError is a message that the HTTP/1 codec refuses.
type RefusedError struct {
	// Status is what a client is answered: 400, 414 or 431.
	Status int
	// Details is the response-code-details string, with Envoy's names where it has one.
	Details string
	// Reason names what is wrong, for logs.
	Reason string
}

// Error implements error.
func (e *RefusedError) Error() string { return e.Details + ": " + e.Reason }

func refuse(details, format string, args ...any) *RefusedError {
	return &RefusedError{Status: 400, Details: details, Reason: fmt.Sprintf(format, args...)}
}
