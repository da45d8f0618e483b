package codec

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// readAll drains a body and returns it with its error.
func readAll(b *bodyReader) (body string, trailers *header.Map, err error) {
	for {
		data, trailers, end, err := b.next()
		if end || err != nil {
			return body, trailers, err
		}
		body += string(data)
	}
}

// FuzzRequest checks that a request reads the same in one piece and byte by byte, and that what was accepted is
// understood the same after the codec has written it again.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		get + "\r\n", post + "content-length: 3\r\n\r\nabc", post + "transfer-encoding: chunked\r\n\r\n3;a\r\nabc\r\n0\r\nt: 1\r\n\r\n",
		"GET http://h?x HTTP/1.1\r\nhost: o\r\n\r\n", "CONNECT h:1 HTTP/1.1\r\nhost: h\r\n\r\n", "OPTIONS * HTTP/1.0\r\n\r\n",
		get + "connection: upgrade\r\nupgrade: x\r\n\r\nraw", post + "content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		limits := Limits{}.withDefaults()
		parse := func(r io.Reader) (h *requestHead, body string, trailers *header.Map, err error) {
			br := bufio.NewReader(r)
			if h, err = readRequestHead(br, limits, "http"); err != nil {
				return nil, "", nil, err
			}
			body, trailers, err = readAll(&bodyReader{br: br, framing: h.framing, left: h.length, limits: limits})
			return h, body, trailers, err
		}
		h, body, trailers, err := parse(strings.NewReader(in))
		h2, body2, _, err2 := parse(iotest.OneByteReader(strings.NewReader(in)))
		if (err == nil) != (err2 == nil) || body != body2 || (h == nil) != (h2 == nil) {
			t.Fatalf("whole: %v %q; byte by byte: %v %q", err, body, err2, body2)
		}
		if err != nil || h.tunnel || !h.headers.Has(":authority") {
			return
		}
		var enc bodyEncoder
		again := h.headers.Clone()
		again.Remove("expect")
		endStream := h.framing == framingNone
		head, err := encodeRequestHead(again, endStream, &enc)
		if err != nil {
			t.Fatalf("%q was accepted, yet: %v", in, err)
		}
		out := string(head)
		if !endStream {
			for _, fr := range []frame{enc.data([]byte(body), false), enc.trailers(trailers)} {
				out += string(fr.parts[0]) + string(fr.parts[1]) + string(fr.parts[2])
			}
		}
		h3, body3, trailers3, err := parse(strings.NewReader(out))
		if err != nil || body3 != body || trailers3.ByteSize() != trailers.ByteSize() || enc.broken ||
			h3.headers.Value(":path") != h.headers.Value(":path") || h3.headers.Value(":authority") != h.headers.Value(":authority") {
			t.Fatalf("%q became %q: %v", in, out, err)
		}
	})
}

// FuzzResponse checks that a response reads the same in one piece and byte by byte.
func FuzzResponse(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", "HTTP/1.0 200\r\n\r\nabc", "HTTP/1.1 204 x\r\n\r\n",
		"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\na: b\r\n\r\n", "HTTP/1.1 101 x\r\nupgrade: x\r\n\r\n",
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, in string, tunnel bool) {
		limits := Limits{}.withDefaults()
		parse := func(r io.Reader) (status int, body string, size int, err error) {
			br := bufio.NewReader(r)
			h, err := readResponseHead(br, limits, "GET", tunnel)
			if err != nil {
				return 0, "", 0, err
			}
			body, trailers, err := readAll(&bodyReader{br: br, framing: h.framing, left: h.length, limits: limits})
			return h.status, body, h.headers.ByteSize() + trailers.ByteSize(), err
		}
		status, body, size, err := parse(strings.NewReader(in))
		status2, body2, size2, err2 := parse(iotest.OneByteReader(strings.NewReader(in)))
		if status != status2 || body != body2 || size != size2 || (err == nil) != (err2 == nil) {
			t.Fatalf("whole: %d %q %v; byte by byte: %d %q %v", status, body, err, status2, body2, err2)
		}
		var refused *RefusedError
		if err != nil && !errors.As(err, &refused) && err != io.EOF && err != io.ErrUnexpectedEOF {
			t.Fatalf("unexpected kind of error %v", err)
		}
	})
}
