package wrapper

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	oneColonInHTTP(t)
	tests := []struct {
		reference string
		want      target
	}{
		{"", target{}},
		{"*", target{path: "*"}},
		{"a/b", target{path: "a/b"}},
		{"/a/b?c=d&e=%zz#f", target{path: "/a/b", query: "c=d&e=%zz", fragment: "f"}},
		{"/a?", target{path: "/a"}},
		{"/a??b?", target{path: "/a", query: "?b?"}},
		{"/a?b c\"\xff", target{path: "/a", query: "b c\"\xff"}},
		{"?q", target{query: "q"}},
		{"#f g#\x01%2f", target{fragment: "f%20g%23%01%2f"}},
		{"/a#?/", target{path: "/a", fragment: "?/"}},
		{"/a:b", target{path: "/a:b"}},
		{"./a:b", target{path: "./a:b"}},
		{"HTTP://A.example:8080/x", target{scheme: "http", host: "A.example:8080", path: "/x"}},
		{"a1+-.://h", target{scheme: "a1+-.", host: "h"}},
		{"1a/b", target{path: "1a/b"}},
		{"http:/a", target{scheme: "http", path: "/a"}},
		{"http:a", target{scheme: "http"}},
		{"localhost:8080/a?b", target{scheme: "localhost", query: "b"}},
		{"//h/a", target{host: "h", path: "/a"}},
		{"///a", target{path: "///a"}},
		{"http:///a", target{scheme: "http", path: "/a"}},
		{"http://h//a", target{scheme: "http", host: "h", path: "//a"}},
		{"http://h?q", target{scheme: "http", host: "h", query: "q"}},
		{"http://h:/", target{scheme: "http", host: "h:", path: "/"}},
		{"http://h:99999/", target{scheme: "http", host: "h:99999", path: "/"}},
		{"http://user:p@ss%20word@h:1/", target{scheme: "http", host: "h:1", path: "/"}},
		{"http://%C3%A9.example/", target{scheme: "http", host: "é.example", path: "/"}},
		{"http://é.example/", target{scheme: "http", host: "é.example", path: "/"}},
		{"redis://a:1:2/", target{scheme: "redis", host: "a:1:2", path: "/"}},
		{"http://[::1]:80/", target{scheme: "http", host: "[::1]:80", path: "/"}},
		{"http://[fe80::1%25en%200]/", target{scheme: "http", host: "[fe80::1%en 0]", path: "/"}},
		{"http://[::ffff:192.0.2.1]/", target{scheme: "http", host: "[::ffff:192.0.2.1]", path: "/"}},
		{"/!$&'()*+,;=:@-._~[]", target{path: "/!$&'()*+,;=:@-._~[]"}},
		{"/%2F%2f%41%00", target{path: "/%2F%2f%41%00"}},
		{"/a b\"<>\\^`{|}é\xff", target{path: "/a%20b%22%3C%3E%5C%5E%60%7B%7C%7D%C3%A9%FF"}},
		// Here net/url decodes and encodes everything: /a%20b/c%21
		{"/a b%2Fc!", target{path: "/a%20b%2Fc!"}},
	}
	for _, tt := range tests {
		t.Run(tt.reference, func(t *testing.T) {
			got, err := parseTarget(tt.reference)
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v", got, err)
			}
			wantSameAsNetURL(t, tt.reference)
		})
	}
}

func TestParseTargetRefuses(t *testing.T) {
	oneColonInHTTP(t)
	tests := []struct {
		reference string
		want      error
	}{
		{"/SECRET\n", errURLControl},
		{"/SECRET?\x7f", errURLControl},
		{":SECRET", errURLScheme},
		{"1SECRET:a", errURLColon},
		{"SE_CRET:a", errURLColon},
		{"/SECRET%", errURLEscape},
		{"/SECRET%4", errURLEscape},
		{"/SECRET%4g", errURLEscape},
		{"/#SECRET%zz", errURLEscape},
		{"http://SECRET%zz@h/", errURLUserinfo},
		{"http://SEC RET@h/", errURLUserinfo},
		{"http://SEC[RET@h/", errURLUserinfo},
		{"http://SECRÉT@h/", errURLUserinfo},
		{"http://SECRET:80a/", errURLPort},
		{"http://SECRET:80:90/", errURLPort},
		{"redis://SECRET:80:a/", errURLPort},
		{"http://[::1]SECRET/", errURLPort},
		{"http://[::1]:SECRET/", errURLPort},
		{"http://SEC RET/", errURLHost},
		{"http://SEC^RET/", errURLHost},
		{"http://SECRET%41/", errURLHost},
		{"http://SECRET%zz/", errURLHost},
		{"http://SECRET[::1]/", errURLHost},
		{"http://[SECRET]/", errURLHost},
		{"http://[::1/SECRET", errURLHost},
		{"http://[::1%25]/SECRET", errURLHost},
		{"http://[::1%25SECRET%00]/", errURLHost},
		{"http://[::1%25SECRET^]/", errURLHost},
		{"http://[::1%2]/SECRET", errURLHost},
		{"http://[::1%en0]/SECRET", errURLHost},
	}
	for _, tt := range tests {
		t.Run(tt.reference, func(t *testing.T) {
			got, err := parseTarget(tt.reference)
			if err != tt.want || got != (target{}) {
				t.Fatalf("got %+v, %v; want %v", got, err, tt.want)
			}
			if strings.Contains(err.Error(), "SEC") {
				t.Errorf("the error quotes the reference: %v", err)
			}
			wantSameAsNetURL(t, tt.reference)
		})
	}
}

