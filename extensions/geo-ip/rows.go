package main

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/address"
)

// rows are those of an operator: networks, one of which may lie in another. A row costs 16 bytes, and its location what
// it takes to keep it once.
type rows struct {
	list      []row // by first address; a network before those in it
	locations []location
}

type row struct {
	network
	outer int32  // the smallest network around it, -1 for none
	at    uint32 // in locations
}

// find returns the location of the smallest network with the address.
func (r *rows) find(addr uint32) (location, bool) {
	i, exact := slices.BinarySearchFunc(r.list, addr, func(x row, addr uint32) int { return cmp.Compare(x.first, addr) })
	for exact && i+1 < len(r.list) && r.list[i+1].first == addr {
		i++
	}
	if !exact {
		i--
	}
	for i >= 0 {
		if addr <= r.list[i].last {
			return r.locations[r.list[i].at], true
		}
		i = int(r.list[i].outer)
	}
	return location{}, false
}

// rowsBuilder collects rows, and counts the lines that are none.
type rowsBuilder struct {
	rows
	numbers map[location]uint32
	taken   map[network]struct{}
	skipped int
	problem string // of the first that was skipped
}

// add reads `CIDR|country|province|city|provider`; what follows another | is ignored, as are empty lines and those
// that begin with #. place names the line: "line 3".
func (b *rowsBuilder) add(line, place string) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return
	}
	if err := b.take(line); err != nil {
		if b.skipped == 0 {
			b.problem = place + ": " + err.Error()
		}
		b.skipped++
	}
}

func (b *rowsBuilder) take(line string) error {
	var parts [6]string
	fields := strings.SplitN(line, "|", len(parts))
	if len(fields) < 5 {
		return errors.New("has " + strconv.Itoa(len(fields)) + " fields, not 5")
	}
	for i := range fields {
		parts[i] = strings.TrimSpace(fields[i])
	}
	prefix, err := address.ParsePrefix(parts[0])
	if err != nil {
		return err
	}
	if !prefix.Addr().Is4() {
		return errors.New("not an IPv4 network")
	}
	n := networkOf(prefix)
	if _, taken := b.taken[n]; taken {
		return errors.New("the network is there already")
	}
	if b.taken == nil {
		b.taken, b.numbers = map[network]struct{}{}, map[location]uint32{}
	}
	b.taken[n] = struct{}{}
	b.list = append(b.list, row{network: n, at: b.number(location{parts[1], parts[2], parts[3], parts[4]})})
	return nil
}

// number keeps a location once, in memory of its own.
func (b *rowsBuilder) number(at location) uint32 {
	n, known := b.numbers[at]
	if !known {
		at = location{strings.Clone(at.country), strings.Clone(at.province), strings.Clone(at.city), strings.Clone(at.provider)}
		n = uint32(len(b.locations))
		b.locations = append(b.locations, at)
		b.numbers[at] = n
	}
	return n
}

// build returns the rows. The builder must not be used afterwards.
func (b *rowsBuilder) build() *rows {
	slices.SortFunc(b.list, func(x, y row) int {
		return cmp.Or(cmp.Compare(x.first, y.first), cmp.Compare(y.last, x.last))
	})
	outer := int32(-1)
	for i := range b.list {
		for outer >= 0 && b.list[outer].last < b.list[i].first {
			outer = b.list[outer].outer
		}
		b.list[i].outer = outer
		outer = int32(i)
	}
	return &rows{slices.Clip(b.list), slices.Clip(b.locations)}
}
