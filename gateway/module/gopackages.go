package module

import (
	"bytes"
	"debug/gosym"
	"encoding/binary"
	"slices"
	"strings"
)

// PackageSize is how much code of a Go program comes from a package.
type PackageSize struct {
	Package string
	Bytes   int
}

// pclntabMagic starts Go's table of functions since Go 1.20.
var pclntabMagic = []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8} // little endian; quantum 1; 8-byte words

// GoPackages tells how much code each Go package brought, largest first. It reads the function table that every Go
// program carries, so it works on stripped modules; nil for modules of other languages.
func (m *Module) GoPackages() []PackageSize {
	table := m.functionTable()
	if table == nil {
		return nil
	}
	sizes := m.codeSizes()
	total := map[string]int{}
	for _, f := range table.Funcs {
		index := int(f.Entry) - funcValueOffset
		if index < 0 || index >= len(sizes) {
			continue
		}
		total[packageOf(f.Name)] += sizes[index]
	}
	var out []PackageSize
	for name, size := range total {
		out = append(out, PackageSize{name, size})
	}
	slices.SortFunc(out, func(a, b PackageSize) int {
		if a.Bytes != b.Bytes {
			return b.Bytes - a.Bytes
		}
		return strings.Compare(a.Package, b.Package)
	})
	return out
}

// funcValueOffset is where Go's linker starts to number the functions of the code section (cmd/link/internal/wasm).
const funcValueOffset = 0x1000

func (m *Module) functionTable() *gosym.Table {
	data := m.memoryImage()
	for {
		at := bytes.Index(data, pclntabMagic)
		if at < 0 {
			return nil
		}
		data = data[at:]
		if len(data) > 72 {
			functions := binary.LittleEndian.Uint64(data[8:])
			if functions > 0 && functions < 1<<20 {
				if table, err := gosym.NewTable(nil, gosym.NewLineTable(data, 0)); err == nil && len(table.Funcs) > 0 {
					return table
				}
			}
		}
		data = data[len(pclntabMagic):]
	}
}

// maxImage bounds the memory image that is looked at.
const maxImage = 64 << 20

// memoryImage is what the data section puts into memory, from address 0: the linker leaves runs of zeros out. Segments
// that are passive or placed by anything but a constant are skipped.
func (m *Module) memoryImage() []byte {
	r := reader{data: m.body(sectionData)}
	var image []byte
	for n := r.count(); n > 0 && r.err == nil; n-- {
		active := r.u32() == 0
		offset := uint32(0)
		if active {
			active = r.byte() == opI32Const
			offset = r.i32()
			active = r.byte() == opEnd && active
		}
		content := r.bytes(r.u32())
		end := uint64(offset) + uint64(len(content))
		if !active || end > maxImage {
			continue
		}
		if grow := int(end) - len(image); grow > 0 {
			image = append(image, make([]byte, grow)...)
		}
		copy(image[offset:], content)
	}
	return image
}

// codeSizes returns the size of each function's body.
func (m *Module) codeSizes() []int {
	r := reader{data: m.body(sectionCode)}
	var sizes []int
	for n := r.count(); n > 0 && r.err == nil; n-- {
		size := r.u32()
		r.bytes(size)
		sizes = append(sizes, int(size))
	}
	return sizes
}

// packageOf returns the import path of a Go symbol such as "a/b.(*T).Method" or "slices.Sort[...]".
func packageOf(symbol string) string {
	symbol, _, _ = strings.Cut(symbol, "[")
	slash := strings.LastIndexByte(symbol, '/')
	dot := strings.IndexByte(symbol[slash+1:], '.')
	if dot < 0 {
		return "(other)"
	}
	return strings.ReplaceAll(symbol[:slash+1+dot], "%2e", ".")
}
