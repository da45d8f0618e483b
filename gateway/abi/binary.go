package abi

import (
	"errors"
	"fmt"
)

var errTruncated = errors.New("module is truncated")

// outline is what the host needs to know of a module's binary beyond what wazero tells: the order of exports and the
// imports that are not functions.
type outline struct {
	functionExports []string    // names, in the order of the export section
	otherImports    [][2]string // module and name
}

// readOutline parses the import and export sections (WebAssembly core specification, 5.5).
func readOutline(wasm []byte) (outline, error) {
	var o outline
	if len(wasm) < 8 || string(wasm[:4]) != "\x00asm" {
		return o, errors.New("not a WebAssembly module: no magic number")
	}
	r := &binaryReader{data: wasm[8:]}
	for len(r.data) > 0 {
		id, size := r.byte(), r.u32()
		section := &binaryReader{data: r.bytes(size)}
		if r.err != nil {
			return o, r.err
		}
		switch id {
		case 2:
			o.readImports(section)
		case 7:
			o.readExports(section)
		}
		if section.err != nil {
			return o, fmt.Errorf("section %d: %w", id, section.err)
		}
	}
	return o, nil
}

func (o *outline) readImports(r *binaryReader) {
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		module, name := r.name(), r.name()
		switch kind := r.byte(); kind {
		case 0: // function: type index
			r.u32()
			continue
		case 1: // table: reference type, limits
			r.byte()
			r.limits()
		case 2: // memory
			r.limits()
		case 3: // global: value type, mutability
			r.bytes(2)
		case 4: // tag: attribute, type index
			r.byte()
			r.u32()
		default:
			r.err = fmt.Errorf("import %s.%s has unknown kind %d", module, name, kind)
		}
		o.otherImports = append(o.otherImports, [2]string{module, name})
	}
}

func (o *outline) readExports(r *binaryReader) {
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		name, kind := r.name(), r.byte()
		r.u32()
		if kind == 0 {
			o.functionExports = append(o.functionExports, name)
		}
	}
}

// binaryReader reads LEB128 numbers and byte runs; after an error everything reads as zero.
type binaryReader struct {
	data []byte
	err  error
}

func (r *binaryReader) byte() byte {
	b := r.bytes(1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func (r *binaryReader) bytes(n uint32) []byte {
	if r.err != nil || uint64(n) > uint64(len(r.data)) {
		if r.err == nil {
			r.err = errTruncated
		}
		r.data = nil
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *binaryReader) u32() uint32 {
	var value uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		value |= uint64(b&0x7f) << shift
		if b&0x80 == 0 {
			return uint32(value)
		}
	}
	if r.err == nil {
		r.err = errors.New("number longer than 5 bytes")
	}
	return 0
}

func (r *binaryReader) name() string { return string(r.bytes(r.u32())) }

func (r *binaryReader) limits() {
	flags := r.byte()
	r.u32()
	if flags&1 != 0 {
		r.u32()
	}
}
