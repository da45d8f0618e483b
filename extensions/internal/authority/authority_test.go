package authority

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAuthorities(t *testing.T) {
	tests := []struct{ authority, host, port, bare, canonical string }{
		{"", "", "", "", ""},
		{"a.test", "a.test", "", "a.test", "a.test"},
		{"A.Test.", "A.Test.", "", "a.test", "a.test"},
		{"a.test..", "a.test..", "", "a.test.", "a.test."},
		{"a.test:8080", "a.test", ":8080", "a.test", "a.test:8080"},
		{"A.test.:8080", "A.test.", ":8080", "a.test", "a.test:8080"},
		{"a.test:8080.", "a.test", ":8080.", "a.test", "a.test:8080"},
		{"a.test:", "a.test", ":", "a.test", "a.test:"},
		{"[2001:DB8::1]", "[2001:DB8::1]", "", "[2001:db8::1]", "[2001:db8::1]"},
		{"[2001:db8::1]:80", "[2001:db8::1]", ":80", "[2001:db8::1]", "[2001:db8::1]:80"},
		{"user@a.test:80", "user@a.test", ":80", "user@a.test", "user@a.test:80"},
		{":80", "", ":80", "", ":80"},
	}
	for _, tt := range tests {
		host, port := Divide(tt.authority)
		assert.Equal(t, [2]string{tt.host, tt.port}, [2]string{host, port}, tt.authority)
		assert.Equal(t, tt.bare, Host(tt.authority), tt.authority)
		assert.Equal(t, tt.canonical, Canonical(tt.authority), tt.authority)
	}
}

func FuzzDivide(f *testing.F) {
	for _, seed := range []string{"a.test:80", "[::1]:80", "[::1]", "a.:.", "]:["} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		host, port := Divide(text)
		if host+port != text || port != "" && (port[0] != ':' || strings.Count(port, ":") != 1) {
			t.Fatalf("%q: %q and %q", text, host, port)
		}
		if strings.HasSuffix(text, ".") && Host(text[:len(text)-1]) != Host(text) && !strings.HasSuffix(text, "..") && port == "" {
			t.Fatalf("%q and %q are one host", text, text[:len(text)-1])
		}
	})
}
