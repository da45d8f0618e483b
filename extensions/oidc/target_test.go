package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTargets(t *testing.T) {
	x := &exchange{client: load(t, `{"whitelist_domains": ["*.partner.test", "fixed.test:8443", "any.test:*"], "cookie_domains": [".shop.test"]}`), host: "app.shop.test"}
	allowed := []string{
		"/", "/a", "/a/b?c=//d", "/a?x=/../b", "/a#/../b", "/a.b/..c/d", "/a:b", "/ü", "/a b",
		"https://app.shop.test/", "http://app.shop.test/x", "https://APP.shop.test:443/", "https://other.shop.test/",
		"https://a.partner.test/", "https://a.b.partner.test/", "https://fixed.test:8443/", "http://any.test:81/", "https://any.test/",
		"https://login.corp.test/logout?x=1",
	}
	for _, target := range allowed {
		assert.True(t, x.isTarget(target), target)
	}
	refused := []string{
		"", "a", "//evil.test", "///evil.test", `/\evil.test`, `\/evil.test`, "/\t/evil.test", "/ /evil.test", "/./evil", "/../evil", "/a//b",
		`/a\..\b`, "/a/ /b", "/\r\nx: y", "/a\x00", "/a\x7f",
		"http:/evil.test", "http:evil.test", "https:evil.test", "HTTPS://app.shop.test/", "javascript:alert(1)", "data:,x", "ftp://app.shop.test/",
		"https://evil.test/", "https://app.shop.test@evil.test/", "https://app.shop.test:1@evil.test/", `https://app.shop.test\@evil.test/`,
		"https://evil.test#@app.shop.test/", "https://evil.test?app.shop.test", "https://app.shop.test.evil.test/", "https://evilshop.test/",
		"https://partner.test/", "https://evilpartner.test/", "https://fixed.test/", "https://fixed.test:443/", "https://shop.test/",
		"https://app.shop.test:8443/", "http://login.corp.test/logout", "https://", "https:///a", "https://app.shop.test /",
		"https://app.shop.test%2eevil.test/", "https://[::1]/", "/" + strings.Repeat("a", 40000),
	}
	for _, target := range refused {
		assert.False(t, x.isTarget(target), target)
	}
}

func TestLocation(t *testing.T) {
	assert.Equal(t, "/%C3%BC%20x?a=%0D%0A", location("/ü x?a=\r\n"))
}

func TestPlainPaths(t *testing.T) {
	for path, want := range map[string]string{
		"/": "/", "/a": "/a", "/a/?x=//": "/a/", "/%61": "/a", "/a%2Fb": "/a/b", "/a;x=1/b": "/a;x=1/b", "/.a/..b/c.": "/.a/..b/c.",
	} {
		decoded, ok := plainPath(path)
		assert.True(t, ok, path)
		assert.Equal(t, want, decoded, path)
	}
	for _, path := range []string{"", "*", "a", "//", "//a", "/a//b", "/./a", "/a/.", "/a/..", "/a/../b", "/%2e/a", "/%2e%2e/a", "/a%2f%2fb", "/a/..%2fb",
		"/..;/a", "/a/.;x/b", "/;/a", "/;a", `/a\b`, "/a%5cb", "/%zz", "/%", "/a%00", "/a%0d%0a", "/a#b", "/%252e%252e/a", "/a%25", "http://a/b"} {
		_, ok := plainPath(path)
		assert.False(t, ok, path)
	}
}

func FuzzTarget(f *testing.F) {
	for _, target := range []string{"/", "//evil", `/\evil`, "https://app.shop.test/", "https://a@b/", "/ /x", "http://[", "https://evil.test"} {
		f.Add(target)
	}
	x := &exchange{client: load(f, `{}`), host: "app.shop.test"}
	base := &url.URL{Scheme: "https", Host: "app.shop.test", Path: "/x"}
	f.Fuzz(func(t *testing.T, target string) {
		decoded, ok := plainPath(target)
		if ok && (strings.Contains(decoded, "//") || strings.Contains(decoded, "/../")) {
			t.Fatalf("%q is plain", target)
		}
		if !x.isTarget(target) {
			return
		}
		text := location(target)
		if strings.ContainsAny(text, "\r\n\t ") {
			t.Fatalf("%q becomes %q", target, text)
		}
		// Browsers take backslashes for slashes.
		u, err := base.Parse(strings.ReplaceAll(text, `\`, "/"))
		if err == nil && u.Hostname() != "app.shop.test" && !strings.EqualFold(u.Hostname(), "login.corp.test") && !strings.EqualFold(strings.TrimSuffix(u.Hostname(), "."), "app.shop.test") {
			t.Fatalf("%q leads to %s", target, u.Host)
		}
	})
}
