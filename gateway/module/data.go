package module

import (
	"cmp"
	"errors"
	"slices"
)

// segment is a run of bytes that a module puts into memory 0 when it is instantiated.
type segment struct {
	offset uint32
	data   []byte
}

func (s segment) end() uint64 { return uint64(s.offset) + uint64(len(s.data)) }

// errOtherData is a data section that is not a list of active segments with constant offsets, or whose segments overlap.
var errOtherData = errors.New("data section of another form")

// segments decodes the data section of a module, sorted by offset, or fails with errOtherData.
func (m *Module) segments() ([]segment, error) {
	r := reader{data: m.body(sectionData)}
	var out []segment
	for n := r.count(); n > 0 && r.err == nil; n-- {
		if r.u32() != 0 || r.byte() != opI32Const {
			return nil, errOtherData
		}
		s := segment{offset: r.i32()}
		if r.byte() != opEnd {
			return nil, errOtherData
		}
		s.data = r.bytes(r.u32())
		if s.end() > maxImage {
			return nil, errOtherData
		}
		out = append(out, s)
	}
	if r.err != nil || len(r.data) > 0 {
		return nil, errOtherData
	}
	slices.SortFunc(out, func(a, b segment) int { return cmp.Compare(a.offset, b.offset) })
	for i := 1; i < len(out); i++ {
		if uint64(out[i].offset) < out[i-1].end() {
			return nil, errOtherData
		}
	}
	return out, nil
}

const (
	opI32Const = 0x41
	opEnd      = 0x0b
)

// packData writes the data section anew, in as few bytes as it takes: what nothing reads of Go's function table is left
// out, and so are zeros wherever naming the next offset is shorter, since memory is zero at the start. A module whose
// memory or data is of another form than Go's linker writes stays as it is.
func (m *Module) packData() {
	if m.body(sectionDataCount) != nil || slices.ContainsFunc(m.Imports, func(i Import) bool { return i.Kind == kindMemory }) {
		return
	}
	segments, err := m.segments()
	if err != nil || len(segments) == 0 {
		return
	}
	first := segments[0].offset
	image := make([]byte, segments[len(segments)-1].end()-uint64(first))
	for _, s := range segments {
		copy(image[s.offset-first:], s.data)
	}
	clearUnreadBuckets(image, first)
	if packed := encodeSegments(splitAtZeros(image, first)); len(packed) < len(m.body(sectionData)) {
		m.setBody(sectionData, packed)
	}
}

// splitAtZeros returns the segments that make the image, which begins at offset, out of zeros.
func splitAtZeros(image []byte, offset uint32) []segment {
	var out []segment
	for start := 0; ; {
		for start < len(image) && image[start] == 0 {
			start++
		}
		if start == len(image) {
			return out
		}
		end, next := start, start
		for next < len(image) {
			for next < len(image) && image[next] != 0 {
				next++
			}
			end = next
			for next < len(image) && image[next] == 0 {
				next++
			}
			if next == len(image) || next-end > headerSize(offset+uint32(next)) {
				break
			}
		}
		out = append(out, segment{offset + uint32(start), image[start:end]})
		start = next
	}
}

// headerSize is what a segment of up to 127 bytes takes beside its bytes.
func headerSize(offset uint32) int { return 4 + len(appendI32(nil, offset)) }

func encodeSegments(segments []segment) []byte {
	out := appendU32(nil, uint32(len(segments)))
	for _, s := range segments {
		out = append(out, 0, opI32Const)
		out = appendI32(out, s.offset)
		out = append(out, opEnd)
		out = appendU32(out, uint32(len(s.data)))
		out = append(out, s.data...)
	}
	return out
}

// appendI32 appends the shortest signed LEB128 form of the bits of an i32.
func appendI32(out []byte, bits uint32) []byte {
	v := int32(bits)
	for v < -64 || v > 63 {
		out = append(out, byte(v)|0x80)
		v >>= 7
	}
	return append(out, byte(v)&0x7f)
}
