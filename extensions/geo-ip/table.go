package main

import (
	"errors"
	"strconv"
)

// The form of a table is described in gateway/geo, which writes it.
const (
	magic     = "geotab\x00\x01"
	header    = len(magic) + 5*4
	blockSize = 64 // ranges
	oddSize   = 32 // a size that is no power of two begins with this and more
)

// table is searched where it lies: it costs its own bytes and nothing else.
type table struct {
	data                    string
	blocks, locations       int // how many
	texts                   int
	startsAt, placesAt      int // where they begin in data
	locationsAt, endsAt     int
	textsAt, textsEnd, body int
}

// openTable reads the header of a table, which tells that it is whole. A table from outside must be checked, too.
func openTable(data string) (*table, error) {
	if len(data) < header || data[:len(magic)] != magic {
		return nil, errors.New("is not a table of locations")
	}
	t := &table{data: data}
	var size, rangesSize int
	for i, count := range []*int{&t.blocks, &t.locations, &t.texts, &size, &rangesSize} {
		n := t.u32(len(magic) + 4*i)
		if uint64(n) > uint64(len(data)) {
			return nil, errNotWhole
		}
		*count = int(n)
	}
	at := uint64(header) // 32 bits do not hold every sum
	for _, part := range []struct {
		begin *int
		size  uint64
	}{
		{&t.startsAt, 4 * uint64(t.blocks)}, {&t.placesAt, 4 * uint64(t.blocks)}, {&t.locationsAt, 8 * uint64(t.locations)},
		{&t.endsAt, 4 * uint64(t.texts)}, {&t.textsAt, uint64(size)},
	} {
		*part.begin = int(at)
		at += part.size
	}
	t.textsEnd, t.body = int(at), int(at)
	if at+uint64(rangesSize) != uint64(len(data)) || t.blocks == 0 || t.texts == 0 {
		return nil, errNotWhole
	}
	return t, nil
}

var errNotWhole = errors.New("is a table that is not whole")

// check reads all of a table. One that passes cannot make find fail.
func (t *table) check() error {
	before := uint32(0)
	for i := range t.texts {
		end := t.u32(t.endsAt + 4*i)
		if end < before || uint64(t.textsAt)+uint64(end) > uint64(t.textsEnd) {
			return errors.New("is a table whose text " + strconv.Itoa(i) + " is broken")
		}
		before = end
	}
	for i := range t.locations {
		for k := range 4 {
			if t.u16(t.locationsAt+8*i+2*k) >= t.texts {
				return errors.New("is a table whose location " + strconv.Itoa(i+1) + " is broken")
			}
		}
	}
	c := cursor{t.data, t.body}
	for block := range t.blocks {
		if !t.checkBlock(block, &c) {
			return errors.New("is a table whose block " + strconv.Itoa(block) + " is broken")
		}
	}
	if c.at != len(t.data) {
		return errNotWhole
	}
	return nil
}

// checkBlock reads a block, which must begin where the one before has ended.
func (t *table) checkBlock(block int, c *cursor) bool {
	first, end := uint64(t.start(block)), uint64(1<<32)
	last := block == t.blocks-1
	if !last {
		end = uint64(t.start(block + 1))
	}
	if uint64(t.body)+uint64(t.u32(t.placesAt+4*block)) != uint64(c.at) || block == 0 && first != 0 || first >= end {
		return false
	}
	for i := range blockSize {
		n, ok := c.varint()
		if !ok || n > uint64(t.locations) {
			return false
		}
		if i == blockSize-1 || last && c.at == len(t.data) {
			return true
		}
		size, ok := c.size()
		if first += size; !ok || size == 0 || first >= end {
			return false
		}
	}
	return true
}

func (t *table) find(addr uint32) (location, bool) {
	low, high := 0, t.blocks // of the blocks from high on, each begins after addr
	for low+1 < high {
		if middle := (low + high) / 2; t.start(middle) <= addr {
			low = middle
		} else {
			high = middle
		}
	}
	first := uint64(t.start(low))
	c := cursor{t.data, t.body + int(t.u32(t.placesAt+4*low))}
	for i := 1; ; i++ {
		n, _ := c.varint()
		if i == blockSize || c.at == len(t.data) {
			return t.location(n)
		}
		size, _ := c.size()
		if first += size; uint64(addr) < first {
			return t.location(n)
		}
	}
}

// location returns a location by its number.
func (t *table) location(n uint64) (location, bool) {
	if n == 0 {
		return location{}, false
	}
	at := t.locationsAt + 8*int(n-1)
	return location{t.text(at), t.text(at + 2), t.text(at + 4), t.text(at + 6)}, true
}

// text returns the text whose number stands at a place.
func (t *table) text(at int) string {
	n, from := t.u16(at), uint32(0)
	if n > 0 {
		from = t.u32(t.endsAt + 4*n - 4)
	}
	return t.data[t.textsAt+int(from) : t.textsAt+int(t.u32(t.endsAt+4*n))]
}

func (t *table) start(block int) uint32 { return t.u32(t.startsAt + 4*block) }

func (t *table) u32(at int) uint32 {
	b := t.data[at : at+4]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func (t *table) u16(at int) int {
	b := t.data[at : at+2]
	return int(b[0]) | int(b[1])<<8
}

// cursor reads ranges.
type cursor struct {
	data string
	at   int
}

// varint reads a number of at most 32 bits.
func (c *cursor) varint() (n uint64, ok bool) {
	for shift := 0; shift < 35 && c.at < len(c.data); shift += 7 {
		b := c.data[c.at]
		c.at++
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n, n < 1<<32
		}
	}
	return 0, false
}

// size reads how many addresses a range has. It is 0, or more than there are, only in a broken table.
func (c *cursor) size() (size uint64, ok bool) {
	if c.at >= len(c.data) {
		return 0, false
	}
	b := c.data[c.at]
	c.at++
	if b < oddSize {
		return 1 << b, true
	}
	odd, ok := c.varint()
	if b-oddSize >= 32 {
		return 0, false
	}
	return (2*odd + 1) << (b - oddSize), ok
}
