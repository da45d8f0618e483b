package geo

import (
	"encoding/binary"
	"fmt"
)

// ip2region.db, all numbers little-endian: a super block with the positions of the first and the last entry of the index;
// a header for searches on disk, which is not needed here; texts, each after four bytes with a city's number; the index,
// entries of three numbers: first address, last address, and the place of the text, whose upper byte is the length, the
// city's number included.
const (
	superBlock  = 8
	indexEntry  = 12
	cityNumber  = 4
	fieldsOfOne = 5 // country, region, province, city, provider
)

// isDatabase reports whether the super block fits: the index lies inside, in whole entries, and begins at 0.0.0.0.
func isDatabase(data []byte) bool {
	if len(data) < superBlock+indexEntry {
		return false
	}
	first, last := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:])
	return first >= superBlock && first <= last && (last-first)%indexEntry == 0 && uint64(last)+indexEntry <= uint64(len(data)) &&
		binary.LittleEndian.Uint32(data[first:]) == 0
}

func readDatabase(data []byte) ([]Range, error) {
	first, last := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:])
	ranges := make([]Range, 0, (last-first)/indexEntry+1)
	known := map[uint32]Location{} // by place
	for at := first; at <= last; at += indexEntry {
		entry := data[at : at+indexEntry]
		place := binary.LittleEndian.Uint32(entry[8:])
		location, ok := known[place]
		if !ok {
			var err error
			if location, err = locationAt(data, place); err != nil {
				return nil, fmt.Errorf("entry %d: %w", (at-first)/indexEntry, err)
			}
			known[place] = location
		}
		r := Range{binary.LittleEndian.Uint32(entry), binary.LittleEndian.Uint32(entry[4:]), location}
		if r.First > r.Last {
			return nil, fmt.Errorf("entry %d: the first address is after the last", (at-first)/indexEntry)
		}
		ranges = append(ranges, r)
	}
	return ranges, nil
}

func locationAt(data []byte, place uint32) (Location, error) {
	from, size := int(place&0xffffff), int(place>>24)
	if size < cityNumber || from+size > len(data) {
		return Location{}, fmt.Errorf("no text at %d", from)
	}
	parts := split(string(data[from+cityNumber : from+size]))
	if len(parts) != fieldsOfOne {
		return Location{}, fmt.Errorf("the text has %d fields, not %d", len(parts), fieldsOfOne)
	}
	return locationOf(parts), nil
}
