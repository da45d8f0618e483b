package cases

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// cookies keeps what responses set, and sends it back as a browser does (RFC 6265). Where there are to be none it is nil.
type cookies struct{ jar *cookiejar.Jar }

func newCookies(wanted bool) *cookies {
	if !wanted {
		return nil
	}
	jar, _ := cookiejar.New(nil) // fails never
	return &cookies{jar}
}

// location is the URL that a browser would show for a request.
func (r *Request) location() *url.URL {
	path, _, _ := strings.Cut(firstOf(r.Path, "/"), "?")
	return &url.URL{Scheme: r.scheme(), Host: firstOf(r.Host, defaultHost), Path: path}
}

// add returns the request with its cookies. A request that has a cookie header keeps that.
func (c *cookies) add(r *Request) *Request {
	if c == nil {
		return r
	}
	var pairs []string
	for _, cookie := range c.jar.Cookies(r.location()) {
		pairs = append(pairs, cookie.Name+"="+cookie.Value)
	}
	for _, entry := range r.Headers.List {
		if entry.Name == "cookie" {
			return r
		}
	}
	if len(pairs) == 0 {
		return r
	}
	with := *r
	with.Headers.List = append(append([]Header(nil), r.Headers.List...),
		Header{Name: "cookie", Values: []Text{{Value: strings.Join(pairs, "; ")}}})
	return &with
}

// take keeps what a response sets.
func (c *cookies) take(r *Request, o *outcome) {
	if c == nil || o.head == nil {
		return
	}
	response := http.Response{Header: http.Header{"Set-Cookie": o.head.Values("set-cookie")}}
	c.jar.SetCookies(r.location(), response.Cookies())
}
