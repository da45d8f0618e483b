package main

import (
	"net/netip"
	"strconv"
	"strings"
)

// longestOrigin is more than a scheme, a host (RFC 1035 section 2.3.4) and a port can have, in bytes.
const longestOrigin = 512

// origin is a scheme, a host and a port (RFC 6454 section 4).
type origin struct {
	site string // scheme://host in lower case, without a trailing dot
	port string // decimal; "" for the scheme's default, or none
}

// parseOrigin reads what stands in an Origin header, or in the configuration: scheme://host[:port] and nothing else. `null`
// is none.
func parseOrigin(text string) (origin, bool) {
	if len(text) > longestOrigin {
		return origin{}, false
	}
	scheme, authority, ok := strings.Cut(strings.ToLower(text), "://")
	if !ok || !isScheme(scheme) {
		return origin{}, false
	}
	host, port, ok := splitAuthority(authority)
	if !ok {
		return origin{}, false
	}
	if port == defaultPort(scheme) {
		port = ""
	}
	return origin{scheme + "://" + host, port}, true
}

// effectivePort is the port that is connected to, "" where the scheme has no default.
func (o origin) effectivePort() string {
	if o.port != "" {
		return o.port
	}
	scheme, _, _ := strings.Cut(o.site, "://")
	return defaultPort(scheme)
}

func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	}
	return ""
}

// splitAuthority returns the host, without a trailing dot and IPv6 addresses in their canonical form, and the port, "" if
// there is none.
func splitAuthority(authority string) (host, port string, ok bool) {
	if strings.HasPrefix(authority, "[") {
		inner, rest, closed := strings.Cut(authority[1:], "]")
		addr, err := netip.ParseAddr(inner)
		if !closed || err != nil || !addr.Is6() || addr.Zone() != "" || rest != "" && rest[0] != ':' {
			return "", "", false
		}
		port, ok = parsePort(rest)
		return "[" + addr.String() + "]", port, ok
	}
	host = authority
	if i := strings.IndexByte(authority, ':'); i >= 0 {
		host = authority[:i]
	}
	if port, ok = parsePort(authority[len(host):]); !ok {
		return "", "", false
	}
	host = strings.TrimSuffix(host, ".")
	return host, port, isHost(host)
}

// parsePort reads ":port", or nothing.
func parsePort(text string) (string, bool) {
	if text == "" {
		return "", true
	}
	number, err := strconv.ParseUint(text[1:], 10, 16)
	if err != nil || number == 0 {
		return "", false
	}
	return strconv.FormatUint(number, 10), true
}

func isScheme(text string) bool {
	for i := range len(text) {
		c := text[i]
		if !isLetter(c) && (i == 0 || !isDigit(c) && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return text != ""
}

func isHost(text string) bool {
	for i := range len(text) {
		c := text[i]
		if !isLetter(c) && !isDigit(c) && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return text != ""
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
