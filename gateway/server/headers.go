package server

import (
	"crypto/rand"
	"fmt"
	"net/netip"
	"time"

	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

const (
	serverName = "wasmplane"
	httpDate   = "Mon, 02 Jan 2006 15:04:05 GMT"
)

// internalHeaders are taken from requests that do not come from inside.
var internalHeaders = []string{"x-envoy-internal", "x-envoy-original-path", "x-envoy-expected-rq-timeout-ms"}

// prepareRequest does what Envoy's connection manager does before filters see a request, as an edge proxy without
// trusted hops before it (use_remote_address true, xff_num_trusted_hops 0; Envoy: "HTTP header manipulation"). A request
// id of the client's is kept.
func prepareRequest(h *header.Map, info *stream.Info) {
	codec.StripRequestHopByHop(h)
	remote := info.RemoteAddr.Addr()
	forwarded := h.Value("x-forwarded-for")
	if forwarded == "" {
		h.Set("x-forwarded-for", remote.String())
	} else {
		h.Set("x-forwarded-for", forwarded+","+remote.String())
	}
	h.Set("x-forwarded-proto", h.Value(":scheme"))
	h.Remove("x-envoy-external-address")
	if forwarded == "" && internal(remote) {
		h.Set("x-envoy-internal", "true")
	} else {
		for _, name := range internalHeaders {
			h.Remove(name)
		}
		h.Set("x-envoy-external-address", remote.String())
	}
	if h.Value("x-request-id") == "" {
		h.Set("x-request-id", newRequestID())
	}
}

// internal tells the addresses of internal clients, as Envoy long did by default: private networks and loopback. To
// Envoy, an IPv4 address that a PROXY protocol header writes as IPv6 is neither.
func internal(a netip.Addr) bool { return !a.Is4In6() && (a.IsLoopback() || a.IsPrivate()) }

// newRequestID returns a random UUID (RFC 9562 section 5.4).
func newRequestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// finishResponse does what the connection manager does to a response before it is encoded. last says that the
// connection is to be closed; HTTP/2 has other means for that and drops the header.
func finishResponse(h *header.Map, last bool) {
	codec.StripResponseHopByHop(h)
	h.Set("server", serverName)
	if !h.Has("date") {
		h.Set("date", time.Now().UTC().Format(httpDate))
	}
	if last && h.Value(":status") != "101" {
		h.Set("connection", "close")
	}
}
