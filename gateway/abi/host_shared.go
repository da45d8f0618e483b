package abi

var sharedFunctions = []hostFunction{
	{name: "proxy_get_shared_data", signature: "iiiii>i", run: getSharedData},
	{name: "proxy_set_shared_data", signature: "iiiii>i", run: setSharedData},
	{name: "proxy_register_shared_queue", signature: "iii>i", run: registerQueue},
	{name: "proxy_resolve_shared_queue", signature: "iiiii>i", run: resolveQueue},
	{name: "proxy_dequeue_shared_queue", signature: "iii>i", run: dequeue},
	{name: "proxy_enqueue_shared_queue", signature: "iii>i", run: enqueue},
}

func getSharedData(vm *VM, s []uint64) Status {
	key, ok := vm.text(s[0], s[1])
	if !ok || !vm.writable(s[4]) {
		return InvalidMemoryAccess
	}
	cas := s[4]
	value, number, status := vm.options.Services.SharedData(key)
	if status != OK {
		return status
	}
	if status := vm.answerBytes(value, s[2], s[3]); status != OK {
		return status
	}
	return vm.answerU32(cas, number)
}

func setSharedData(vm *VM, s []uint64) Status {
	key, keyOK := vm.text(s[0], s[1])
	value, valueOK := vm.clone(s[2], s[3])
	if !keyOK || !valueOK {
		return InvalidMemoryAccess
	}
	return vm.options.Services.SetSharedData(key, value, uint32(s[4]))
}

func registerQueue(vm *VM, s []uint64) Status {
	name, ok := vm.text(s[0], s[1])
	if !ok || !vm.writable(s[2]) {
		return InvalidMemoryAccess
	}
	return vm.answerU32(s[2], vm.effectiveContext().Root().RegisterQueue(name))
}

func resolveQueue(vm *VM, s []uint64) Status {
	vmID, vmOK := vm.text(s[0], s[1])
	name, nameOK := vm.text(s[2], s[3])
	if !vmOK || !nameOK {
		return InvalidMemoryAccess
	}
	token, status := vm.options.Services.ResolveQueue(vmID, name)
	if status != OK {
		return status
	}
	return vm.answerU32(s[4], token)
}

func dequeue(vm *VM, s []uint64) Status {
	if !vm.writable(s[1], s[2]) {
		return InvalidMemoryAccess // before an item is lost
	}
	value, status := vm.options.Services.Dequeue(uint32(s[0]))
	if status != OK {
		return status
	}
	return vm.answerBytes(value, s[1], s[2])
}

func enqueue(vm *VM, s []uint64) Status {
	value, ok := vm.clone(s[1], s[2])
	if !ok {
		return InvalidMemoryAccess
	}
	return vm.options.Services.Enqueue(uint32(s[0]), value)
}
