package ratelimit

import (
	"net/netip"
	"strings"
)

// firstOfList returns the first element of a comma-separated list, as in X-Forwarded-For.
func firstOfList(list string) string {
	element, _, _ := strings.Cut(list, ",")
	return element
}

// parseAddress reads an IP address. White space around it, a port (`1.2.3.4:99`, `[::1]:99`) and a zone are dropped, and
// an IPv4-mapped IPv6 address is the IPv4 address: one client has one address, however it is written.
func parseAddress(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(text, "["):
		inner, rest, closed := strings.Cut(text[1:], "]")
		if !closed || rest != "" && rest[0] != ':' {
			return netip.Addr{}, false
		}
		text = inner
	case strings.Count(text, ":") == 1:
		text, _, _ = strings.Cut(text, ":")
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, false
	}
	return addr.WithZone("").Unmap(), true
}
