package abi

import (
	"encoding/binary"

	"github.com/wasmplane/wasmplane/gateway/header"
)

var headerFunctions = []hostFunction{
	{name: "proxy_get_header_map_value", signature: "iiiii>i", run: getHeader},
	{name: "proxy_add_header_map_value", signature: "iiiii>i", run: func(vm *VM, s []uint64) Status {
		return writeHeader(vm, s, (*header.Map).Add)
	}},
	{name: "proxy_replace_header_map_value", signature: "iiiii>i", run: func(vm *VM, s []uint64) Status {
		return writeHeader(vm, s, (*header.Map).Set)
	}},
	{name: "proxy_remove_header_map_value", signature: "iii>i", run: removeHeader},
	{name: "proxy_get_header_map_pairs", signature: "iii>i", run: getHeaders},
	{name: "proxy_set_header_map_pairs", signature: "iii>i", run: setHeaders},
	{name: "proxy_get_header_map_size", signature: "ii>i", run: getHeadersSize},
}

// headerMap returns the map of that number for the given access: those of call-outs from the running callback, others
// from the effective context.
func (vm *VM) headerMap(number uint64, access Access) (*header.Map, Status) {
	m := MapType(uint32(number))
	if m > lastMap {
		return nil, BadArgument
	}
	if m < GRPCInitialMetadata {
		return vm.effectiveContext().HeaderMap(m, access)
	}
	var found *header.Map
	switch m {
	case HTTPCallResponseHeaders:
		found = vm.scope.responseHeaders
	case HTTPCallResponseTrailers:
		found = vm.scope.responseTrailers
	}
	switch {
	case found == nil && access == ReadPairs:
		return nil, OK
	case found == nil || access == Write:
		return nil, BadArgument
	}
	return found, OK
}

func getHeader(vm *VM, s []uint64) Status {
	name, ok := vm.text(s[1], s[2])
	if !ok {
		return InvalidMemoryAccess
	}
	m, status := vm.headerMap(s[0], ReadOne)
	if status != OK {
		return status
	}
	value, found := m.Get(name)
	if !found {
		return NotFound
	}
	return vm.answerText(value, s[3], s[4])
}

func writeHeader(vm *VM, s []uint64, write func(m *header.Map, name, value string)) Status {
	name, nameOK := vm.text(s[1], s[2])
	value, valueOK := vm.text(s[3], s[4])
	if !nameOK || !valueOK {
		return InvalidMemoryAccess
	}
	m, status := vm.headerMap(s[0], Write)
	if status == OK {
		write(m, name, value)
	}
	return status
}

func removeHeader(vm *VM, s []uint64) Status {
	name, ok := vm.text(s[1], s[2])
	if !ok {
		return InvalidMemoryAccess
	}
	m, status := vm.headerMap(s[0], Write)
	if status == OK {
		m.Remove(name)
	}
	return status
}

func getHeaders(vm *VM, s []uint64) Status {
	m, status := vm.headerMap(s[0], ReadPairs)
	if status != OK {
		return status
	}
	vm.scratch = appendEntries(vm.scratch[:0], m.Entries())
	return vm.answerBytes(vm.scratch, s[1], s[2])
}

func setHeaders(vm *VM, s []uint64) Status {
	pairs, ok := vm.pairs(s[1], s[2])
	if !ok {
		return InvalidMemoryAccess
	}
	m, status := vm.headerMap(s[0], Write)
	if status != OK {
		return status
	}
	m.Clear()
	for _, p := range pairs {
		m.Add(p[0], p[1])
	}
	return OK
}

func getHeadersSize(vm *VM, s []uint64) Status {
	m, status := vm.headerMap(s[0], ReadSize)
	if status != OK {
		return status
	}
	return vm.answerU32(s[1], uint32(m.ByteSize()))
}

// appendEntries serialises header entries like EncodePairs does pairs.
func appendEntries(b []byte, entries []header.Entry) []byte {
	if len(entries) == 0 {
		return b
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(entries)))
	for i := range entries {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(entries[i].Name)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(entries[i].Value)))
	}
	for i := range entries {
		b = append(append(b, entries[i].Name...), 0)
		b = append(append(b, entries[i].Value...), 0)
	}
	return b
}
