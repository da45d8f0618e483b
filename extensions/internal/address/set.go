package address

import (
	"encoding/binary"
	"net/netip"
)

// Set is a set of networks, kept as sorted ranges of addresses that neither overlap nor touch. Looking an address up
// takes about as long among 100,000 networks as among ten. A range costs 8 bytes (IPv4) or 32 bytes (IPv6), and 4 to 8
// more for the index: at most 1.6 MB for 100,000 IPv4 networks, 4 MB for as many of IPv6.
//
// A Set is made by a Builder and read-only. The zero Set is empty. A nil *Set may be asked, too.
type Set struct {
	v4     []range4
	v6     []range6
	index4 index
	index6 index
}

type range4 struct{ first, last uint32 }

type range6 struct{ first, last wide }

// wide is an IPv6 address.
type wide struct{ upper, lower uint64 }

func (w wide) less(v wide) bool { return w.upper < v.upper || w.upper == v.upper && w.lower < v.lower }

func (w wide) next() wide {
	w.lower++
	if w.lower == 0 {
		w.upper++
	}
	return w
}

func wideOf(addr netip.Addr) wide {
	b := addr.As16()
	return wide{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func narrowOf(addr netip.Addr) uint32 {
	b := addr.As4()
	return binary.BigEndian.Uint32(b[:])
}

// Contains reports whether one of the networks holds the address. The invalid address is in no set. An IPv4-mapped
// address is an IPv6 address here: Parse does not return one.
func (s *Set) Contains(addr netip.Addr) bool {
	switch {
	case s == nil || !addr.IsValid():
		return false
	case addr.Is4():
		return s.contains4(narrowOf(addr))
	}
	return s.contains6(wideOf(addr))
}

func (s *Set) contains4(addr uint32) bool {
	i := s.index4.find(uint64(addr), 0)
	for i < len(s.v4) && s.v4[i].first <= addr {
		i++
	}
	return i > 0 && addr <= s.v4[i-1].last
}

func (s *Set) contains6(addr wide) bool {
	i := s.index6.find(addr.upper, addr.lower)
	for i < len(s.v6) && !addr.less(s.v6[i].first) {
		i++
	}
	return i > 0 && !s.v6[i-1].last.less(addr)
}

// Ranges returns how many ranges of IPv4 and of IPv6 addresses the set holds.
func (s *Set) Ranges() (v4, v6 int) { return len(s.v4), len(s.v6) }

// Empty reports whether the set holds no address.
func (s *Set) Empty() bool { return s == nil || len(s.v4) == 0 && len(s.v6) == 0 }
