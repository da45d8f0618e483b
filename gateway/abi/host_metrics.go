package abi

var metricFunctions = []hostFunction{
	{name: "proxy_define_metric", signature: "iiii>i", run: defineMetric},
	{name: "proxy_increment_metric", signature: "iI>i", run: func(vm *VM, s []uint64) Status {
		return vm.options.Services.IncrementMetric(uint32(s[0]), int64(s[1]))
	}},
	{name: "proxy_record_metric", signature: "iI>i", run: func(vm *VM, s []uint64) Status {
		return vm.options.Services.RecordMetric(uint32(s[0]), s[1])
	}},
	{name: "proxy_get_metric", signature: "ii>i", run: getMetric},
}

func defineMetric(vm *VM, s []uint64) Status {
	name, ok := vm.text(s[1], s[2])
	if !ok || !vm.writable(s[3]) {
		return InvalidMemoryAccess
	}
	kind := MetricType(uint32(s[0]))
	if kind > Histogram {
		return BadArgument
	}
	id, status := vm.options.Services.DefineMetric(kind, name)
	if status != OK {
		return status
	}
	return vm.answerU32(s[3], id)
}

func getMetric(vm *VM, s []uint64) Status {
	value, status := vm.options.Services.Metric(uint32(s[0]))
	if status != OK {
		return status
	}
	if !vm.putU64(s[1], value) {
		return InvalidMemoryAccess
	}
	return OK
}
