package main

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
)

// defaultProtocol is what rules see where the host does not tell a request's protocol.
const defaultProtocol = "HTTP/2.0"

func requestProtocol() string {
	protocol, err := proxywasm.GetProperty([]string{"request", "protocol"})
	if err != nil || len(protocol) == 0 {
		return defaultProtocol
	}
	return string(protocol)
}

// peer returns address and port of an end of the connection, "source" or "destination"; "" and 0 where the host does not
// tell. An IPv4-mapped IPv6 address is an IPv4 address.
func peer(end string) (address string, port int) {
	text, err := proxywasm.GetProperty([]string{end, "address"})
	if err == nil {
		address, port = splitAddress(string(text))
	}
	number, err := proxywasm.GetProperty([]string{end, "port"})
	if err == nil && len(number) == 8 {
		if n := binary.LittleEndian.Uint64(number); n <= 65535 {
			port = int(n)
		}
	}
	return address, port
}

func splitAddress(text string) (address string, port int) {
	if both, err := netip.ParseAddrPort(text); err == nil {
		return both.Addr().Unmap().String(), int(both.Port())
	}
	if ip, err := netip.ParseAddr(text); err == nil {
		return ip.Unmap().String(), 0
	}
	return text, 0
}

// withoutPort cuts the port off an authority.
func withoutPort(authority string) string {
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 || strings.HasSuffix(authority, "]") {
		return authority
	}
	if _, err := strconv.ParseUint(authority[colon+1:], 10, 16); err != nil {
		return authority
	}
	return authority[:colon]
}
