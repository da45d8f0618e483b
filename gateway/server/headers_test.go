package server

import (
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

func TestWhatARequestGetsBeforeThePlugins(t *testing.T) {
	base := [][2]string{{":method", "GET"}, {":path", "/"}, {":authority", "h"}, {":scheme", "http"}}
	for _, c := range []struct {
		name, remote string
		in, want     [][2]string
	}{
		{"loopback is internal", "127.0.0.1:1", [][2]string{{"x-envoy-original-path", "/o"}},
			[][2]string{{"x-envoy-original-path", "/o"}, {"x-forwarded-for", "127.0.0.1"}, {"x-forwarded-proto", "http"}, {"x-envoy-internal", "true"}}},
		{"a private network is internal", "10.1.2.3:1", nil,
			[][2]string{{"x-forwarded-for", "10.1.2.3"}, {"x-forwarded-proto", "http"}, {"x-envoy-internal", "true"}}},
		{"a mapped address, which only the PROXY protocol brings, stays as it is, as in Envoy", "[::ffff:10.1.2.3]:1", nil,
			[][2]string{{"x-forwarded-for", "::ffff:10.1.2.3"}, {"x-forwarded-proto", "http"}, {"x-envoy-external-address", "::ffff:10.1.2.3"}}},
		{"the world is external", "203.0.113.9:1",
			[][2]string{{"x-envoy-internal", "true"}, {"x-envoy-original-path", "/o"}, {"x-envoy-expected-rq-timeout-ms", "1"}, {"x-envoy-external-address", "1.1.1.1"}},
			[][2]string{{"x-forwarded-for", "203.0.113.9"}, {"x-forwarded-proto", "http"}, {"x-envoy-external-address", "203.0.113.9"}}},
		{"who was forwarded is external", "127.0.0.1:1", [][2]string{{"x-forwarded-for", "198.51.100.7"}, {"x-envoy-internal", "true"}},
			[][2]string{{"x-forwarded-for", "198.51.100.7,127.0.0.1"}, {"x-forwarded-proto", "http"}, {"x-envoy-external-address", "127.0.0.1"}}},
		{"what a client says of its protocol is not trusted", "127.0.0.1:1", [][2]string{{"x-forwarded-proto", "https"}},
			[][2]string{{"x-forwarded-proto", "http"}, {"x-forwarded-for", "127.0.0.1"}, {"x-envoy-internal", "true"}}},
		{"hop-by-hop headers go", "127.0.0.1:1", [][2]string{{"connection", "keep-alive"}, {"keep-alive", "1"}, {"te", "gzip"}, {"upgrade", "h2c"}, {"proxy-connection", "x"}},
			[][2]string{{"x-forwarded-for", "127.0.0.1"}, {"x-forwarded-proto", "http"}, {"x-envoy-internal", "true"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := header.New(append(append([][2]string(nil), base...), append(c.in, [2]string{"x-request-id", "id"})...)...)
			prepareRequest(h, &stream.Info{RemoteAddr: netip.MustParseAddrPort(c.remote)})
			assert.ElementsMatch(t, append(append([][2]string(nil), base...), append(c.want, [2]string{"x-request-id", "id"})...), h.Pairs())
		})
	}
}

func TestHeadersEndToEnd(t *testing.T) {
	got := make(chan *http.Request, 1)
	up := backend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("connection", "close")
		w.Header().Set("server", "upstream")
		w.Header().Set("date", "Thu, 01 Jan 1970 00:00:00 GMT")
		got <- r
	})
	f := start(t, Config{}, services("up", "http", up), route("plain", "/", "up.static:80"),
		route("edited", "/old", "up.static:80", "higress.io/rewrite-target: /new", "higress.io/upstream-vhost: other.example", `higress.io/timeout: "9"`))

	res := f.get("/p?q=1", "x-request-id", "mine")
	r := <-got
	assert.Equal(t, "mine", r.Header.Get("x-request-id"), "a request id is kept")
	assert.Equal(t, "127.0.0.1", r.Header.Get("x-forwarded-for"))
	assert.Equal(t, f.Addr(), r.Host)
	assert.Equal(t, "/p?q=1", r.RequestURI)
	assert.Empty(t, r.Header.Get("x-envoy-expected-rq-timeout-ms"))
	assert.Empty(t, r.Header.Get("x-envoy-original-path"))
	assert.Equal(t, "wasmplane", res.Header.Get("server"))
	assert.Equal(t, "Thu, 01 Jan 1970 00:00:00 GMT", res.Header.Get("date"), "the upstream's date is kept")
	assert.NotEmpty(t, res.Header.Get("x-envoy-upstream-service-time"))
	assert.False(t, res.Close, "the upstream's connection is another one")

	f.get("/old/a?q=1")
	r = <-got
	assert.Regexp(t, regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`), r.Header.Get("x-request-id"))
	assert.Equal(t, "other.example", r.Host)
	assert.Equal(t, "/new/a?q=1", r.RequestURI)
	assert.Equal(t, "/old/a?q=1", r.Header.Get("x-envoy-original-path"))
	assert.Equal(t, "9000", r.Header.Get("x-envoy-expected-rq-timeout-ms"))
	entry := f.logged(r.Header.Get("x-request-id"))
	assert.Equal(t, "/old/a?q=1", entry.Path)
	assert.True(t, strings.HasPrefix(entry.Authority, "127.0.0.1"), "the log shows what the client asked for")
}
