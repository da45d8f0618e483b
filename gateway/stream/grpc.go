package stream

import (
	"fmt"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// isGRPCRequest is true for the content types application/grpc and application/grpc+….
func isGRPCRequest(h *header.Map) bool {
	rest, ok := strings.CutPrefix(h.Value("content-type"), "application/grpc")
	return ok && (rest == "" || rest[0] == '+')
}

// grpcStatusOf maps an HTTP status to a gRPC status (gRPC: "HTTP to gRPC Status Code Mapping").
func grpcStatusOf(code int) int {
	switch code {
	case 400:
		return 13 // INTERNAL
	case 401:
		return 16 // UNAUTHENTICATED
	case 403:
		return 7 // PERMISSION_DENIED
	case 404:
		return 12 // UNIMPLEMENTED
	case 429, 502, 503, 504:
		return 14 // UNAVAILABLE
	}
	return 2 // UNKNOWN
}

// percentEncoded is the encoding of grpc-message. Like Envoy it also encodes "~", which decoders accept.
func percentEncoded(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= '~' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
