package wrapper

import (
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

func TestWhereAnHTTPCallGoes(t *testing.T) {
	cluster := FQDNCluster{FQDN: "c.example", Port: 80}
	tests := []struct {
		name, url       string
		path, authority string // of the call; none is made where they are empty
	}{
		{"a path", "/a/b?c=d", "/a/b?c=d", "c.example"},
		{"a path without a slash", "a", "/a", "c.example"},
		{"nothing", "", "/", "c.example"},
		{"an absolute URL", "https://user:SECRET@h.example:8443/a?b", "/a?b", "h.example:8443"},
		{"a fragment is not sent", "/a#b", "/a", "c.example"},
		{"escapes stay", "/a%2Fb", "/a%2Fb", "c.example"},
		{"escapes stay beside what must be escaped", "/a b%2Fc", "/a%20b%2Fc", "c.example"},
		{"an IPv6 address", "http://[::1]:80/", "/", "[::1]:80"},
		{"a port that is none", "http://SECRET:x/", "", ""},
		{"a control character", "/SECRET\r\nx: y", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var err error
			h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessRequestHeaders(func(HttpContext, config) types.Action {
				err = NewClusterClient(cluster).Get(tt.url, nil, nil)
				return types.ActionContinue
			}))
			h.request(true)
			sent := map[string]string{}
			for _, call := range h.GetCalloutAttributesFromContext(h.stream) {
				for _, pair := range call.Headers {
					sent[pair[0]] = pair[1]
				}
			}
			if sent[":path"] != tt.path || sent[":authority"] != tt.authority || (err == nil) != (tt.path != "") {
				t.Errorf("got %q, %v", sent, err)
			}
			lines := strings.Join(append(h.GetInfoLogs(), h.GetCriticalLogs()...), "\n")
			if err != nil {
				lines += err.Error()
			}
			if lines == "" || strings.Contains(lines, "SECRET") {
				t.Errorf("got lines %q", lines)
			}
		})
	}
}
