package address

import (
	"errors"
	"net/netip"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

// Source says where the address of a request's client is taken from. The zero Source is the connection's peer. It is
// read-only once built.
type Source struct {
	// Header is the name, in lower case, of a header with a list of addresses; "" for the peer.
	Header string
	// Trusted are proxies: the client is then the last address of the list that is none of them, or the first if all are.
	// nil takes the first address of the header's first line, which clients can forge.
	Trusted *Set
	// Hops counts from the end of the list, where trusted proxies have each added the address that they were called
	// from: the client is the Hops-th address from the end, and a list that is too short has none. 0 does not count. It
	// excludes Trusted.
	Hops int
}

// Client returns the address of the current stream's client. It must be called while the request headers can be read,
// and makes one host call.
func (s *Source) Client() (netip.Addr, error) {
	if s.Header == "" {
		return Peer()
	}
	if s.Trusted == nil && s.Hops == 0 {
		line, err := proxywasm.GetHttpRequestHeader(s.Header)
		if err != nil {
			return netip.Addr{}, err
		}
		return Parse(First(line))
	}
	headers, err := proxywasm.GetHttpRequestHeaders()
	if err != nil {
		return netip.Addr{}, err
	}
	list, _ := httpheader.Joined(headers, s.Header)
	return s.fromList(list)
}

// Peer returns the address of the current stream's connection as the host sees it: behind a proxy that the host trusts,
// that of the client behind it.
func Peer() (netip.Addr, error) {
	text, err := proxywasm.GetProperty([]string{"source", "address"})
	if err != nil {
		return netip.Addr{}, err
	}
	return Parse(string(text))
}

// fromList reads the list from its end, where the proxies next to us have written. What a client may have put before
// that is never looked at.
func (s *Source) fromList(list string) (netip.Addr, error) {
	for hop := 1; ; hop++ {
		comma := strings.LastIndexByte(list, ',')
		last := list[comma+1:]
		if s.Trusted == nil && hop < s.Hops {
			if comma < 0 {
				return netip.Addr{}, errors.New("fewer addresses than trusted proxies")
			}
			list = list[:comma]
			continue
		}
		addr, err := Parse(last)
		if err != nil || comma < 0 || !s.Trusted.Contains(addr) {
			return addr, err
		}
		list = list[:comma]
	}
}
