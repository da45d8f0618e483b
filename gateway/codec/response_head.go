package codec

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// responseHead is a parsed HTTP/1 response head.
type responseHead struct {
	headers   *header.Map
	status    int
	keepAlive bool
	framing   bodyFraming
	length    int64
}

// readResponseHead reads one response head, 1xx included. method is the request's. The error is a *RefusedError, or the
// connection's.
func readResponseHead(br *bufio.Reader, limits Limits, method string, tunnel bool) (*responseHead, error) {
	line, err := readLine(br, limits.HeaderBytes)
	if errors.Is(err, errLineTooLong) {
		return nil, refuse("http1.headers_too_large", "status line too long")
	}
	if err != nil {
		return nil, err
	}
	version, rest, _ := strings.Cut(line, " ")
	code, reason, _ := strings.Cut(rest, " ")
	if version != "HTTP/1.1" && version != "HTTP/1.0" || !isFieldValue(reason) {
		return nil, refuse("http1.codec_error", "malformed status line")
	}
	status, ok := parseLength(code)
	if !ok || len(code) != 3 || status < 100 {
		return nil, refuse("http1.codec_error", "status %q", code)
	}
	fields, err := readFields(br, limits, len(line)+2)
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	h := &responseHead{status: int(status), headers: header.New([2]string{":status", code})}
	for _, f := range fields {
		h.headers.Append(f.Name, f.Value)
	}
	http10 := version == "HTTP/1.0"
	h.keepAlive = !hasListToken(fields, "connection", "close") &&
		(!http10 || hasListToken(fields, "connection", "keep-alive"))
	if tunnel && (h.status == 101 || method == "CONNECT" && h.status/100 == 2) {
		h.framing = framingRaw
		return h, nil
	}
	if h.status/100 == 1 {
		return h, nil
	}
	framing, length, refused := fieldFraming(fields, http10)
	if refused != nil {
		return nil, refused
	}
	if method == "HEAD" || h.status == 204 || h.status == 304 {
		return h, nil
	}
	h.framing, h.length = framing, length
	if h.framing == framingNone {
		h.framing = framingClose
	}
	return h, nil
}

// bodyless reports whether the message ends with this head.
func (h *responseHead) bodyless() bool {
	return h.framing == framingNone || h.framing == framingLength && h.length == 0
}
