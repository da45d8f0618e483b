package httpcache

import (
	"net/url"
	"strings"
)

// Safe tells whether a method changes nothing (RFC 9110, section 9.2.1, and the registry of methods). Unknown ones do.
func Safe(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY":
		return true
	}
	return false
}

// Invalidates tells whether an answer invalidates what is stored for the request's URI (RFC 9111, section 4.4).
func Invalidates(method string, status int) bool {
	return !Safe(method) && status >= 200 && status < 400
}

// AlsoInvalidated are the paths, with queries, that Location and Content-Location name. Other origins than the request's
// are left out, for a response must not speak for them; so is the request's own path.
func AlsoInvalidated(scheme, host, path string, answer Headers) []string {
	base, err := url.Parse(scheme + "://" + host + path)
	if err != nil {
		return nil
	}
	var paths []string
	for _, name := range [...]string{"location", "content-location"} {
		text, ok := answer.Get(name)
		if !ok || text == "" {
			continue
		}
		target, err := base.Parse(text)
		if err != nil || !strings.EqualFold(target.Scheme, scheme) || !strings.EqualFold(target.Host, host) {
			continue
		}
		if found := target.RequestURI(); found != path {
			paths = append(paths, found)
		}
	}
	return paths
}
