package oci

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
)

// guard is the transport of one exchange with a registry. It lets plain HTTP pass to some hosts only, and never with a
// login: go-containerregistry itself falls back to plain HTTP for private addresses, with the login.
type guard struct {
	base  http.RoundTripper
	plain func(host string) bool
	// credentials says that a login is in use, so Authorization headers and token requests hold secrets.
	credentials bool
	// anonymousForPlain says that there is a login, which was left out.
	anonymousForPlain bool

	refusedPlain atomic.Bool // a host asked for plain HTTP that may not
	withheld     atomic.Bool // a login was kept back from plain HTTP
	answered     atomic.Bool // some host gave an answer
	spokePlain   atomic.Bool // a host gave it over plain HTTP
	silent       atomic.Bool // a host took a request and gave none in time
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		if !g.plain(r.URL.Host) {
			g.refusedPlain.Store(true)
			return nil, fmt.Errorf("%w, not for %s", ErrPlainHTTP, r.URL.Host)
		}
		if g.credentials && carriesLogin(r) {
			g.withheld.Store(true)
			return nil, fmt.Errorf("%w: no login is sent to %s", ErrPlainHTTP, r.URL.Host)
		}
	}
	res, err := g.base.RoundTrip(r)
	switch {
	case err == nil:
		g.answered.Store(true)
		if r.URL.Scheme != "https" {
			g.spokePlain.Store(true)
		}
	case strings.Contains(err.Error(), "timeout awaiting response headers"): // net/http has no type for it
		g.silent.Store(true)
		err = fmt.Errorf("no answer in time: %w", err) // not temporary any more: each attempt would wait as long
	}
	return res, err
}

// carriesLogin reports whether a request may hold a secret: a header, or the form of an OAuth token request.
func carriesLogin(r *http.Request) bool {
	return r.Header.Get("Authorization") != "" || r.URL.User != nil ||
		strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// isLoopback reports whether a host, with or without a port, is this machine by its name or address.
func isLoopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}
