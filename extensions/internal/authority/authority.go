// Package authority reads hosts and ports (RFC 3986, section 3.2) so that one host is one text, however it is written. It
// takes any text, and resolves nothing.
package authority

import "strings"

// Divide cuts the port off an authority, with its colon. An IPv6 address in brackets keeps its colons. port is "" where
// there is none.
func Divide(authority string) (host, port string) {
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 || strings.IndexByte(authority[colon:], ']') >= 0 {
		return authority, ""
	}
	return authority[:colon], authority[colon:]
}

// Host is the host of an authority, in lower case, without its port and without one final dot, which does not make it
// another host.
func Host(authority string) string {
	host, _ := Divide(strings.ToLower(authority))
	return strings.TrimSuffix(host, ".")
}

// Canonical is an authority in lower case, without one final dot, be it the host's or behind the port. The port stays.
func Canonical(authority string) string {
	host, port := Divide(strings.ToLower(authority))
	return strings.TrimSuffix(host, ".") + strings.TrimSuffix(port, ".")
}
