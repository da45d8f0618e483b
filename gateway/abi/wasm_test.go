package abi

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/api"
)

// wasmFunction is a function of a test module: an import, an export with a body, or both: an import that is exported
// under its name through a wrapper, so that a test can call it as a guest would.
type wasmFunction struct {
	module, name string // module empty: defined here
	sig          signature
	body         []byte // instructions without the final end
}

// wasmModule assembles a module from imports and exported functions. It has two pages of memory, one data segment at
// 64, and unless noMalloc an allocator "malloc" that takes blocks from 4096 on.
type wasmModule struct {
	imports   []wasmFunction
	exports   []wasmFunction
	start     []byte // body of a start section's function
	noMalloc  bool
	global    bool // import a global, which the host does not offer
	wrapperOf func(name string) string
}

const dataAt = 64

func uleb(n uint64) []byte { return binary.AppendUvarint(nil, n) }

func sized(b []byte) []byte { return append(uleb(uint64(len(b))), b...) }

func vector(items [][]byte) []byte {
	b := uleb(uint64(len(items)))
	for _, item := range items {
		b = append(b, item...)
	}
	return b
}

func section(id byte, content []byte) []byte { return append([]byte{id}, sized(content)...) }

func (s signature) encode() []byte {
	params, results := s.types()
	return append(append([]byte{0x60}, sized(params)...), sized(results)...)
}

// Instructions used by test modules.
var (
	unreachable = []byte{0x00}
	noop        = []byte{0x01}
)

func i32Const(n int32) []byte {
	b := []byte{0x41}
	for {
		c := byte(n & 0x7f)
		n >>= 7
		if n == 0 && c&0x40 == 0 || n == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func callImport(index int, arguments ...int32) []byte {
	var b []byte
	for _, a := range arguments {
		b = append(b, i32Const(a)...)
	}
	return append(append(b, 0x10), uleb(uint64(index))...)
}

func join(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func marker(v string) wasmFunction {
	return wasmFunction{name: "proxy_abi_version_" + v, sig: ""}
}

func (m wasmModule) bytes(data string) []byte {
	exports := m.exports
	if !m.noMalloc {
		exports = append(exports, wasmFunction{name: "malloc", sig: "i>i",
			body: []byte{0x23, 0, 0x23, 0, 0x20, 0, 0x6a, 0x24, 0}})
	}
	var types, imports, functions, names, codes [][]byte
	for _, f := range m.imports {
		types = append(types, f.sig.encode())
		imports = append(imports, join(sized([]byte(f.module)), sized([]byte(f.name)), []byte{0}, uleb(uint64(len(types)-1))))
	}
	if m.global {
		imports = append(imports, join(sized([]byte("env")), sized([]byte("base")), []byte{3, 0x7f, 0}))
	}
	define := func(f wasmFunction) uint64 {
		types = append(types, f.sig.encode())
		functions = append(functions, uleb(uint64(len(types)-1)))
		codes = append(codes, sized(join([]byte{0}, f.body, []byte{0x0b})))
		return uint64(len(m.imports) + len(functions) - 1)
	}
	for _, f := range exports {
		names = append(names, join(sized([]byte(f.name)), []byte{0}, uleb(define(f))))
	}
	for i, f := range m.imports {
		if m.wrapperOf == nil {
			break
		}
		params, _ := f.sig.types()
		var body []byte
		for p := range params {
			body = append(body, 0x20, byte(p))
		}
		f.body = join(body, callImport(i))
		names = append(names, join(sized([]byte(m.wrapperOf(f.name))), []byte{0}, uleb(define(f))))
	}
	names = append(names, join(sized([]byte("memory")), []byte{2, 0}))
	wasm := join([]byte("\x00asm\x01\x00\x00\x00"))
	var startSection []byte
	if m.start != nil {
		startSection = section(8, uleb(define(wasmFunction{sig: "", body: m.start})))
	}
	wasm = join(wasm, section(1, vector(types)), section(2, vector(imports)), section(3, vector(functions)),
		section(5, []byte{1, 0, 2}),
		section(6, join([]byte{1, 0x7f, 1}, i32Const(4096), []byte{0x0b})),
		section(7, vector(names)), startSection, section(10, vector(codes)),
		section(11, join([]byte{1, 0}, i32Const(dataAt), []byte{0x0b}, sized([]byte(data)))))
	return wasm
}

// everyImport makes a module that imports all functions which the host offers to the version, exported as "x_<name>".
func everyImport(v Version, profile Profile) wasmModule {
	m := wasmModule{exports: []wasmFunction{marker(strings.ReplaceAll(v.String(), ".", "_"))},
		wrapperOf: func(name string) string { return "x_" + name }}
	for _, host := range hostModules[:2] {
		for _, f := range host.functions {
			if f.offeredTo(v) && (host.name != "env" || profile.offers(f.name)) {
				m.imports = append(m.imports, wasmFunction{module: host.name, name: f.name, sig: f.signature})
			}
		}
	}
	return m
}

// guest drives a VM whose module was made by everyImport.
type guest struct {
	t   *testing.T
	vm  *VM
	id  uint32 // the current context of calls
	top uint64 // next free byte for arguments
}

// put writes text where the guest could have it and returns address and size.
func (g *guest) put(text string) (address, size uint64) {
	if g.top == 0 {
		g.top = 32 << 10
	}
	address = g.top
	if !g.vm.memory.Write(uint32(address), []byte(text)) {
		g.t.Fatalf("no room for %d bytes", len(text))
	}
	g.top += uint64(len(text))
	return address, uint64(len(text))
}

// call calls a host function as the guest and returns its status.
func (g *guest) call(name string, arguments ...any) Status {
	g.t.Helper()
	status, err := g.try(name, arguments...)
	if err != nil {
		g.t.Fatalf("%s: %v", name, err)
	}
	return status
}

// try is call for a function that may trap. Strings become an address and a size.
func (g *guest) try(name string, arguments ...any) (Status, error) {
	var stack []uint64
	for _, a := range arguments {
		switch a := a.(type) {
		case string:
			address, size := g.put(a)
			stack = append(stack, address, size)
		case int:
			stack = append(stack, api.EncodeI64(int64(a)))
		default:
			g.t.Fatalf("%s: argument %T", name, a)
		}
	}
	f := g.vm.instance.ExportedFunction("x_" + name)
	if f == nil {
		g.t.Fatalf("the test module does not import %s", name)
	}
	n, err := g.vm.run(f, name, g.id, stack...)
	return Status(n), err
}

// Addresses that host functions write results to.
const (
	out1    = 16
	out2    = 20
	out3    = 24
	badAddr = 0x7ffffff0
)

func (g *guest) u32(address uint64) uint32 {
	n, ok := g.vm.memory.ReadUint32Le(uint32(address))
	if !ok {
		g.t.Fatalf("read at %d", address)
	}
	return n
}

// result reads the block whose address and size are at out1 and out2.
func (g *guest) result() string {
	b, ok := g.vm.memory.Read(g.u32(out1), g.u32(out2))
	if !ok {
		g.t.Fatal("result outside memory")
	}
	return string(b)
}
