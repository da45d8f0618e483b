package abi

import "encoding/binary"

// Limits for pairs read from a guest; beyond them the list counts as empty.
const (
	maxPairsBytes = 1 << 20
	maxPairs      = 1024
)

// EncodePairs serialises name and value pairs as the ABI does: u32 LE count, the lengths of each pair, then each name
// and value followed by a zero byte. No pairs give nil, which a guest receives as a null pointer.
func EncodePairs(pairs [][2]string) []byte {
	if len(pairs) == 0 {
		return nil
	}
	size := 4
	for _, p := range pairs {
		size += 8 + len(p[0]) + 1 + len(p[1]) + 1
	}
	b := make([]byte, 0, size)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(pairs)))
	for _, p := range pairs {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p[0])))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p[1])))
	}
	for _, p := range pairs {
		b = append(append(b, p[0]...), 0)
		b = append(append(b, p[1]...), 0)
	}
	return b
}

// DecodePairs parses what a guest serialised. Anything not exactly well formed, longer than 1 MiB or of more than 1024
// pairs gives an empty list, as the production host does.
func DecodePairs(b []byte) [][2]string {
	if len(b) < 4 || len(b) > maxPairsBytes {
		return nil
	}
	count := binary.LittleEndian.Uint32(b)
	if count > maxPairs || uint64(len(b)) < 4+8*uint64(count) {
		return nil
	}
	lengths, rest := b[4:4+8*count], b[4+8*count:]
	pairs := make([][2]string, count)
	for i := range pairs {
		for part := range 2 {
			n := uint64(binary.LittleEndian.Uint32(lengths[8*i+4*part:]))
			if uint64(len(rest)) < n+1 || rest[n] != 0 {
				return nil
			}
			pairs[i][part] = string(rest[:n])
			rest = rest[n+1:]
		}
	}
	if len(rest) != 0 {
		return nil
	}
	return pairs
}
