package codec

import (
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// bodyFraming is how a body's end is marked on HTTP/1 (RFC 9112 section 6.3).
type bodyFraming uint8

const (
	framingNone    bodyFraming = iota // no body
	framingLength                     // content-length
	framingChunked                    // chunked transfer coding
	framingClose                      // the end of the connection
	framingRaw                        // upgraded: bytes until the end of the connection
)

// fieldFraming reads the framing that the headers declare; framingNone when they declare none. Everything that two
// parsers could understand differently is refused: both headers at once, a repeated or listed content-length (even with
// equal values), any transfer coding but chunked, and transfer codings on HTTP/1.0.
func fieldFraming(fields []header.Entry, http10 bool) (framing bodyFraming, length int64, refused *RefusedError) {
	var lengths, codings []string
	for _, f := range fields {
		switch f.Name {
		case "content-length":
			lengths = append(lengths, f.Value)
		case "transfer-encoding":
			codings = append(codings, f.Value)
		}
	}
	switch {
	case len(codings) > 0 && len(lengths) > 0:
		return 0, 0, refuse("http1.content_length_and_chunked_not_allowed", "content-length and transfer-encoding")
	case len(codings) > 1 || len(codings) == 1 && !strings.EqualFold(codings[0], "chunked"):
		return 0, 0, refuse("http1.invalid_transfer_encoding", "transfer-encoding %q", strings.Join(codings, ", "))
	case len(codings) == 1 && http10:
		return 0, 0, refuse("http1.invalid_transfer_encoding", "transfer-encoding in an HTTP/1.0 message")
	case len(codings) == 1:
		return framingChunked, 0, nil
	case len(lengths) > 1:
		return 0, 0, refuse("http1.codec_error", "repeated content-length")
	case len(lengths) == 0:
		return framingNone, 0, nil
	}
	length, ok := parseLength(lengths[0])
	if !ok {
		return 0, 0, refuse("http1.codec_error", "content-length %q", lengths[0])
	}
	return framingLength, length, nil
}

// parseLength reads a content-length: digits only, within int64.
func parseLength(s string) (int64, bool) {
	if s == "" || len(s) > 19 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}
