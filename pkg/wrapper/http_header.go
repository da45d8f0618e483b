//go:build !wasmplane_slim

package wrapper

import "net/http"

// Header is the type of the headers in ResponseCallback: http.Header. Package net/http makes up more than a quarter of
// a small plugin. Built with the tag wasmplane_slim, Header is a type of this package with the same methods, and the
// plugin does not link net/http; its callbacks must then say wrapper.Header, which works in both builds.
type Header = http.Header

func canonicalHeaderKey(name string) string { return http.CanonicalHeaderKey(name) }
