package geo

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// Location is where an address is. What is not known is "".
type Location struct{ Country, Province, City, Provider string }

// Range are the IPv4 addresses from First to Last, both included, as numbers, and where they are.
type Range struct {
	First, Last uint32
	Location    Location
}

// Flatten returns what holds for each address: ranges in ascending order that do not overlap, neighbours with the same
// location joined. Of ranges one of which lies in the other the smaller holds, of equal ones the first. Others that
// overlap are an error.
func Flatten(ranges []Range) ([]Range, error) {
	sorted := slices.Clone(ranges)
	slices.SortStableFunc(sorted, func(a, b Range) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(b.Last, a.Last))
	})
	var f flattening
	for _, r := range sorted {
		f.closeBefore(uint64(r.First))
		if n := len(f.open); n > 0 {
			outer := f.open[n-1]
			if r.First == outer.First && r.Last == outer.Last {
				continue
			}
			if r.Last > outer.Last {
				return nil, fmt.Errorf("%s overlaps %s", r, outer)
			}
			f.emit(uint64(r.First), outer.Location)
		}
		f.next = uint64(r.First)
		f.open = append(f.open, r)
	}
	f.closeBefore(1 << 32)
	return f.out, nil
}

// String is the range as its first and its last address.
func (r Range) String() string { return addressOf(r.First) + "-" + addressOf(r.Last) }

func addressOf(n uint32) string {
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}).String()
}

// flattening is the work of Flatten between two ranges.
type flattening struct {
	open []Range // those that hold next, each inside the one before
	next uint64  // the first address that is not decided
	out  []Range
}

// closeBefore ends the open ranges that end before an address.
func (f *flattening) closeBefore(first uint64) {
	for n := len(f.open); n > 0 && uint64(f.open[n-1].Last) < first; n-- {
		f.emit(uint64(f.open[n-1].Last)+1, f.open[n-1].Location)
		f.open = f.open[:n-1]
	}
}

// emit decides the addresses before end.
func (f *flattening) emit(end uint64, at Location) {
	if f.next >= end {
		return
	}
	r := Range{uint32(f.next), uint32(end - 1), at}
	f.next = end
	if n := len(f.out); n > 0 && f.out[n-1].Location == at && f.out[n-1].Last+1 == r.First {
		f.out[n-1].Last = r.Last
		return
	}
	f.out = append(f.out, r)
}
