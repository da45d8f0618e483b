package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTargets(t *testing.T) {
	tests := []struct{ raw, encoded, decoded, rest string }{
		{"/", "/", "/", ""},
		{"//a//b/", "/a/b", "/a/b", ""},
		{"/a/./b/../c?d=/../e//#f", "/a/c", "/a/c", "?d=/../e//#f"},
		{"/../../a", "/a", "/a", ""},
		{"/a/%2e%2E/b", "/b", "/b", ""},
		{"/a/%2e/.%2e/b", "/b", "/b", ""},
		{"/a%2eb/...%2e", "/a%2eb/...%2e", "/a.b/....", ""},
		{"/a%2F..%2Fb", "/a%2F..%2Fb", "/a/../b", ""},
		{"/%C3%A4+b", "/%C3%A4+b", "/ä+b", ""},
		{"/a#b?c", "/a", "/a", "#b?c"},
		{"/?%zz", "/", "/", "?%zz"},
	}
	for _, tt := range tests {
		got, ok := parseTarget(tt.raw)
		assert.True(t, ok, tt.raw)
		assert.Equal(t, target{tt.encoded, tt.decoded, tt.rest}, got, tt.raw)
	}
	for _, raw := range []string{"", "*", "a", "?a", "http://h/a", "/%zz", "/%", "/%2", "/a\n", "/a\x00b", "/a\x7f"} {
		_, ok := parseTarget(raw)
		assert.False(t, ok, "%q", raw)
	}
}

func TestPages(t *testing.T) {
	for _, path := range []string{"/", "/a", "/a.b/c", "/a.html", "/a.htm", "/a.jsp", "/a.php", "/a.asp", "/a.aspx", "/a.erb", "/a.ejs", "/a.twig", "/a.js.html"} {
		assert.True(t, isPage(path), path)
	}
	for _, path := range []string{"/a.js", "/a.HTML", "/a.html.gz", "/.well-known", "/a."} {
		assert.False(t, isPage(path), path)
	}
}

func TestCutPrefix(t *testing.T) {
	tests := []struct {
		encoded, prefix, rest string
		ok                    bool
	}{
		{"/a/b", "/a", "/b", true},
		{"/a/b", "", "/a/b", true},
		{"/%61%2Fb%20", "/a/", "b%20", true},
		{"/%C3%A4", "/ä", "", true},
		{"/%C3%A4", "/\xc3", "%A4", true},
		{"/a", "/ab", "", false},
		{"/b", "/a", "", false},
		{"/%zz", "/%zz", "", false},
		{"/%4", "/A", "", false},
	}
	for _, tt := range tests {
		rest, ok := cutPrefix(tt.encoded, tt.prefix)
		assert.Equal(t, tt.ok, ok, tt)
		assert.Equal(t, tt.rest, rest, tt)
	}
}

func FuzzTarget(f *testing.F) {
	for _, raw := range []string{"/", "/a//b/../c?x=..", "/%2e%2e/%2E./x#y", "/%zz", "/%2F..%2f", "/a/..%2e", "*", "/%C3%A4/ä"} {
		f.Add(raw, "/a/")
	}
	r := rewrite{file: prefixes{{"/", "/site/{version}"}}}
	f.Fuzz(func(t *testing.T, raw, prefix string) {
		got, ok := parseTarget(raw)
		if !ok {
			return
		}
		if again, ok := parseTarget(got.encoded + got.rest); !ok || again != got {
			t.Fatalf("%q becomes %+v and then %+v", raw, got, again)
		}
		for _, segment := range strings.Split(unescapeDots.Replace(got.encoded), "/") {
			if segment == "." || segment == ".." {
				t.Fatalf("%q keeps a dot segment: %q", raw, got.encoded)
			}
		}
		rest, ok := cutPrefix(got.encoded, prefix)
		if ok != strings.HasPrefix(got.decoded, prefix) || !strings.HasSuffix(got.encoded, rest) {
			t.Fatalf("%q has the prefix %q: %v, %q", raw, prefix, ok, rest)
		}
		path, ok := r.path(&got, false, "v1")
		if !ok || path != "/site/v1" && !strings.HasPrefix(path, "/site/v1/") && !strings.HasPrefix(path, "/site/v1?") && !strings.HasPrefix(path, "/site/v1#") {
			t.Fatalf("%q leaves the folder: %q", raw, path)
		}
	})
}
