package geo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Read reads data of any of these kinds, which it tells from their beginning:
//
//   - ip2region.db, the first binary format of ip2region;
//   - ip2region's source text, lines of `first IP|last IP|country|region|province|city|provider` with 0 for what is not known;
//     the region is dropped, and a line whose first address is after its last is none;
//   - rows, lines of `CIDR|country|province|city|provider` and whatever follows after another `|`;
//   - IPFire's location data in the form that Tor distributes, lines of `first,last,country` with addresses as numbers and
//     ISO 3166 codes of countries, `??` for none;
//   - a table of this package.
//
// In texts, empty lines and those that begin with # are skipped; errors name the line. Ranges are in the order of the data,
// and are not checked against each other.
func Read(data []byte) ([]Range, error) {
	if bytes.HasPrefix(data, []byte(magic)) {
		return Decode(data)
	}
	if isDatabase(data) {
		return readDatabase(data)
	}
	read := readerOf(data)
	if read == nil || bytes.IndexByte(data, 0) >= 0 {
		return nil, errors.New("unknown kind of data")
	}
	var ranges []Range
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		r, ok, err := read(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if ok {
			ranges = append(ranges, r)
		}
	}
	return ranges, nil
}

// lineReader reads a line; ok is false where it has no range.
type lineReader func(line string) (r Range, ok bool, err error)

// readerOf returns what reads lines such as the first one; nil if nothing does.
func readerOf(data []byte) lineReader {
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0 || line[0] == '#':
		case bytes.Count(line, []byte(",")) == 2 && !bytes.Contains(line, []byte("|")):
			return readNumbers
		case !bytes.Contains(line, []byte("|")):
			return nil
		case bytes.Contains(bytes.SplitN(line, []byte("|"), 2)[0], []byte("/")):
			return readRow
		default:
			return readText
		}
	}
	return nil
}

func readRow(line string) (Range, bool, error) {
	parts := split(line)
	if len(parts) < 5 {
		return Range{}, false, fmt.Errorf("has %d fields, not 5", len(parts))
	}
	network, err := netip.ParsePrefix(parts[0])
	if err != nil || !network.Addr().Is4() {
		return Range{}, false, fmt.Errorf("not an IPv4 network: %.64s", parts[0])
	}
	first := numberOf(network.Masked().Addr())
	last := first | uint32(uint64(1)<<(32-network.Bits())-1)
	return Range{first, last, Location{parts[1], parts[2], parts[3], parts[4]}}, true, nil
}

func readText(line string) (Range, bool, error) {
	parts := split(line)
	if len(parts) < 7 {
		return Range{}, false, fmt.Errorf("has %d fields, not 7", len(parts))
	}
	var ends [2]uint32
	for i := range ends {
		addr, err := netip.ParseAddr(parts[i])
		if err != nil || !addr.Is4() {
			return Range{}, false, fmt.Errorf("not an IPv4 address: %.64s", parts[i])
		}
		ends[i] = numberOf(addr)
	}
	return Range{ends[0], ends[1], locationOf(parts[2:])}, ends[0] <= ends[1], nil
}

func readNumbers(line string) (Range, bool, error) {
	parts := strings.Split(line, ",")
	if len(parts) != 3 {
		return Range{}, false, fmt.Errorf("has %d fields, not 3", len(parts))
	}
	var ends [2]uint32
	for i := range ends {
		n, err := strconv.ParseUint(parts[i], 10, 32)
		if err != nil {
			return Range{}, false, fmt.Errorf("not an IPv4 address as a number: %.64s", parts[i])
		}
		ends[i] = uint32(n)
	}
	if ends[0] > ends[1] {
		return Range{}, false, errors.New("the first address is after the last")
	}
	return Range{ends[0], ends[1], Location{Country: parts[2]}}, parts[2] != "??", nil
}

// split returns the fields of a line without spaces around them.
func split(line string) []string {
	parts := strings.Split(line, "|")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// locationOf reads ip2region's country, region, province, city and provider.
func locationOf(parts []string) Location {
	parts = slices.Clone(parts)
	for i := range parts {
		if parts[i] == "0" {
			parts[i] = ""
		}
	}
	return Location{parts[0], parts[2], parts[3], parts[4]}
}

func numberOf(addr netip.Addr) uint32 {
	b := addr.As4()
	return binary.BigEndian.Uint32(b[:])
}
