package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestUsers(t *testing.T) {
	nested := identity{userKey: "UID", userHeader: "uid", userPath: "profile.id"}
	tests := []struct {
		name    string
		id      identity
		headers [][2]string
		want    string
	}{
		{"no key", identity{}, [][2]string{{"cookie", "=a; b"}, {"", "c"}}, ""},
		{"a cookie", nested, [][2]string{{"cookie", "UID=a"}, {"uid", "b"}}, "a"},
		{"an empty cookie", nested, [][2]string{{"cookie", "UID="}, {"uid", "b"}}, "b"},
		{"a cookie without value", nested, [][2]string{{"cookie", "x=1; UID"}, {"uid", "b"}}, "b"},
		{"JSON in a header", nested, [][2]string{{"uid", `{"profile":{"id":7}}`}}, "7"},
		{"URL-encoded JSON", nested, [][2]string{{"cookie", "UID=%7B%22profile%22:%7B%22id%22:%22a+b%22%7D%7D"}}, "a b"},
		{"no such member", nested, [][2]string{{"uid", `{"profile":1}`}}, `{"profile":1}`},
		{"an empty one", nested, [][2]string{{"uid", `{"profile":{"id":""}}`}}, `{"profile":{"id":""}}`},
		{"no JSON", nested, [][2]string{{"uid", "a=b=c"}}, "a=b=c"},
		{"a bad escape", nested, [][2]string{{"uid", `{"profile":{"id":"%zz"}}`}}, `{"profile":{"id":"%zz"}}`},
		{"equals signs belong to it", identity{userKey: "u", userHeader: "u"}, [][2]string{{"cookie", "u=a=b; u=c"}}, "a=b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.id.user(tt.headers)) })
	}
}

func TestIDsOfVisitors(t *testing.T) {
	for text, want := range map[string]bool{
		"a": true, "A-z_0.9": true, strings.Repeat("a", 128): true,
		"": false, strings.Repeat("a", 129): false, "a b": false, "a;b": false, "a,b": false, "ä": false, "a\r\nb": false, `"a"`: false, "a=b": false,
	} {
		assert.Equal(t, want, isVisitor(text), text)
	}
}

// FuzzCookies looks for cookies that make the plugin fail, or that get more than an id into Set-Cookie.
func FuzzCookies(f *testing.F) {
	for _, seed := range []string{"uid=a; visitor=b", ";;=;visitor", "visitor=a; Domain=x", "uid=%7B%22a%22:1%7D;", "visitor=\"a\"", "x-higress-tag=v1;visitor==", "visitor=a\r\nx: y"} {
		f.Add(seed, "b")
	}
	id := identity{userKey: "uid", userHeader: "uid", userPath: "a", visitorKey: "visitor", visitorHeader: "visitor", random: &counted{}}
	d := deployments{base: deployment{version: "v1"}, gray: []*deployment{{version: "v2", weight: 50}}, byWeight: true}
	c := cookies{keep: "; Max-Age=60"}
	f.Fuzz(func(t *testing.T, list, header string) {
		v := &visit{headers: [][2]string{{"cookie", list}, {"visitor", header}}, page: true}
		v.user, v.visitor = id.user(v.headers), id.visitor(v.headers)
		chosen := d.choose(v)
		v.version = d.fileVersion(chosen, v)
		if v.version != "v1" && v.version != "v2" {
			t.Fatalf("%q gets the version %q", list, v.version)
		}
		for _, line := range c.of(v, id.visitorKey, false) {
			pair, ok := strings.CutSuffix(line, c.keep)
			if !ok || strings.Count(pair, "=") != 1 || strings.ContainsAny(pair, "\r\n;, \"") {
				t.Fatalf("%q sets %q", list, line)
			}
		}
	})
}
