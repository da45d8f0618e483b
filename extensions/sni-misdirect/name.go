package main

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/authority"
)

// mismatch compares the name that the connection was opened for with a request's authority. It returns "" where the
// request may use the connection, else the response-code-details of its refusal. Without a name there is nothing to compare.
func mismatch(serverName, requested string) string {
	if serverName == "" {
		return ""
	}
	host := withoutPort(requested)
	name := withoutDot(serverName)
	if same(name, host) {
		return ""
	}
	domain, wildcard := strings.CutPrefix(name, "*.")
	if !wildcard {
		return otherHost
	}
	if !isBelow(host, domain) {
		return outsideOfAll
	}
	return ""
}

// isBelow reports whether a host has a domain's name at its end and at least one label before it.
func isBelow(host, domain string) bool {
	dot := len(host) - len(domain) - 1
	return dot > 0 && host[dot] == '.' && same(host[dot+1:], domain)
}

// withoutPort is the host of an authority (RFC 3986 section 3.2), which may be an IPv6 address in brackets.
func withoutPort(text string) string {
	host, _ := authority.Divide(text)
	return withoutDot(host)
}

// withoutDot drops the final dot of an absolute name, which does not make it another host.
func withoutDot(host string) string { return strings.TrimSuffix(host, ".") }

// isTypeOfGRPC reports whether a media type is application/grpc, alone or with a format (`application/grpc+proto`),
// whatever its parameters.
func isTypeOfGRPC(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	format, found := strings.CutPrefix(strings.TrimSpace(kind), "application/grpc")
	return found && (format == "" || format[0] == '+')
}

// same compares names of hosts without case, which only letters of ASCII have in them (RFC 4343 section 3).
func same(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
