package wrapper

import "testing"

// The table holds in both builds: run it with and without -tags wasmplane_slim.
func TestHeadersOfAnAnswer(t *testing.T) {
	header := canonicalHeader([][2]string{{":status", "200"}, {"content-type", "a"}, {"set-cookie", "1"},
		{"x-b", "2"}, {"set-cookie", "3"}, {"WWW-authenticate", "4"}, {"x y", "5"}})
	for name, want := range map[string][]string{
		":status": {"200"}, "Content-Type": {"a"}, "Set-Cookie": {"1", "3"}, "X-B": {"2"}, "Www-Authenticate": {"4"}, "x y": {"5"},
	} {
		got := header[name]
		if len(got) != len(want) || got[0] != want[0] || got[len(got)-1] != want[len(want)-1] {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := header.Get("CONTENT-type"); got != "a" {
		t.Errorf("Get: got %q", got)
	}
	clone := header.Clone()
	clone.Add("x-b", "6")
	clone.Del("content-type")
	clone.Set("set-cookie", "7")
	if len(header.Values("x-b")) != 1 || header.Get("content-type") != "a" || len(header.Values("set-cookie")) != 2 {
		t.Errorf("the clone shares values: %v", header)
	}
}
