package module

import (
	"bytes"
	"encoding/binary"
)

// Go's linker writes a table, runtime.findfunctab, that leads from a program counter to a function. It has a bucket of 20
// bytes for every 4096 values of the program counter: the number of the first function of the bucket, and 16 bytes
// that tell how much further to go for each sixteenth of it. The search goes on from there, function by function. On
// Wasm the program counter is the number of the function times 65536 plus that of a block in it, so each function has
// 16 equal buckets, of which the runtime reads the first (since Go 1.26, which looks up the function alone; before,
// another one for blocks from the 4096th). All others are a tenth of a plugin.
//
// Source: runtime/symtab.go (findfunc), cmd/link/internal/ld/pcln.go (findfunctab).
const (
	bucketSize      = 4 + 16
	functionBuckets = 16
	functionSize    = functionBuckets * bucketSize
)

// minFunctions is how many functions a table must have to be taken for one. Go's runtime alone has over a thousand.
const minFunctions = 256

// clearUnreadBuckets clears all but the first bucket of each function in the image of the memory from address base on.
// A cleared bucket sends the search to the first function, from where it finds the right one, too, if ever a runtime
// reads it. Without a table nothing changes.
func clearUnreadBuckets(image []byte, base uint32) {
	table := findFunctionBuckets(image, base)
	for at := 0; at < len(table); at += functionSize {
		clear(table[at+bucketSize : at+functionSize])
	}
}

// findFunctionBuckets returns the part of runtime.findfunctab in which each function has 16 equal buckets, which is all
// but the last function's. There is none if the image does not also hold the table's address, as Go's module data do.
func findFunctionBuckets(image []byte, base uint32) []byte {
	second := append(functionEntry(1), functionEntry(2)...)
	for from := 0; ; {
		at := bytes.Index(image[from:], second)
		if at < 0 {
			return nil
		}
		from += at + 1
		start := from - 1 - functionSize // of function 0
		if start < 0 || !bytes.Equal(image[start:start+functionSize], functionEntry(0)) {
			continue
		}
		n := 0
		for end := start; end+functionSize <= len(image) && bytes.Equal(image[end:end+functionSize], functionEntry(n)); end += functionSize {
			n++
		}
		if n >= minFunctions && holdsPointer(image, base, uint64(base)+uint64(start)) {
			return image[start : start+n*functionSize]
		}
	}
}

// holdsPointer reports whether the image has an address where Go would put a pointer.
func holdsPointer(image []byte, base uint32, address uint64) bool {
	for at := int(-base & 7); at+8 <= len(image); at += 8 {
		if binary.LittleEndian.Uint64(image[at:]) == address {
			return true
		}
	}
	return false
}

// functionEntry are the buckets of a function.
func functionEntry(number int) []byte {
	entry := make([]byte, functionSize)
	for at := 0; at < functionSize; at += bucketSize {
		binary.LittleEndian.PutUint32(entry[at:], uint32(number))
	}
	return entry
}
