package body

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Obstacle says why a body must be left alone. The zero value is no obstacle. Header and query edits do not depend on it.
type Obstacle string

const (
	NoBody      Obstacle = "no body"      // none will come: end of stream with the headers, HEAD, 1xx, 204, 304
	Upgrade     Obstacle = "upgrade"      // after the handshake the connection carries another protocol
	Encoded     Obstacle = "encoded"      // content-encoding other than identity
	Binary      Obstacle = "binary"       // octet-stream or gRPC, as the type itself, not in a parameter
	EventStream Obstacle = "event stream" // waiting for its end would hold the events back
	Partial     Obstacle = "partial"      // 206 (RFC 9110, section 15.3.7): the ranges would no longer fit
	NoTransform Obstacle = "no-transform" // cache-control forbids edits (RFC 9111, section 5.2)
	Charset     Obstacle = "charset"      // a byte that looks like ASCII may be part of another character
)

// OfRequest says what keeps a plugin from editing a request's body. headers are all request headers with lower-case names;
// hasBody is what the context's HasRequestBody says. A GET that asks for any protocol is a handshake (RFC 6455, section 4.1),
// and so is whatever Envoy takes for one of a websocket: with any method, what follows the headers is passed on as it is,
// and has no end. With other methods other protocols, such as the h2c that some clients offer with all they send, hide
// nothing. What must not pass unread has to refuse an Upgrade that announces a body.
func OfRequest(headers [][2]string, hasBody bool) Obstacle {
	if !hasBody {
		return NoBody
	}
	switch method := httpheader.First(headers, ":method"); {
	case method == "CONNECT", method == "GET" && httpheader.First(headers, "upgrade") != "", isWebsocket(headers):
		return Upgrade
	}
	return ofContent(headers)
}

// isWebsocket tells whether the request is an upgrade to a websocket, as Envoy sees it: the method does not matter.
func isWebsocket(headers [][2]string) bool {
	connection, upgrade := false, false
	for i := range headers {
		switch headers[i][0] {
		case "connection":
			connection = connection || HasToken(headers[i][1], "upgrade")
		case "upgrade":
			upgrade = upgrade || HasToken(headers[i][1], "websocket")
		}
	}
	return connection && upgrade
}

// OfResponse says what keeps a plugin from waiting for a response's body to edit it. method is that of the request,
// headers are all response headers with lower-case names; hasBody is what the context's HasResponseBody says.
func OfResponse(method string, headers [][2]string, hasBody bool) Obstacle {
	status := httpheader.First(headers, ":status")
	switch {
	case status == "101":
		return Upgrade
	case !hasBody, method == "HEAD", status == "204", status == "304", strings.HasPrefix(status, "1"):
		return NoBody
	case method == "CONNECT" && strings.HasPrefix(status, "2"):
		return Upgrade
	case status == "206":
		return Partial
	case MediaType(httpheader.First(headers, "content-type")) == "text/event-stream":
		return EventStream
	}
	return ofContent(headers)
}

// Reads tells whether the body may at least be read, where an edit may be forbidden.
func (o Obstacle) Reads() bool { return o == "" || o == NoTransform }

// ofContent names NoTransform only where nothing keeps a plugin from reading either. What is opaque is the SDK's decision:
// headers held for a body that it does not show would be held for nothing.
func ofContent(headers [][2]string) Obstacle {
	var found Obstacle
	for _, h := range headers {
		switch h[0] {
		case "content-encoding":
			if wrapper.OpaqueBody("", h[1]) {
				return Encoded
			}
		case "cache-control":
			if HasToken(h[1], "no-transform") {
				found = NoTransform
			}
		case "content-type":
			if wrapper.OpaqueBody(strings.ToLower(h[1]), "") {
				return Binary
			}
			if !keepsASCII(charset(h[1])) {
				return Charset
			}
		}
	}
	return found
}

// charset is the charset parameter of a content type, in lower case; "" if there is none.
func charset(contentType string) string {
	_, parameters, _ := strings.Cut(contentType, ";")
	for parameters != "" {
		var parameter string
		parameter, parameters, _ = strings.Cut(parameters, ";")
		name, text, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.TrimSpace(name), "charset") {
			return strings.ToLower(strings.Trim(strings.TrimSpace(text), `"'`))
		}
	}
	return ""
}

// keepsASCII tells whether every byte below 0x80 is the ASCII character, in whatever place. It is true of UTF-8, of the
// single-byte charsets and of EUC, and false of UTF-16, UTF-32, the GB and Big5 families, Shift_JIS, ISO 2022 and unknown
// ones.
func keepsASCII(name string) bool {
	switch name {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "macintosh", "euc-jp", "euc-kr", "gb2312", "tis-620":
		return true
	}
	for _, family := range [...]string{"iso-8859-", "iso8859-", "windows-125", "cp125", "koi8-", "latin"} {
		if strings.HasPrefix(name, family) {
			return true
		}
	}
	return false
}

// HasToken tells whether a comma separated list, such as Connection or Cache-Control, has an item, in any case.
func HasToken(list, token string) bool {
	for list != "" {
		var item string
		item, list, _ = strings.Cut(list, ",")
		if strings.EqualFold(strings.Trim(item, " \t"), token) {
			return true
		}
	}
	return false
}
