package httpheader

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPseudoHeadersOfRequests(t *testing.T) {
	received := [][2]string{{":authority", "a.test"}, {":path", "/ a"}, {":method", "GET"}, {":scheme", "http"}, {"x-a", "1"}}
	tests := []struct {
		name    string
		values  []string
		allowed bool
	}{
		{":path", []string{"/b?c#d"}, true},
		{":path", []string{"*"}, true},
		{":path", []string{"/ a"}, true}, // as it was
		{":path", []string{"/ b"}, false},
		{":path", []string{"b"}, false},
		{":path", []string{"http://b/"}, false},
		{":path", []string{""}, false},
		{":path", []string{"/\r\nx: y"}, false},
		{":path", []string{"/\x00"}, false},
		{":path", nil, false},
		{":path", []string{"/b", "/c"}, false},
		{":authority", []string{"b.test:80"}, true},
		{":authority", []string{"[::1]:80"}, true},
		{":authority", []string{"B_1-%41"}, true},
		{":authority", []string{"b/c"}, false},
		{":authority", []string{"u@b"}, false},
		{":authority", []string{"b?"}, false},
		{":authority", []string{"b#"}, false},
		{":authority", []string{"b\\c"}, false},
		{":authority", []string{"é"}, false},
		{":authority", []string{""}, false},
		{":method", []string{"PUT"}, true},
		{":method", []string{"X-Y"}, true},
		{":method", []string{"G@T"}, false},
		{":method", []string{"G T"}, false},
		{":method", []string{":GET"}, false},
		{":method", []string{""}, false},
		{":method", []string{"HEAD"}, false},
		{":method", []string{"CONNECT"}, false},
		{":scheme", []string{"https"}, true},
		{":scheme", []string{"ftp"}, false},
		{":status", []string{"200"}, false},
		{":protocol", []string{"websocket"}, false},
	}
	for _, tt := range tests {
		p := Pseudo{Received: received}
		assert.Equal(t, tt.allowed, p.Allows(tt.name, tt.values), "%s %q", tt.name, tt.values)
	}
	odd := Pseudo{Received: [][2]string{{":method", "HEAD"}, {":protocol", "websocket"}}}
	assert.True(t, odd.Allows(":method", []string{"GET"}), "the client reads no body, whatever comes")
	assert.True(t, odd.Allows(":method", []string{"HEAD"}))
	assert.False(t, odd.Allows(":path", []string{"/"}), "the request has none")
	assert.False(t, odd.Allows(":protocol", []string{"x"}))
	tunnel := Pseudo{Received: [][2]string{{":method", "CONNECT"}}}
	assert.False(t, tunnel.Allows(":method", []string{"GET"}))
}

func TestStatuses(t *testing.T) {
	tests := []struct {
		name        string
		was, length string
		method      string
		hasBody     bool
		status      string
		allowed     bool
	}{
		{"another", "200", "", "GET", true, "404", true},
		{"the lowest", "404", "", "GET", true, "200", true},
		{"the highest", "404", "", "GET", true, "599", true},
		{"unknown", "200", "", "GET", true, "299", true},
		{"interim", "200", "", "GET", true, "100", false},
		{"interim without a body", "200", "", "GET", false, "103", false},
		{"an upgrade", "200", "", "GET", true, "101", false},
		{"too high", "200", "", "GET", true, "600", false},
		{"zero", "200", "", "GET", true, "0", false},
		{"five digits", "200", "", "GET", true, "10001", false},
		{"digits of another script", "200", "", "GET", true, "2٠", false},
		{"a sign", "200", "", "GET", true, "+20", false},
		{"a fraction", "200", "", "GET", true, "20.", false},
		{"text", "200", "", "GET", true, "oops", false},
		{"empty", "200", "", "GET", true, "", false},
		{"no content, with a body", "200", "", "GET", true, "204", false},
		{"not modified, with a body", "200", "9", "GET", true, "304", false},
		{"no content, without a body", "200", "0", "GET", false, "204", true},
		{"not modified, of HEAD", "200", "9", "HEAD", false, "304", true},
		{"from no content", "204", "", "GET", false, "201", true},
		{"from not modified", "304", "", "GET", false, "200", true},
		{"from not modified, empty", "304", "0", "GET", false, "200", true},
		{"from not modified, with the length of what the client has", "304", "9", "GET", false, "200", false},
		{"the same of HEAD", "304", "9", "HEAD", false, "200", true},
		{"from no content to not modified", "204", "", "GET", false, "304", true},
		{"from an upgrade", "101", "", "GET", true, "200", false},
		{"the same upgrade", "101", "", "GET", true, "101", true},
	}
	for _, tt := range tests {
		p := Pseudo{Received: [][2]string{{":status", tt.was}}, Response: true, Method: tt.method, HasBody: tt.hasBody}
		if tt.length != "" {
			p.Received = append(p.Received, [2]string{"content-length", tt.length})
		}
		assert.Equal(t, tt.allowed, p.Allows(":status", []string{tt.status}), tt.name)
	}
	none := Pseudo{Response: true, Received: [][2]string{{":status", "200"}, {":path", "/"}}}
	assert.False(t, none.Allows(":path", []string{"/b"}), "responses have no path")
	assert.False(t, none.Allows(":status", nil))
	assert.False(t, (&Pseudo{Response: true}).Allows(":status", []string{"200"}))
}
