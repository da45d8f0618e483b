package geo

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Decode returns the ranges of a table, addresses without a location left out.
func Decode(table []byte) ([]Range, error) {
	r := reader{rest: table}
	if string(r.take(len(magic))) != magic {
		return nil, errors.New("not a table")
	}
	blocks, locationCount, textCount, size, rangesSize := r.u32(), r.u32(), r.u32(), r.u32(), r.u32()
	starts, places := r.take(4*int(blocks)), r.take(4*int(blocks))
	locations, ends, bytes := r.take(8*int(locationCount)), r.take(4*int(textCount)), r.take(int(size))
	if r.failed || int(rangesSize) != len(r.rest) || blocks == 0 || textCount == 0 {
		return nil, errors.New("the table is not whole")
	}
	list := make([]string, textCount)
	for i := range list {
		from, to := uint32(0), binary.LittleEndian.Uint32(ends[4*i:])
		if i > 0 {
			from = binary.LittleEndian.Uint32(ends[4*i-4:])
		}
		if from > to || to > size {
			return nil, fmt.Errorf("text %d: is not inside the texts", i)
		}
		list[i] = string(bytes[from:to])
	}
	at := make([]Location, locationCount+1)
	for i := range locationCount {
		var part [4]string
		for k := range part {
			n := binary.LittleEndian.Uint16(locations[8*int(i)+2*k:])
			if uint32(n) >= textCount {
				return nil, fmt.Errorf("location %d: there is no text %d", i+1, n)
			}
			part[k] = list[n]
		}
		at[i+1] = Location{part[0], part[1], part[2], part[3]}
	}
	return r.ranges(starts, places, at)
}

// reader takes a table apart. What lies behind its end is empty, and failed says so.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.failed = true
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) varint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.failed = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) size() uint64 {
	b := r.take(1)
	switch {
	case b == nil:
		return 0
	case b[0] < oddSize:
		return 1 << b[0]
	}
	return (2*r.varint() + 1) << (b[0] - oddSize)
}

// ranges reads what follows the texts.
func (r *reader) ranges(starts, places []byte, at []Location) ([]Range, error) {
	var out []Range
	body, blocks := len(r.rest), len(starts)/4
	for block := range blocks {
		next, end := uint64(binary.LittleEndian.Uint32(starts[4*block:])), uint64(1<<32)
		if block+1 < blocks {
			end = uint64(binary.LittleEndian.Uint32(starts[4*block+4:]))
		}
		if int(binary.LittleEndian.Uint32(places[4*block:])) != body-len(r.rest) || block == 0 && next != 0 {
			return nil, fmt.Errorf("block %d: does not begin where the one before ends", block)
		}
		for i := range blockSize {
			n, last := r.varint(), end
			if i < blockSize-1 && (block+1 < blocks || len(r.rest) > 0) {
				last = next + r.size()
			}
			if r.failed || n >= uint64(len(at)) || last <= next || last > end {
				return nil, fmt.Errorf("block %d: range %d is broken", block, i)
			}
			if n > 0 {
				out = append(out, Range{uint32(next), uint32(last - 1), at[n]})
			}
			next = last
			if block+1 == blocks && last == end {
				break
			}
		}
		if next != end {
			return nil, fmt.Errorf("block %d: does not end where the next begins", block)
		}
	}
	if len(r.rest) > 0 {
		return nil, errors.New("the table is followed by something else")
	}
	return out, nil
}
