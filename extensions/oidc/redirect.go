package main

import (
	"net/url"
	"strings"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// redirect is where the provider sends browsers back to (RFC 6749, section 3.1.2).
type redirect struct {
	url      *url.URL // without a host it is completed by the request's
	verbatim string   // relative_redirect_url: as it is written, "" if unset
}

func parseRedirect(r *reader, prefix string) redirect {
	text := r.text("redirect_url", "")
	u, err := url.Parse(text)
	if err != nil {
		r.fault("redirect_url: cannot be parsed")
		return redirect{url: &url.URL{}}
	}
	if u.User != nil || u.Scheme != "" && (u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		r.fault("redirect_url: must be a URL with http or https and a host, or a path")
	}
	if u.Path == "" || u.Path == "/" && u.Host == "" {
		u.Path = prefix + "/callback"
	}
	if u.Path != prefix+"/callback" {
		log.Warn("redirect_url: callbacks are handled at " + prefix + "/callback only")
	}
	to := redirect{url: u}
	if r.flag("relative_redirect_url", false) {
		to.verbatim = text
	}
	return to
}

// isFor tells whether the callback is on that host. Where no host is configured, it is on every host.
func (to *redirect) isFor(host string) bool {
	return to.url.Host == "" || sameHost(to.url.Scheme, to.url.Host, host)
}

// of returns the URL for a request.
func (to *redirect) of(x *exchange) string {
	if to.verbatim != "" {
		return to.verbatim
	}
	if to.url.Host != "" {
		return to.url.String()
	}
	u := *to.url
	u.Scheme, u.Host = x.scheme(), x.outerHost()
	return u.String()
}

// scheme is the one that the browser uses, as far as it can be told.
func (x *exchange) scheme() string {
	if forwarded := x.forwarded("x-forwarded-proto"); forwarded == "http" || forwarded == "https" {
		return forwarded
	}
	if x.cookies.secure || x.header(":scheme") == "https" {
		return "https"
	}
	return "http"
}

// outerHost is the one that the browser uses.
func (x *exchange) outerHost() string {
	if forwarded := x.forwarded("x-forwarded-host"); forwarded != "" && isAttribute(forwarded) && !strings.ContainsAny(forwarded, "/\\?#@,") {
		return forwarded
	}
	return x.host
}

// forwarded is a header of a proxy before us, if these are trusted.
func (x *exchange) forwarded(name string) string {
	if !x.reverseProxy {
		return ""
	}
	return x.header(name)
}
