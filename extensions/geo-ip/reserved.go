package main

import (
	"encoding/binary"
	"net/netip"
)

// internal is the location of addresses that are none of the public Internet, in the words of the Higress plugin.
var internal = location{"内网IP", "内网IP", "内网IP", "内网IP"}

// reserved are the networks of RFC 6890, those for multicast and what follows them, in ascending order.
var reserved = networks("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/3")

type network struct{ first, last uint32 }

func networks(prefixes ...string) []network {
	list := make([]network, len(prefixes))
	for i, text := range prefixes {
		list[i] = networkOf(netip.MustParsePrefix(text))
	}
	return list
}

// networkOf is an IPv4 prefix, masked, as its first and last address.
func networkOf(prefix netip.Prefix) network {
	first := number(prefix.Addr())
	return network{first, first | uint32(uint64(1)<<(32-prefix.Bits())-1)}
}

// number is an IPv4 address as a number.
func number(addr netip.Addr) uint32 {
	b := addr.As4()
	return binary.BigEndian.Uint32(b[:])
}

func isReserved(addr uint32) bool {
	for _, n := range reserved {
		if addr <= n.last {
			return addr >= n.first
		}
	}
	return false
}
