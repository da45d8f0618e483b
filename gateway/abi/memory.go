package abi

import (
	"encoding/binary"
	"errors"
)

var errNoAllocator = errors.New("missing function: the module exports neither malloc nor proxy_on_memory_allocate")

// view returns guest memory without copying. It is valid until the guest runs again, its allocator included.
func (vm *VM) view(address, size uint64) ([]byte, bool) {
	if vm.memory == nil {
		return nil, false
	}
	return vm.memory.Read(uint32(address), uint32(size))
}

// text copies guest memory into a string.
func (vm *VM) text(address, size uint64) (string, bool) {
	b, ok := vm.view(address, size)
	return string(b), ok
}

// clone copies guest memory. An empty range gives nil.
func (vm *VM) clone(address, size uint64) ([]byte, bool) {
	b, ok := vm.view(address, size)
	if !ok {
		return nil, false
	}
	return append([]byte(nil), b...), true
}

// pairs reads serialised pairs.
func (vm *VM) pairs(address, size uint64) ([][2]string, bool) {
	b, ok := vm.view(address, size)
	if !ok {
		return nil, false
	}
	return DecodePairs(b), true
}

func (vm *VM) putU32(address uint64, value uint32) bool {
	b, ok := vm.view(address, 4)
	if ok {
		binary.LittleEndian.PutUint32(b, value)
	}
	return ok
}

func (vm *VM) putU64(address, value uint64) bool {
	b, ok := vm.view(address, 8)
	if ok {
		binary.LittleEndian.PutUint64(b, value)
	}
	return ok
}

// writable reports whether a u32 can be written at each of the addresses.
func (vm *VM) writable(addresses ...uint64) bool {
	for _, address := range addresses {
		if _, ok := vm.view(address, 4); !ok {
			return false
		}
	}
	return true
}

// answerU32 writes a result of a host function.
func (vm *VM) answerU32(address uint64, value uint32) Status {
	if !vm.putU32(address, value) {
		return InvalidMemoryAccess
	}
	return OK
}

// answerBytes gives data to the guest in a block from its allocator, which the guest then owns, and writes the
// block's address and size. Empty data is a null pointer without a block. data must not be guest memory.
func (vm *VM) answerBytes(data []byte, pointer, size uint64) Status {
	return answer(vm, data, pointer, size)
}

// answerText is answerBytes for a string.
func (vm *VM) answerText(data string, pointer, size uint64) Status {
	return answer(vm, data, pointer, size)
}

func answer[T string | []byte](vm *VM, data T, pointer, size uint64) Status {
	if !vm.writable(pointer, size) {
		return InvalidMemoryAccess
	}
	block := uint32(0)
	if len(data) > 0 {
		block = vm.allocate(uint32(len(data)))
		target, ok := vm.view(uint64(block), uint64(len(data)))
		if !ok || block == 0 {
			return InvalidMemoryAccess
		}
		copy(target, data)
	}
	vm.putU32(pointer, block)
	vm.putU32(size, uint32(len(data)))
	return OK
}

// allocate calls the guest's allocator. A trap in it, or its absence, is a trap of the host function.
func (vm *VM) allocate(size uint32) uint32 {
	if vm.allocator == nil {
		panic(errNoAllocator)
	}
	vm.allocatorStack[0] = uint64(size)
	if err := vm.allocator.CallWithStack(vm.ctx, vm.allocatorStack[:]); err != nil {
		panic(err)
	}
	return uint32(vm.allocatorStack[0])
}
