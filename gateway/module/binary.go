package module

import (
	"errors"
	"fmt"
)

// Section ids of the binary format.
const (
	sectionCustom    = 0
	sectionType      = 1
	sectionImport    = 2
	sectionFunction  = 3
	sectionExport    = 7
	sectionCode      = 10
	sectionData      = 11
	sectionDataCount = 12
)

var sectionNames = [...]string{"custom", "type", "import", "function", "table", "memory", "global", "export", "start",
	"element", "code", "data", "data count", "tag"}

// Kinds of imports and exports.
const (
	kindFunction = 0
	kindMemory   = 2
)

var errTruncated = errors.New("the module ends in the middle of something")

// section is one section of a module; body is without id and length.
type section struct {
	id   byte
	name string // of a custom section
	body []byte // of a custom section: what follows the name
}

// Import is what a module wants of its host.
type Import struct {
	Module, Name string
	Kind         byte
	typeIndex    uint32 // of a function
}

// Export is what a module offers.
type Export struct {
	Name  string
	Kind  byte
	Index uint32
}

// Module is a decoded module, as far as the link step needs it.
type Module struct {
	sections []section
	Imports  []Import
	Exports  []Export
}

// Parse decodes a module. It keeps slices of code.
func Parse(code []byte) (*Module, error) {
	if len(code) < 8 || string(code[:8]) != "\x00asm\x01\x00\x00\x00" {
		return nil, errors.New("not a wasm module of version 1")
	}
	m := &Module{}
	r := reader{data: code[8:]}
	for len(r.data) > 0 && r.err == nil {
		id := r.byte()
		body := r.bytes(r.u32())
		s := section{id: id, body: body}
		if id == sectionCustom && r.err == nil {
			inner := reader{data: body}
			s.name = inner.name()
			s.body = inner.data
			r.err = inner.err
		}
		m.sections = append(m.sections, s)
	}
	if r.err != nil {
		return nil, r.err
	}
	if err := m.readImports(); err != nil {
		return nil, fmt.Errorf("import section: %w", err)
	}
	if err := m.readExports(); err != nil {
		return nil, fmt.Errorf("export section: %w", err)
	}
	return m, nil
}

func (m *Module) readImports() error {
	r := reader{data: m.body(sectionImport)}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		i := Import{Module: r.name(), Name: r.name()}
		if i.Kind, i.typeIndex = r.importDescription(); r.err != nil {
			return r.err
		}
		m.Imports = append(m.Imports, i)
	}
	return r.err
}

// importDescription reads what follows the names of an import: its kind and, of a function, its type.
func (r *reader) importDescription() (kind byte, typeIndex uint32) {
	kind = r.byte()
	switch kind {
	case kindFunction:
		typeIndex = r.u32()
	case 1: // table: element type, limits
		r.byte()
		r.limits()
	case kindMemory:
		r.limits()
	case 3: // global: type, mutability
		r.byte()
		r.byte()
	default:
		r.fail(fmt.Errorf("an import has kind %d", kind))
	}
	return kind, typeIndex
}

func (m *Module) readExports() error {
	r := reader{data: m.body(sectionExport)}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		m.Exports = append(m.Exports, Export{Name: r.name(), Kind: r.byte(), Index: r.u32()})
	}
	return r.err
}

// body returns the content of the one section of that id, nil if there is none.
func (m *Module) body(id byte) []byte {
	for _, s := range m.sections {
		if s.id == id {
			return s.body
		}
	}
	return nil
}

// setBody replaces the content of the one section of that id.
func (m *Module) setBody(id byte, body []byte) {
	for i := range m.sections {
		if m.sections[i].id == id {
			m.sections[i].body = body
			return
		}
	}
}

// Custom returns the content of a custom section and whether there is one.
func (m *Module) Custom(name string) ([]byte, bool) {
	for _, s := range m.sections {
		if s.id == sectionCustom && s.name == name {
			return s.body, true
		}
	}
	return nil, false
}

// setCustom replaces or appends a custom section.
func (m *Module) setCustom(name string, body []byte) {
	for i := range m.sections {
		if m.sections[i].id == sectionCustom && m.sections[i].name == name {
			m.sections[i].body = body
			return
		}
	}
	m.sections = append(m.sections, section{id: sectionCustom, name: name, body: body})
}

// Bytes encodes the module with its exports as they are now. Everything that was not changed keeps its bytes.
func (m *Module) Bytes() []byte {
	out := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range m.sections {
		body := s.body
		switch {
		case s.id == sectionExport:
			body = encodeExports(m.Exports)
		case s.id == sectionCustom:
			body = append(appendName(nil, s.name), s.body...)
		}
		out = append(out, s.id)
		out = appendU32(out, uint32(len(body)))
		out = append(out, body...)
	}
	return out
}

func encodeExports(exports []Export) []byte {
	body := appendU32(nil, uint32(len(exports)))
	for _, e := range exports {
		body = appendName(body, e.Name)
		body = append(body, e.Kind)
		body = appendU32(body, e.Index)
	}
	return body
}

func appendName(out []byte, name string) []byte {
	return append(appendU32(out, uint32(len(name))), name...)
}

// appendU32 appends the shortest LEB128 form.
func appendU32(out []byte, v uint32) []byte {
	for v >= 0x80 {
		out = append(out, byte(v)|0x80)
		v >>= 7
	}
	return append(out, byte(v))
}

// reader reads a binary; after an error everything is zero.
type reader struct {
	data []byte
	err  error
}

func (r *reader) byte() byte {
	if b := r.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (r *reader) bytes(n uint32) []byte {
	if r.err != nil || uint64(n) > uint64(len(r.data)) {
		r.fail(errTruncated)
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *reader) u32() uint32 {
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if v > 1<<32-1 {
				break
			}
			return uint32(v)
		}
	}
	r.fail(errors.New("a number does not fit 32 bits"))
	return 0
}

// i32 reads a signed LEB128 number and returns its bits.
func (r *reader) i32() uint32 {
	var v int64
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		v |= int64(b&0x7f) << shift
		if b < 0x80 {
			if b&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			return uint32(v)
		}
	}
	r.fail(errors.New("a number does not fit 32 bits"))
	return 0
}

// count is the length of a vector; an absent section is an empty one.
func (r *reader) count() uint32 {
	if len(r.data) == 0 {
		return 0
	}
	return r.u32()
}

func (r *reader) name() string { return string(r.bytes(r.u32())) }

func (r *reader) limits() {
	if r.byte()&1 != 0 {
		r.u32()
	}
	r.u32()
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.data = nil
}
