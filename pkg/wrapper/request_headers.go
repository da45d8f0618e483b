package wrapper

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/iface"

	"github.com/wasmplane/wasmplane/pkg/internal/hostcall"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// The request headers whose values stay available in every phase.
const (
	headerScheme = iota
	headerAuthority
	headerPath
	headerMethod
	headerConnection
	headerUpgrade
	headerContentType
	headerContentEncoding
	keptHeaders
)

var keptNames = [keptHeaders]string{":scheme", ":authority", ":path", ":method", "connection", "upgrade",
	"content-type", "content-encoding"}

// requestHeaders are the values as of the request header phase. One header costs a host call; all of them cost about
// one and a half. So the first is read by itself, and the second reads them all.
type requestHeaders struct {
	pairs [][2]string // the snapshot
	taken bool
	first *keptHeader // the one that was read before the snapshot
}

// keptHeader is one of the headers; absent says that the request does not have it.
type keptHeader struct {
	kept   int
	value  string
	absent bool
}

// snapshotRequest reads all request headers, once.
func (s *stream) snapshotRequest() {
	h := &s.headers
	if h.taken {
		return
	}
	pairs, err := hostcall.RequestHeaders()
	if err != nil {
		return
	}
	h.pairs, h.taken = pairs, true
}

// RequestHeaders returns the request headers as of the request header phase, in order, pseudo headers included. They
// are read from the host once a stream. The slice is shared and must not be changed. It is nil when they cannot be read
// any more.
func (s *stream) RequestHeaders() [][2]string {
	s.snapshotRequest()
	return s.headers.pairs
}

// RequestHeaders returns the headers of a stream's request as they were in its header phase; see the option
// ReadsRequestHeaders. A context that is not of this package gives the headers as they are now, or nil.
func RequestHeaders(ctx HttpContext) [][2]string {
	if s, ok := ctx.(interface{ RequestHeaders() [][2]string }); ok {
		return s.RequestHeaders()
	}
	pairs, err := hostcall.RequestHeaders()
	if err != nil {
		return nil
	}
	return pairs
}

// requestHeader returns a kept header, and false if the request has none or its headers cannot be read any more.
func (s *stream) requestHeader(kept int) (string, bool) {
	h := &s.headers
	if h.first != nil && h.first.kept == kept {
		return h.first.value, !h.first.absent
	}
	if h.first != nil {
		s.snapshotRequest()
	}
	if h.taken {
		return h.inSnapshot(keptNames[kept])
	}
	value, err := proxywasm.GetHttpRequestHeader(keptNames[kept])
	if err != nil && err != types.ErrorStatusNotFound {
		return "", false
	}
	h.first = &keptHeader{kept: kept, value: value, absent: err != nil}
	return value, err == nil
}

func (h *requestHeaders) inSnapshot(name string) (string, bool) {
	for i := range h.pairs {
		if h.pairs[i][0] == name {
			return h.pairs[i][1], true
		}
	}
	return "", false
}

func (s *stream) requestValue(kept int) string {
	value, _ := s.requestHeader(kept)
	return value
}

// RequestAuthority implements matcher.AuthoritySource.
func (s *stream) RequestAuthority() (string, error) {
	value, ok := s.requestHeader(headerAuthority)
	if !ok {
		return "", types.ErrorStatusNotFound
	}
	return value, nil
}

// Scheme returns `:scheme` as of the request header phase. This and the following four may be called in any phase.
func (s *stream) Scheme() string { return s.requestValue(headerScheme) }

// Host returns `:authority` as of the request header phase.
func (s *stream) Host() string { return s.requestValue(headerAuthority) }

// Path returns `:path` as of the request header phase.
func (s *stream) Path() string { return s.requestValue(headerPath) }

// Method returns `:method` as of the request header phase.
func (s *stream) Method() string { return s.requestValue(headerMethod) }

// IsWebsocket reports whether the request asks for an upgrade to websocket.
func (s *stream) IsWebsocket() bool {
	return upgradesToWebsocket(s.requestValue(headerUpgrade), func() string { return s.requestValue(headerConnection) })
}

// upgradesToWebsocket treats both headers as lists of tokens. Most requests have no upgrade header, and then the other
// one is not read.
func upgradesToWebsocket(upgrade string, connection func() string) bool {
	return upgrade != "" && hasToken(upgrade, "websocket") && hasToken(connection(), "upgrade")
}

func hasToken(list, token string) bool {
	for list != "" {
		var item string
		item, list, _ = strings.Cut(list, ",")
		if strings.EqualFold(strings.TrimSpace(item), token) {
			return true
		}
	}
	return false
}

// IsBinaryRequestBody reports whether the request's content type names binary data, or its body is encoded.
func (s *stream) IsBinaryRequestBody() bool {
	return isBinary(s.requestValue(headerContentType), s.requestValue(headerContentEncoding))
}

// IsBinaryResponseBody reports whether the response's content type names binary data, or its body is encoded. It reads
// the response headers on first use.
func (s *stream) IsBinaryResponseBody() bool {
	if s.binary == 0 {
		s.binary = 1
		if responseIsBinary() {
			s.binary = 2
		}
	}
	return s.binary == 2
}

func responseIsBinary() bool {
	contentType, _ := proxywasm.GetHttpResponseHeader("content-type")
	if isBinary(contentType, "") {
		return true
	}
	encoding, _ := proxywasm.GetHttpResponseHeader("content-encoding")
	return isBinary("", encoding)
}

func isBinary(contentType, contentEncoding string) bool {
	return contentEncoding != "" || strings.Contains(contentType, "octet-stream") || strings.Contains(contentType, "grpc")
}

// requestIDForLog is the request's id as it stands in log lines. It is looked up when the first line is written.
func (s *stream) requestIDForLog() string {
	if s.requestID != "" {
		return s.requestID
	}
	if s.headers.taken {
		s.requestID, _ = s.headers.inSnapshot("x-request-id")
	} else if s.phase == iface.DecodeHeader {
		s.requestID, _ = proxywasm.GetHttpRequestHeader("x-request-id")
	}
	if s.requestID == "" {
		s.requestID, _ = hostcall.Property("x_request_id")
	}
	s.requestID = orNil(s.requestID)
	return s.requestID
}

func requestHeaderOrLog(name string) string {
	value, err := proxywasm.GetHttpRequestHeader(name)
	if err != nil {
		log.Error("get request header " + name + " failed: " + err.Error())
	}
	return value
}
