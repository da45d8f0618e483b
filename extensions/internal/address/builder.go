package address

import (
	"cmp"
	"errors"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// MaxEntries is how many networks a Builder takes. It bounds what a list from outside can cost.
const MaxEntries = 1_000_000

// errTooMany says that MaxEntries was exceeded.
var errTooMany = errors.New("more than " + strconv.Itoa(MaxEntries) + " entries")

// Builder collects networks for a Set. The zero Builder is empty. While it collects, a network costs 12 bytes (IPv4) or
// 40 bytes (IPv6), up to twice that as the lists grow.
type Builder struct {
	v4    []entry4
	v6    []entry6
	count uint32
}

type entry4 struct {
	range4
	position uint32 // among all that was added
}

type entry6 struct {
	range6
	position uint32
}

// Len is how many networks were added.
func (b *Builder) Len() int { return int(b.count) }

// Add adds a network, which ParsePrefix or another source has given: masked, and IPv4 where it is IPv4-mapped.
func (b *Builder) Add(network netip.Prefix) error {
	if b.count == MaxEntries {
		return errTooMany
	}
	if network.Addr().Is4() {
		first := narrowOf(network.Addr())
		b.v4 = append(b.v4, entry4{range4{first, first | uint32(uint64(math.MaxUint32)>>network.Bits())}, b.count})
	} else {
		first, last := wideOf(network.Addr()), wideOf(network.Addr())
		last.upper |= math.MaxUint64 >> min(network.Bits(), 64) // a shift by 64 leaves nothing
		last.lower |= math.MaxUint64 >> max(network.Bits()-64, 0)
		b.v6 = append(b.v6, entry6{range6{first, last}, b.count})
	}
	b.count++
	return nil
}

// AddText adds the networks of a text with one a line, as lists are published: `#` and `;` begin a comment, and what
// follows the first word of a line is ignored. The error names the line: "line 3: not an IP address: 10.0.0.x".
func (b *Builder) AddText(text string) error {
	for line := 1; text != ""; line++ {
		var content string
		content, text, _ = strings.Cut(text, "\n")
		entry := firstWord(content)
		if entry == "" {
			continue
		}
		network, err := ParsePrefix(entry)
		if err == nil {
			err = b.Add(network)
		}
		if err != nil {
			return errors.New("line " + strconv.Itoa(line) + ": " + err.Error() + ": " + excerpt(entry))
		}
	}
	return nil
}

func firstWord(line string) string {
	if i := strings.IndexAny(line, "#;"); i >= 0 {
		line = line[:i]
	}
	line = strings.TrimSpace(line)
	if i := strings.IndexAny(line, " \t"); i >= 0 {
		line = line[:i]
	}
	return line
}

// Build returns the set of all networks that were added. repeated are the positions, from 0 and ascending, of those
// that had been added before. The Builder must not be used afterwards.
func (b *Builder) Build() (set *Set, repeated []int) {
	set = &Set{}
	set.v4, repeated = merge4(b.v4, repeated)
	set.v6, repeated = merge6(b.v6, repeated)
	set.index4 = newIndex(len(set.v4), func(i int) (uint64, uint64) { return uint64(set.v4[i].first), 0 })
	set.index6 = newIndex(len(set.v6), func(i int) (uint64, uint64) {
		return set.v6[i].first.upper, set.v6[i].first.lower
	})
	slices.Sort(repeated)
	return set, repeated
}

func merge4(entries []entry4, repeated []int) ([]range4, []int) {
	slices.SortFunc(entries, func(a, b entry4) int {
		if a.first != b.first {
			return cmp.Compare(a.first, b.first)
		}
		if a.last != b.last {
			return cmp.Compare(b.last, a.last)
		}
		return cmp.Compare(a.position, b.position)
	})
	ranges := make([]range4, 0, len(entries))
	for i, e := range entries {
		if i > 0 && e.range4 == entries[i-1].range4 {
			repeated = append(repeated, int(e.position))
			continue
		}
		if n := len(ranges); n > 0 && uint64(e.first) <= uint64(ranges[n-1].last)+1 {
			ranges[n-1].last = max(ranges[n-1].last, e.last)
			continue
		}
		ranges = append(ranges, e.range4)
	}
	return slices.Clip(ranges), repeated
}

func merge6(entries []entry6, repeated []int) ([]range6, []int) {
	slices.SortFunc(entries, func(a, b entry6) int {
		if a.first != b.first {
			return compareWide(a.first, b.first)
		}
		if a.last != b.last {
			return compareWide(b.last, a.last)
		}
		return cmp.Compare(a.position, b.position)
	})
	ranges := make([]range6, 0, len(entries))
	for i, e := range entries {
		if i > 0 && e.range6 == entries[i-1].range6 {
			repeated = append(repeated, int(e.position))
			continue
		}
		if n := len(ranges); n > 0 && ranges[n-1].reaches(e.first) {
			if ranges[n-1].last.less(e.last) {
				ranges[n-1].last = e.last
			}
			continue
		}
		ranges = append(ranges, e.range6)
	}
	return slices.Clip(ranges), repeated
}

// reaches reports whether first is in the range or follows it at once. first is not before the range.
func (r range6) reaches(first wide) bool {
	return !r.last.less(first) || r.last.next() == first
}

func compareWide(a, b wide) int {
	if a.upper != b.upper {
		return cmp.Compare(a.upper, b.upper)
	}
	return cmp.Compare(a.lower, b.lower)
}
