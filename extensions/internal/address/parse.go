package address

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// Parse reads an IP address as it stands in a header or in the property source.address: with or without a port
// (`1.2.3.4:99`, `[::1]:99`), brackets, a zone and white space around it. The error holds at most 64 bytes of the text.
func Parse(text string) (netip.Addr, error) {
	bare, ok := withoutPort(strings.TrimSpace(text))
	if !ok {
		return netip.Addr{}, notAnAddress(text)
	}
	addr, err := netip.ParseAddr(bare)
	if err != nil {
		return netip.Addr{}, notAnAddress(text)
	}
	return addr.WithZone("").Unmap(), nil
}

// First returns the first element of a comma-separated list, as in X-Forwarded-For.
func First(list string) string {
	element, _, _ := strings.Cut(list, ",")
	return element
}

func withoutPort(text string) (string, bool) {
	if strings.HasPrefix(text, "[") {
		inner, rest, closed := strings.Cut(text[1:], "]")
		return inner, closed && (rest == "" || rest[0] == ':')
	}
	if strings.Count(text, ":") == 1 {
		text, _, _ = strings.Cut(text, ":")
	}
	return text, true
}

func notAnAddress(text string) error { return errors.New("not an address: " + excerpt(text)) }

// excerpt keeps a client from filling the log.
func excerpt(text string) string {
	const most = 64
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}

// ParsePrefix reads an address or a network as it stands in a configuration or a list. An address is the network of
// that address alone; bits after the prefix may be set and are cleared. Networks of IPv4-mapped addresses are those of the
// IPv4 addresses. The error does not repeat the text.
func ParsePrefix(text string) (netip.Prefix, error) {
	host, length, isNetwork := strings.Cut(text, "/")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}, errors.New("not an IP address")
	}
	if addr.Zone() != "" {
		return netip.Prefix{}, errors.New("an address with a zone")
	}
	if !isNetwork {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	bits, ok := prefixLength(length)
	if !ok || bits > addr.BitLen() {
		return netip.Prefix{}, errors.New("the prefix length must be between 0 and " + strconv.Itoa(addr.BitLen()))
	}
	const mapped = 96 // bits before the IPv4 address
	if addr.Is4In6() && bits >= mapped {
		addr, bits = addr.Unmap(), bits-mapped
	}
	return netip.PrefixFrom(addr, bits).Masked(), nil
}

// prefixLength reads one to three digits without a leading zero.
func prefixLength(text string) (int, bool) {
	if len(text) == 0 || len(text) > 3 || len(text) > 1 && text[0] == '0' {
		return 0, false
	}
	n := 0
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
