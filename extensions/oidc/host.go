package main

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/authority"
)

// sameHost compares authorities; a port that is the default of the scheme may be left out.
func sameHost(scheme, one, other string) bool {
	return withoutDefaultPort(scheme, one) == withoutDefaultPort(scheme, other)
}

func withoutDefaultPort(scheme, host string) string {
	return strings.TrimSuffix(authority.Canonical(host), defaultPort(scheme))
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return ":443"
	}
	return ":80"
}
