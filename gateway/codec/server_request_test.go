package codec

import (
	"fmt"
	"strings"
	"testing"
)

func TestRequestsAsTheyAreOnTheWire(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"headers keep order and duplicates, names fall to lower case", "GET /a?b HTTP/1.1\r\nHost: h\r\nB: 2\r\nA:1\r\nB:  3 \t\r\n\r\n",
			":authority=h|:path=/a?b|:method=GET|:scheme=http|b=2|a=1|b=3| end"},
		{"a target net/url refuses", "GET //x/%zz?apikey=x HTTP/1.1\r\nhost: h\r\n\r\n", ":authority=h|:path=//x/%zz?apikey=x|:method=GET|:scheme=http| end"},
		{"bytes above ASCII", "GET /\xff HTTP/1.1\r\nhost: h\r\nx: \xe4\r\n\r\n", ":authority=h|:path=/\xff|:method=GET|:scheme=http|x=\xe4| end"},
		{"absolute form wins over host", "GET http://real:81/p?q HTTP/1.1\r\nhost: other\r\n\r\n", ":authority=real:81|:path=/p?q|:method=GET|:scheme=http| end"},
		{"absolute form without path", "GET HTTPS://real?q HTTP/1.1\r\nhost: o\r\n\r\n", ":authority=real|:path=/?q|:method=GET|:scheme=https| end"},
		{"asterisk", "OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n", ":authority=h|:path=*|:method=OPTIONS|:scheme=http| end"},
		{"connect", "CONNECT h:443 HTTP/1.1\r\nhost: h:443\r\n\r\n", ":authority=h:443|:method=CONNECT|:scheme=http|"},
		{"empty lines before the request", "\r\n\r\nGET / HTTP/1.1\r\nhost: h\r\n\r\n", ":authority=h|:path=/|:method=GET|:scheme=http| end"},
		{"HTTP/1.0 without host", "GET / HTTP/1.0\r\n\r\n", ":path=/|:method=GET|:scheme=http| end"},
		{"empty header value", "GET / HTTP/1.1\r\nhost:\r\nx:\r\n\r\n", ":authority=|:path=/|:method=GET|:scheme=http|x=| end"},
		{"content-length", "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\nabc", ":authority=h|:path=/|:method=POST|:scheme=http|content-length=3| body=\"abc\" end"},
		{"content-length 0", "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n", ":authority=h|:path=/|:method=POST|:scheme=http|content-length=0| end"},
		{"chunked", "POST / HTTP/1.1\r\nhost: h\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n",
			":authority=h|:path=/|:method=POST|:scheme=http|transfer-encoding=Chunked| body=\"abc0123456789\" end"},
		{"empty chunked body", "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", ":authority=h|:path=/|:method=POST|:scheme=http|transfer-encoding=chunked| end"},
		{"trailers", "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\ny: 2\r\n\r\n",
			":authority=h|:path=/|:method=POST|:scheme=http|transfer-encoding=chunked| body=\"a\" trailer x-sum=1 trailer y=2 end"},
		{"upgrade", "GET /ws HTTP/1.1\r\nhost: h\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\n\r\n",
			":authority=h|:path=/ws|:method=GET|:scheme=http|connection=keep-alive, Upgrade|upgrade=websocket|"},
		{"h2c upgrade is ignored", "GET / HTTP/1.1\r\nhost: h\r\nconnection: Upgrade, HTTP2-Settings, x\r\nupgrade: h2c\r\nhttp2-settings: AA\r\n\r\n",
			":authority=h|:path=/|:method=GET|:scheme=http|connection=x| end"},
		{"upgrade with a body is ignored", "GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\ncontent-length: 1\r\n\r\na",
			":authority=h|:path=/|:method=GET|:scheme=http|content-length=1| body=\"a\" end"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			checkGoroutines(t)
			s := startServer(t, ServerConfig{}, nil)
			for split := 0; split <= len(c.in); split++ {
				conn := dialRaw(t, s.addr)
				conn.send(c.in[:split])
				conn.send(c.in[split:])
				r := s.next(t)
				r.wait(t, c.want, func() bool { return r.end || r.headers != nil && !strings.HasSuffix(c.want, "end") })
				if got := r.String(); got != c.want {
					t.Fatalf("split at %d: got\n%s\nwant\n%s", split, got, c.want)
				}
				r.sender.Reset()
				conn.expectClosed()
			}
		})
	}
}

