package geo

import (
	"cmp"
	"encoding/binary"
	"errors"
	"maps"
	"math/bits"
	"slices"
)

const (
	magic     = "geotab\x00\x01"
	blockSize = 64 // ranges
	oddSize   = 32 // a size that is no power of two begins with this and more
)

// Encode makes a table of ranges, which Flatten is applied to.
func Encode(ranges []Range) ([]byte, error) {
	flat, err := Flatten(ranges)
	if err != nil {
		return nil, err
	}
	numbers, locations := number(flat)
	texts, err := collect(locations)
	if err != nil {
		return nil, err
	}
	var starts, places, body []byte
	spans := complete(flat, numbers)
	for i, s := range spans {
		if i%blockSize == 0 {
			starts = binary.LittleEndian.AppendUint32(starts, s.first)
			places = binary.LittleEndian.AppendUint32(places, uint32(len(body)))
		}
		body = binary.AppendUvarint(body, uint64(s.at))
		if i%blockSize != blockSize-1 && i != len(spans)-1 {
			body = appendSize(body, uint64(spans[i+1].first-s.first))
		}
	}
	table := []byte(magic)
	for _, count := range []int{len(starts) / 4, len(locations), len(texts.list), len(texts.bytes), len(body)} {
		table = binary.LittleEndian.AppendUint32(table, uint32(count))
	}
	table = append(append(table, starts...), places...)
	for _, l := range locations {
		for _, text := range []string{l.Country, l.Province, l.City, l.Provider} {
			table = binary.LittleEndian.AppendUint16(table, texts.numbers[text])
		}
	}
	for _, end := range texts.ends {
		table = binary.LittleEndian.AppendUint32(table, end)
	}
	return append(append(table, texts.bytes...), body...), nil
}

// span begins at first and ends where the next one begins.
type span struct {
	first uint32
	at    int // the number of a location, 0 for none
}

// complete returns spans of all addresses.
func complete(flat []Range, numbers map[Location]int) []span {
	var spans []span
	next := uint64(0)
	for _, r := range flat {
		if next < uint64(r.First) {
			spans = append(spans, span{uint32(next), 0})
		}
		spans = append(spans, span{r.First, numbers[r.Location]})
		next = uint64(r.Last) + 1
	}
	if next < 1<<32 {
		spans = append(spans, span{uint32(next), 0})
	}
	return spans
}

// number gives each location a number from 1, the smaller the more ranges have it. locations are in that order.
func number(ranges []Range) (numbers map[Location]int, locations []Location) {
	count := map[Location]int{}
	for _, r := range ranges {
		count[r.Location]++
	}
	locations = slices.SortedFunc(maps.Keys(count), func(a, b Location) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.Country, b.Country), cmp.Compare(a.Province, b.Province),
			cmp.Compare(a.City, b.City), cmp.Compare(a.Provider, b.Provider))
	})
	numbers = map[Location]int{}
	for i, l := range locations {
		numbers[l] = i + 1
	}
	return numbers, locations
}

// texts are the different texts of locations.
type texts struct {
	list    []string
	numbers map[string]uint16
	ends    []uint32
	bytes   []byte
}

func collect(locations []Location) (texts, error) {
	t := texts{list: []string{""}, numbers: map[string]uint16{"": 0}, ends: []uint32{0}}
	for _, l := range locations {
		for _, text := range []string{l.Country, l.Province, l.City, l.Provider} {
			if _, known := t.numbers[text]; known {
				continue
			}
			if len(t.list) == 1<<16 {
				return t, errors.New("more than 65535 different texts")
			}
			t.numbers[text] = uint16(len(t.list))
			t.list = append(t.list, text)
			t.bytes = append(t.bytes, text...)
			t.ends = append(t.ends, uint32(len(t.bytes)))
		}
	}
	return t, nil
}

func appendSize(body []byte, size uint64) []byte {
	shift := bits.TrailingZeros64(size)
	if size == 1<<shift {
		return append(body, byte(shift))
	}
	return binary.AppendUvarint(append(body, byte(oddSize+shift)), size>>shift>>1)
}
