package abi

import "strings"

var propertyFunctions = []hostFunction{
	{name: "proxy_get_property", signature: "iiii>i", run: getProperty},
	{name: "proxy_set_property", signature: "iiii>i", run: setProperty},
	{name: "proxy_call_foreign_function", signature: "iiiiii>i", run: callForeignFunction},
}

func (vm *VM) propertyPath(address, size uint64) (string, bool) {
	path, ok := vm.text(address, size)
	return strings.TrimSuffix(path, "\x00"), ok
}

func getProperty(vm *VM, s []uint64) Status {
	path, ok := vm.propertyPath(s[0], s[1])
	if !ok {
		return InvalidMemoryAccess
	}
	value, status := vm.effectiveContext().Property(path)
	if status != OK {
		return status
	}
	return vm.answerBytes(value, s[2], s[3])
}

func setProperty(vm *VM, s []uint64) Status {
	path, pathOK := vm.propertyPath(s[0], s[1])
	value, valueOK := vm.clone(s[2], s[3])
	if !pathOK || !valueOK {
		return InvalidMemoryAccess
	}
	return vm.effectiveContext().SetProperty(path, value)
}

func callForeignFunction(vm *VM, s []uint64) Status {
	name, nameOK := vm.text(s[0], s[1])
	argument, argumentOK := vm.clone(s[2], s[3])
	if !nameOK || !argumentOK {
		return InvalidMemoryAccess
	}
	if !vm.module.profile.HasForeignFunction(name) {
		return NotFound
	}
	result, status := vm.currentContext().ForeignFunction(name, argument)
	if status != OK {
		return status
	}
	if s[4] == 0 && s[5] == 0 && len(result) == 0 {
		return OK // a guest that wants no result passes null addresses
	}
	return vm.answerBytes(result, s[4], s[5])
}