func TestAddressesInBrackets(t *testing.T) {
	tests := map[string]bool{
		"::": true, "::1": true, "1::": true, "1:2:3:4:5:6:7:8": true, "1:2:3::6:7:8": true, "ABCD:ef01::": true,
		"1:2:3:4:5:6:7::": true, "1:2:3:4:5:6:192.0.2.1": true, "::1.2.3.4": true, "1:2:3:4:5::1.2.3.4": true,
		"": false, ":": false, ":::": false, ":1": false, "1:": false, "1": false, "1:2:3:4:5:6:7": false,
		"1:2:3:4:5:6:7:8:9": false, "1:2:3:4:5:6:7:8::": false, "::1:2:3:4:5:6:7:8": false, "1::2::3": false,
		"12345::": false, "g::": false, "::1.2.3": false, "::1.2.3.4.5": false, "::1.2.3.256": false,
		"::1.2.3.1234": false, "::01.2.3.4": false, "::1..3.4": false, "::1.2.3.": false, "::1.2.3.4:5": false,
		"1:2:3:4:5:6:7:1.2.3.4": false, "1:2:3:4:5:6::1.2.3.4": false, "1.2.3.4": false, "1.2.3.4::": false,
		"::1.2.3.4a": false, "::a.2.3.4": false, "1:2:3:4:5:6:7:": false,
	}
	for address, valid := range tests {
		t.Run(address, func(t *testing.T) {
			if _, err := parseTarget("http://[" + address + "]/"); valid != (err == nil) {
				t.Errorf("got %v", err)
			}
			wantSameAsNetURL(t, "http://["+address+"]/")
		})
	}
}

func TestPathAndQueryOfATarget(t *testing.T) {
	tests := []struct{ reference, path, redacted string }{
		{"", "/", "/"},
		{"*", "/*", "/*"},
		{"a/b", "/a/b", "/a/b"},
		{"/a?token=SECRET#SECRET", "/a?token=SECRET", "/a?***"},
		{"https://user:SECRET@h:1?token=SECRET", "/?token=SECRET", "https://h:1/?***"},
		{"//h/a", "/a", "://h/a"},
		{"mailto:a?b", "/?b", "/?***"},
	}
	for _, tt := range tests {
		t.Run(tt.reference, func(t *testing.T) {
			got, err := parseTarget(tt.reference)
			if err != nil {
				t.Fatal(err)
			}
			if got.pathAndQuery() != tt.path {
				t.Errorf("got %s, want %s", got.pathAndQuery(), tt.path)
			}
			if got.redacted() != tt.redacted {
				t.Errorf("got %s, want %s", got.redacted(), tt.redacted)
			}
		})
	}
}

// oneColonInHTTP has net/url refuse http://a:1:2, as it does by default in modules of Go 1.26 and later.
func oneColonInHTTP(t interface{ Setenv(name, value string) }) {
	t.Setenv("GODEBUG", "urlstrictcolons=1")
}

func FuzzParseTargetAgainstNetURL(f *testing.F) {
	oneColonInHTTP(f)
	for _, seed := range []string{
		"/a/b?c#d", "http://u:p@h.example:80/a%2Fb!?q#f", "https://[fe80::1%25en0]:443", "//h", "///a", "a:b", "1a:b", "*",
		"redis://a:1:2", "http://a:1:2", "/%zz", "http://%C3%A9/", "http://[::ffff:1.2.3.4]", "/a b%2F[]{}", "#\x00%41",
		"http://h?#", "http://@", "http://a@b@c", "HTTP:x?y", "/\xff", "http://[1:2:3:4:5:6:7::]:", "http://h;=,\"<>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, reference string) { wantSameAsNetURL(t, reference) })
}

// wantSameAsNetURL holds parseTarget against url.Parse. They may differ in one thing: where a path or fragment has
// something to be encoded, ours leaves the rest of it alone.
func wantSameAsNetURL(t *testing.T, reference string) {
	t.Helper()
	want, wantErr := url.Parse(reference)
	got, err := parseTarget(reference)
	if (wantErr == nil) != (err == nil) {
		t.Fatalf("%q: %v, net/url: %v", reference, err, wantErr)
	}
	if err != nil {
		return
	}
	for _, part := range []struct{ name, got, want string }{
		{"scheme", got.scheme, want.Scheme},
		{"host", got.host, want.Host},
		{"query", got.query, want.RawQuery},
		{"decoded path", percentDecode(got.path), want.Path},
		{"decoded fragment", percentDecode(got.fragment), want.Fragment},
	} {
		if part.got != part.want {
			t.Errorf("%q: %s %q, net/url: %q", reference, part.name, part.got, part.want)
		}
	}
	wantSameEscapes(t, got.path, want.RawPath, want.EscapedPath())
	wantSameEscapes(t, got.fragment, want.RawFragment, want.EscapedFragment())
}

// wantSameEscapes compares escaped forms. raw is what stood in the reference, "" where that is the form that net/url
// chooses by itself.
func wantSameEscapes(t *testing.T, got, raw, want string) {
	t.Helper()
	if raw == "" || raw == want {
		if got != want {
			t.Errorf("escaped: %q, net/url: %q", got, want)
		}
		return
	}
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/?[]%"
	var encoded strings.Builder // byte by byte, as it was but for what is not allowed
	for i := range len(raw) {
		if strings.IndexByte(allowed, raw[i]) >= 0 {
			encoded.WriteByte(raw[i])
			continue
		}
		fmt.Fprintf(&encoded, "%%%02X", raw[i])
	}
	if got != encoded.String() {
		t.Errorf("escaped: %q, want %q", got, encoded.String())
	}
}
