package signature

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func TestAlgorithms(t *testing.T) { // RFC 2202 section 3 and RFC 4231 section 4.3
	const secret, text = "Jefe", "what do ya want for nothing?"
	for _, tt := range []struct {
		algorithm Algorithm
		signature string
	}{
		{SHA1, "7/zfauXrL6LSdBbV8YTfnCWafHk="},
		{SHA256, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="},
		{SHA512, "Fkt6e/z4GeLjlfvnO1bgo4e9ZCIugx/WECcM1+olBVSXWL91wFqZSm0DT2X48Ob9yuqxo01Ka0tjbgcKOLznNw=="},
	} {
		assert.Equal(t, tt.signature, tt.algorithm.Sign(secret, text))
		assert.True(t, tt.algorithm.Verify(secret, text, tt.signature))
		for _, other := range []string{"", tt.signature[:8], tt.signature + "=", tt.signature[:len(tt.signature)-1], " " + tt.signature} {
			assert.False(t, tt.algorithm.Verify(secret, text, other), other)
		}
		assert.False(t, tt.algorithm.Verify(secret, text+"?", tt.signature))
		assert.False(t, tt.algorithm.Verify("jefe", text, tt.signature))
	}
	assert.False(t, SHA256.Verify(secret, text, SHA1.Sign(secret, text)))
	assert.False(t, SHA256.Verify(secret, text, SHA512.Sign(secret, text)))
	assert.False(t, Algorithm{}.Verify("", "", ""), "no algorithm verifies nothing")
}

func TestHeader(t *testing.T) {
	headers := [][2]string{{":authority", "a.test"}, {":path", "/"}, {"x-a", "1"}, {"x-b", "1"}, {"x-b", "1"}, {"x-c", "1"}, {"x-c", "2"}, {"x-c", "1"}, {"x-d", ""}, {"x-d", "1"}}
	tests := []struct {
		name, value string
		presence    Presence
	}{
		{"x-a", "1", Once},
		{"x-b", "1", Once},
		{"x-c", "1", Conflicting},
		{"x-d", "", Conflicting},
		{"x-e", "", Absent},
		{"X-A", "", Absent},
		{" x-a", "", Absent},
		{":path", "/", Once},
		{"host", "a.test", Once},
		{"", "", Absent},
	}
	for _, tt := range tests {
		value, presence := Header(headers, tt.name)
		assert.Equal(t, tt.value, value, tt.name)
		assert.Equal(t, tt.presence, presence, tt.name)
	}
}

func TestWithin(t *testing.T) {
	now := time.Unix(1900000000, 0)
	tests := []struct {
		client time.Time
		want   bool
	}{
		{now, true},
		{now.Add(time.Minute), true},
		{now.Add(-time.Minute), true},
		{now.Add(time.Minute + 1), false},
		{now.Add(-time.Minute - 1), false},
		{time.Time{}, false},
		{time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), false},
		{time.Unix(math.MinInt64, 0), false},
		{time.Unix(math.MaxInt64, 0), false},
		{time.UnixMilli(math.MinInt64), false},
		{time.UnixMilli(math.MaxInt64), false},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, Within(now, tt.client, time.Minute), tt.client)
	}
}

// stream is a request of which nothing is known but whether its headers end it.
type stream struct {
	wrapper.HttpContext
	hasBody bool
}

func (s stream) HasRequestBody() bool { return s.hasBody }

func TestBodyOf(t *testing.T) {
	length := func(n string) [2]string { return [2]string{"content-length", n} }
	websocket := [2]string{"upgrade", "websocket"}
	tests := []struct {
		name    string
		hasBody bool
		limit   int64
		headers [][2]string
		want    Body
	}{
		{"the headers end it", false, 1, nil, NoBody},
		{"the headers end it, whatever they say", false, 1, [][2]string{length("5"), {"content-type", "text/plain"}, {"transfer-encoding", "chunked"}}, NoBody},
		{"of any type", true, 0, [][2]string{{"content-type", "application/octet-stream"}, {"content-encoding", "gzip"}}, Awaited},
		{"gRPC", true, 0, [][2]string{{"content-type", "application/grpc"}}, Awaited},
		{"without length or type", true, 9, nil, Awaited},
		{"of the largest length", true, 9, [][2]string{length("9")}, Awaited},
		{"over the limit", true, 9, [][2]string{length("10")}, TooLarge},
		{"over any limit", true, 9, [][2]string{length("18446744073709551615")}, TooLarge},
		{"without a limit", true, 0, [][2]string{length("10")}, Awaited},
		{"a length that is none", true, 9, [][2]string{length("-10")}, Awaited},
		{"a handshake", true, 9, [][2]string{websocket, {"connection", "upgrade"}, length("0")}, NoBody},
		{"a handshake with a body", true, 9, [][2]string{websocket, {"connection", "upgrade"}, length("5")}, Unusable},
		{"a handshake with two lengths", true, 9, [][2]string{websocket, length("0"), length("5")}, Unusable},
		{"a handshake with a body in chunks", true, 9, [][2]string{websocket, {"transfer-encoding", "chunked"}}, Unusable},
		{"a handshake that says nothing", true, 9, [][2]string{websocket, {"connection", "upgrade"}}, undeclared},
		{"a handshake by POST with a body", true, 9, [][2]string{{":method", "POST"}, websocket, length("5")}, Unusable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, announced(stream{hasBody: tt.hasBody}, tt.headers, tt.limit))
		})
	}
}
