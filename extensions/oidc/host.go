package main

import "strings"

// canonicalHost is an authority in lower case, without the final dot of its name. The port stays.
func canonicalHost(authority string) string {
	name, port := divideHost(strings.ToLower(authority))
	return strings.TrimSuffix(name, ".") + port
}

// withoutPort is the name of an authority, in lower case and without a final dot.
func withoutPort(authority string) string {
	name, _ := divideHost(strings.ToLower(authority))
	return strings.TrimSuffix(name, ".")
}

// sameHost compares authorities; a port that is the default of the scheme may be left out.
func sameHost(scheme, one, other string) bool {
	return withoutDefaultPort(scheme, one) == withoutDefaultPort(scheme, other)
}

func withoutDefaultPort(scheme, authority string) string {
	return strings.TrimSuffix(canonicalHost(authority), defaultPort(scheme))
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return ":443"
	}
	return ":80"
}

// divideHost cuts off the port, with its colon.
func divideHost(authority string) (name, port string) {
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 || strings.IndexByte(authority[colon:], ']') >= 0 {
		return authority, ""
	}
	return authority[:colon], authority[colon:]
}
