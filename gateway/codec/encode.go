package codec

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/header"
)

var lineEnd = []byte("\r\n")

// bodyEncoder writes one message body in the framing that its head declared.
type bodyEncoder struct {
	framing bodyFraming
	left    int64 // of a content-length; may fall below zero
	broken  bool  // the head declared a framing that the codec cannot keep
}

// declare chooses the framing for a body under header h: a content-length if there is one, else fallback.
func (e *bodyEncoder) declare(h *header.Map, fallback bodyFraming) {
	lengths := h.Values("content-length")
	if len(lengths) == 0 {
		e.framing = fallback
		return
	}
	var ok bool
	e.framing = framingLength
	e.left, ok = parseLength(lengths[0])
	e.broken = !ok || len(lengths) > 1
}

// data returns the frame for a piece of the body.
func (e *bodyEncoder) data(data []byte, end bool) frame {
	f := frame{kind: frameBody, end: end}
	switch e.framing {
	case framingNone:
		return f
	case framingChunked:
		if len(data) > 0 {
			f.parts = [3][]byte{fmt.Appendf(nil, "%x\r\n", len(data)), data, lineEnd}
		}
		if end {
			f.parts[2] = append(slices.Clone(f.parts[2]), "0\r\n\r\n"...)
		}
		return f
	case framingLength:
		e.left -= int64(len(data))
		e.broken = e.broken || e.left < 0 || end && e.left != 0
	}
	f.parts[0] = data
	return f
}

// trailers returns the frame that ends the body with trailers, if the framing has room for them.
func (e *bodyEncoder) trailers(t *header.Map) frame {
	if e.framing != framingChunked {
		return e.data(nil, true)
	}
	var b bytes.Buffer
	b.WriteString("0\r\n")
	writeFields(&b, t, nil)
	b.Write(lineEnd)
	return frame{kind: frameBody, end: true, parts: [3][]byte{b.Bytes()}}
}

// writeFields writes the entries of h as header lines, pseudo headers left out, :authority as host.
func writeFields(b *bytes.Buffer, h *header.Map, skip func(name string) bool) {
	for _, e := range h.Entries() {
		name := e.Name
		if name == ":authority" {
			name = "host"
		}
		if !isToken(name) || skip != nil && skip(name) {
			continue
		}
		writeField(b, name, e.Value)
	}
}

var lineBreaks = strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ")

func writeField(b *bytes.Buffer, name, value string) {
	b.WriteString(name)
	b.WriteString(": ")
	b.WriteString(lineBreaks.Replace(value))
	b.Write(lineEnd)
}

// bodilessMethods are those whose requests get no content-length of 0.
var bodilessMethods = []string{"GET", "HEAD", "DELETE", "TRACE", "CONNECT"}

// encodeRequestHead returns the bytes of a request head and prepares the body's framing. The target goes out verbatim;
// one that would break the request line is an error.
func encodeRequestHead(h *header.Map, endStream bool, body *bodyEncoder) ([]byte, error) {
	method, target, authority := h.Value(":method"), h.Value(":path"), h.Value(":authority")
	if method == "CONNECT" {
		target = authority
	}
	if !isToken(method) {
		return nil, fmt.Errorf(":method %q is no token", method)
	}
	if target == "" || !isTarget(target) {
		return nil, fmt.Errorf(":path %q cannot be a request target", target)
	}
	if !isTarget(authority) {
		return nil, fmt.Errorf(":authority %q cannot be a host header", authority)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, target)
	writeField(&b, "host", authority)
	writeFields(&b, h, func(name string) bool { return name == "host" || name == "transfer-encoding" })
	switch {
	case isTunnelRequest(h):
		body.framing = framingRaw
	case !endStream:
		body.declare(h, framingChunked)
		if body.framing == framingChunked {
			writeField(&b, "transfer-encoding", "chunked")
		}
	default:
		body.declare(h, framingNone)
		body.broken = body.broken || body.left != 0
		if body.framing == framingNone && !slices.Contains(bodilessMethods, method) {
			writeField(&b, "content-length", "0")
		}
	}
	b.Write(lineEnd)
	return b.Bytes(), nil
}

// isTarget reports whether s has no byte that would end a request target.
func isTarget(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// isTunnelRequest reports whether the request turns into raw bytes once it is accepted.
func isTunnelRequest(h *header.Map) bool {
	return h.Value(":method") == "CONNECT" || IsUpgrade(h)
}

// appendStatusLine starts a response head.
func appendStatusLine(b *bytes.Buffer, http10 bool, status int) {
	version := "HTTP/1.1 "
	if http10 {
		version = "HTTP/1.0 "
	}
	reason := http.StatusText(status)
	if reason == "" {
		reason = "Unknown"
	}
	b.WriteString(version)
	b.WriteString(strconv.Itoa(status))
	b.WriteByte(' ')
	b.WriteString(reason)
	b.Write(lineEnd)
}