func TestByteByByte(t *testing.T) {
	s := startServer(t, ServerConfig{}, nil)
	conn := dialRaw(t, s.addr)
	for _, c := range "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nt: 1\r\n\r\n" {
		conn.send(string(c))
	}
	r := s.next(t)
	r.waitOver(t)
	const want = `:authority=h|:path=/|:method=POST|:scheme=http|transfer-encoding=chunked| body="abc" trailer t=1 end`
	if got := r.String(); got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

const get = "GET / HTTP/1.1\r\nhost: h\r\n"
const post = "POST / HTTP/1.1\r\nhost: h\r\n"

func TestRefusedRequests(t *testing.T) {
	cases := []struct {
		name, in string
		status   int
		details  string
	}{
		{"differing content-lengths", post + "content-length: 1\r\ncontent-length: 2\r\n\r\n", 400, "http1.codec_error"},
		{"equal content-lengths", post + "content-length: 1\r\ncontent-length: 1\r\n\r\n", 400, "http1.codec_error"},
		{"listed content-length", post + "content-length: 1, 1\r\n\r\n", 400, "http1.codec_error"},
		{"signed content-length", post + "content-length: +1\r\n\r\n", 400, "http1.codec_error"},
		{"hexadecimal content-length", post + "content-length: 0x1\r\n\r\n", 400, "http1.codec_error"},
		{"huge content-length", post + "content-length: 9223372036854775808\r\n\r\n", 400, "http1.codec_error"},
		{"empty content-length", post + "content-length:\r\n\r\n", 400, "http1.codec_error"},
		{"content-length and transfer-encoding", post + "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n", 400, "http1.content_length_and_chunked_not_allowed"},
		{"gzip, chunked", post + "transfer-encoding: gzip, chunked\r\n\r\n", 400, "http1.invalid_transfer_encoding"},
		{"identity", post + "transfer-encoding: identity\r\n\r\n", 400, "http1.invalid_transfer_encoding"},
		{"chunked twice", post + "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n", 400, "http1.invalid_transfer_encoding"},
		{"xchunked", post + "transfer-encoding: xchunked\r\n\r\n", 400, "http1.invalid_transfer_encoding"},
		{"vertical tab before chunked", post + "transfer-encoding: \x0bchunked\r\n\r\n", 400, "http1.invalid_characters"},
		{"transfer-encoding on HTTP/1.0", "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n", 400, "http1.invalid_transfer_encoding"},
		{"folded header", get + "a: b\r\n c\r\n\r\n", 400, "http1.codec_error"},
		{"folded first header", "GET / HTTP/1.1\r\n host: h\r\n\r\n", 400, "http1.codec_error"},
		{"space before the colon", post + "content-length : 1\r\n\r\n", 400, "http1.codec_error"},
		{"space in a name", get + "a b: c\r\n\r\n", 400, "http1.codec_error"},
		{"no colon", get + "abc\r\n\r\n", 400, "http1.codec_error"},
		{"empty name", get + ": c\r\n\r\n", 400, "http1.codec_error"},
		{"pseudo header", get + ":path: /x\r\n\r\n", 400, "http1.codec_error"},
		{"NUL in a value", get + "a: b\x00c\r\n\r\n", 400, "http1.invalid_characters"},
		{"CR in a value", get + "a: b\rc\r\n\r\n", 400, "http1.invalid_characters"},
		{"bare LF", get + "a: b\nc: d\r\n\r\n", 400, "http1.codec_error"},
		{"bare LF after the request line", "GET / HTTP/1.1\nhost: h\r\n\r\n", 400, "http1.codec_error"},
		{"no host", "GET / HTTP/1.1\r\n\r\n", 400, "missing_host_header"},
		{"two hosts", get + "host: h\r\n\r\n", 400, "http1.codec_error"},
		{"user info in host", "GET / HTTP/1.1\r\nhost: a@b\r\n\r\n", 400, "http1.invalid_url"},
		{"user info in the target", "GET http://a@b/ HTTP/1.1\r\nhost: b\r\n\r\n", 400, "http1.invalid_url"},
		{"relative target", "GET x HTTP/1.1\r\nhost: h\r\n\r\n", 400, "http1.invalid_url"},
		{"asterisk with GET", "GET * HTTP/1.1\r\nhost: h\r\n\r\n", 400, "http1.invalid_url"},
		{"other scheme", "GET ftp://h/ HTTP/1.1\r\nhost: h\r\n\r\n", 400, "http1.invalid_url"},
		{"control character in the target", "GET /\x01 HTTP/1.1\r\nhost: h\r\n\r\n", 400, "http1.invalid_url"},
		{"space in the target", "GET /a b HTTP/1.1\r\nhost: h\r\n\r\n", 400, "http1.codec_error"},
		{"unknown method", "FOO / HTTP/1.1\r\nhost: h\r\n\r\n", 400, "http1.codec_error"},
		{"lower-case method", "get / HTTP/1.1\r\nhost: h\r\n\r\n", 400, "http1.codec_error"},
		{"HTTP/0.9", "GET /\r\n", 400, "http1.codec_error"},
		{"HTTP/1.2", "GET / HTTP/1.2\r\nhost: h\r\n\r\n", 400, "http1.codec_error"},
		{"HTTP/2.0 without preface", "GET / HTTP/2.0\r\nhost: h\r\n\r\n", 400, "http1.codec_error"},
		{"broken preface", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", 400, "http1.codec_error"},
		{"TLS hello", "\x16\x03\x01\x00\xa5\x01\x00\r\n", 400, "http1.codec_error"},
		{"CONNECT with a body", "CONNECT h:1 HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\n", 400, "http1.body_disallowed"},
		{"101 headers", get + strings.Repeat("a: b\r\n", 100) + "\r\n", 431, "http1.too_many_headers"},
		{"60 KiB of headers", get + "a: " + strings.Repeat("b", 60<<10), 431, "http1.headers_too_large"},
		{"60 KiB of target", "GET /" + strings.Repeat("b", 60<<10), 431, "http1.headers_too_large"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			checkGoroutines(t)
			s := startServer(t, ServerConfig{}, nil)
			conn := dialRaw(t, s.addr)
			conn.send(c.in)
			text := map[int]string{400: "Bad Request", 431: "Request Header Fields Too Large"}[c.status]
			conn.expect(fmt.Sprintf("HTTP/1.1 %d %s\r\ncontent-length: %d\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n%s",
				c.status, text, len(text), text))
			conn.expectClosed()
			if refused := receive(t, s.refusals, "refusal"); refused.Status != c.status || refused.Details != c.details {
				t.Errorf("told %+v", refused)
			}
			if len(s.exchanges) != 0 {
				t.Error("an exchange was made")
			}
		})
	}
}

func TestLimits(t *testing.T) {
	s := startServer(t, ServerConfig{Limits: Limits{RequestLine: 20}}, nil)
	conn := dialRaw(t, s.addr)
	conn.send("GET /" + strings.Repeat("a", 20) + " HTTP/1.1\r\n")
	conn.expectLine("HTTP/1.1 414 Request URI Too Long")

	full := startServer(t, ServerConfig{}, nil)
	conn = dialRaw(t, full.addr)
	conn.send(get + strings.Repeat("a: b\r\n", 99) + "\r\n") // 100 with host
	r := full.next(t)
	r.waitOver(t)
	if n := r.headers.Len(); n != 4+99 {
		t.Errorf("%d entries", n)
	}
}

func TestBrokenBodies(t *testing.T) {
	const chunked = post + "transfer-encoding: chunked\r\n\r\n"
	for name, in := range map[string]string{
		"no digit":                "\r\n",
		"sign":                    "-1\r\n",
		"prefix":                  "0x1\r\n",
		"space before":            " 1\r\na\r\n",
		"space after":             "1 \r\na\r\n",
		"overflow":                "10000000000000001\r\na",
		"bare LF":                 "1\na\r\n",
		"LF inside the extension": "1;a\nb\r\n",
		"CR inside the extension": "1;a\rb\r\n",
		"data longer than size":   "1\r\nab\r\n",
		"long extension":          "1;" + strings.Repeat("a", maxChunkLine) + "\r\n",
		"content-length trailer":  "0\r\ncontent-length: 1\r\n\r\n",
		"folded trailer":          "0\r\na: b\r\n c\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			checkGoroutines(t)
			s := startServer(t, ServerConfig{}, nil)
			conn := dialRaw(t, s.addr)
			conn.send(chunked + in)
			conn.expect("HTTP/1.1 400 Bad Request\r\n")
			conn.skipHead()
			conn.expect("Bad Request")
			conn.expectClosed()
			r := s.next(t)
			r.waitOver(t)
			if r.reset == nil || r.reset.Kind != ProtocolError || r.end {
				t.Errorf("got %s", r)
			}
			if len(s.exchanges)+len(s.refusals) != 0 {
				t.Error("something else was read from the same bytes")
			}
		})
	}
}
