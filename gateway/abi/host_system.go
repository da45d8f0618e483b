package abi

// systemFunctions are logs, clocks and what tool chains expect of their environment.
var systemFunctions = []hostFunction{
	{name: "proxy_log", signature: "iii>i", atStart: true, run: proxyLog},
	{name: "proxy_get_log_level", signature: "i>i", since: Version021, run: func(vm *VM, s []uint64) Status {
		return vm.answerU32(s[0], uint32(vm.options.Services.LogLevel()))
	}},
	{name: "proxy_get_current_time_nanoseconds", signature: "i>i", run: currentTime},
	{name: "proxy_get_status", signature: "iii>i", run: getStatus},
	{name: "pthread_equal", signature: "ii>i", run: func(_ *VM, s []uint64) Status {
		if uint32(s[0]) == uint32(s[1]) {
			return 1
		}
		return 0
	}},
	{name: "emscripten_notify_memory_growth", signature: "i", run: func(*VM, []uint64) Status { return OK }},
}

func proxyLog(vm *VM, s []uint64) Status {
	level := LogLevel(uint32(s[0]))
	if level > LogCritical {
		return BadArgument
	}
	message, ok := vm.text(s[1], s[2])
	if !ok {
		return InvalidMemoryAccess
	}
	vm.log(level, message)
	return OK
}

func currentTime(vm *VM, s []uint64) Status {
	if !vm.putU64(s[0], uint64(vm.options.Services.Now().UnixNano())) {
		return InvalidMemoryAccess
	}
	return OK
}

// resetStatus is the status that a guest reads in the callback of an HTTP call whose stream was reset.
const resetStatus = 11

func getStatus(vm *VM, s []uint64) Status {
	code, message := uint32(0), ""
	if vm.scope.reset {
		code, message = resetStatus, "reset"
	}
	if !vm.putU32(s[0], code) {
		return InvalidMemoryAccess
	}
	return vm.answerText(message, s[1], s[2])
}
