package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAttributes(t *testing.T) {
	for _, tt := range []struct{ config, host, want string }{
		{`{}`, "app.shop.test", "n=v; Path=/; Expires=Tue, 03 Feb 2026 12:00:00 GMT; HttpOnly; SameSite=Lax"},
		{`{"cookie_secure": true, "cookie_httponly": false, "cookie_samesite": "", "cookie_path": "/app"}`, "a", "n=v; Path=/app; Expires=Tue, 03 Feb 2026 12:00:00 GMT; Secure"},
		{`{"cookie_samesite": "strict", "cookie_domains": ["shop.test", ".app.shop.test", "corp.test"]}`, "x.App.shop.test.:8443", "n=v; Path=/; Domain=.app.shop.test; Expires=Tue, 03 Feb 2026 12:00:00 GMT; HttpOnly; SameSite=Strict"},
		{`{"cookie_samesite": "none", "cookie_domains": ["shop.test", "app.shop.test"]}`, "evilapp.shop.test", "n=v; Path=/; Domain=shop.test; Expires=Tue, 03 Feb 2026 12:00:00 GMT; HttpOnly; SameSite=None"},
		{`{"cookie_domains": ["longer.test", "a.test"]}`, "elsewhere.test", "n=v; Path=/; Domain=a.test; Expires=Tue, 03 Feb 2026 12:00:00 GMT; HttpOnly; SameSite=Lax"},
	} {
		assert.Equal(t, tt.want, load(t, tt.config).cookies.set("n", "v", tt.host, noon), tt.config)
	}
	assert.Equal(t, "n=v; Path=/; HttpOnly; SameSite=Lax", load(t, `{}`).cookies.set("n", "v", "a", time.Time{}))
}

// request makes of Set-Cookie lines the cookies of the next request.
func request(lines []string) [][2]string {
	var headers [][2]string
	for _, line := range lines {
		pair, _, _ := strings.Cut(line, ";")
		if _, value, _ := strings.Cut(pair, "="); value != "" {
			headers = append(headers, [2]string{"cookie", pair})
		}
	}
	return headers
}

func TestSessionsAreDividedAndPutTogether(t *testing.T) {
	c := load(t, `{}`).cookies
	for _, size := range []int{1, 3900, 3901, 4000, 8000, 12345, 54000} {
		value := strings.Repeat("abcdefghij", size/10+1)[:size]
		lines, ok := c.split(value, "a", noon, noon, nil)
		require.True(t, ok)
		for _, line := range lines {
			assert.LessOrEqual(t, len(line), 4000)
		}
		found, present := sessionCookie(request(lines), c.name)
		assert.Equal(t, value, found)
		assert.Len(t, present, len(lines))
	}
	_, ok := c.split(strings.Repeat("a", 60000), "a", noon, noon, nil)
	assert.False(t, ok)
}

func TestPartsThatAreLeftOverAreRemoved(t *testing.T) {
	c := load(t, `{}`).cookies
	_, present := sessionCookie([][2]string{{"cookie", "a=b; _oauth2_proxy_0=x; _oauth2_proxy_1=y; _oauth2_proxy_2=z"}, {"cookie", "_oauth2_proxy_20=w;_oauth2_proxy_csrf=q; _oauth2_proxy_01=p"}}, c.name)
	assert.Equal(t, []string{"_oauth2_proxy_0", "_oauth2_proxy_1", "_oauth2_proxy_2", "_oauth2_proxy_20"}, present)
	lines, ok := c.split("short", "a", noon, noon, present)
	require.True(t, ok)
	require.Len(t, lines, 5)
	assert.True(t, strings.HasPrefix(lines[0], "_oauth2_proxy=short; "))
	for i, name := range present {
		assert.Equal(t, name+"=; Path=/; Expires=Tue, 03 Feb 2026 11:00:00 GMT; HttpOnly; SameSite=Lax", lines[i+1])
	}
}

func TestWhichCookiesCount(t *testing.T) {
	for _, tt := range []struct{ cookies, want string }{
		{"", ""}, {"n", ""}, {"n=", ""}, {"n=a", "a"}, {"n=a; n=b", "a"}, {" n=a=b ", "a=b"}, {"N=a", ""},
		{"n_0=a; n_1=b", "ab"}, {"n_1=b; n_0=a", "ab"}, {"n_0=a; n_2=c", "a"}, {"n_1=b", ""}, {"n=x; n_0=a", "x"}, {"n_0=a; n_0=b", "a"},
		{"n_14=x; n_0=a; n_999999999999=z; n_-1=y; n_+0=q", "a"},
	} {
		value, _ := sessionCookie([][2]string{{":path", "/"}, {"cookie", tt.cookies}}, "n")
		assert.Equal(t, tt.want, value, tt.cookies)
	}
}

func TestTheLoginsCookieLives15Minutes(t *testing.T) {
	c := load(t, `{}`)
	name := c.cookies.csrfName("0123456789")
	assert.Equal(t, "_oauth2_proxy_csrf", name)
	assert.Equal(t, 15*time.Minute, c.cookies.csrfLife)
	assert.Equal(t, "_oauth2_proxy_csrf_01234567", load(t, `{"cookie_csrf_per_request": true}`).cookies.csrfName("0123456789"))
}
