package abi

var bufferFunctions = []hostFunction{
	{name: "proxy_get_buffer_bytes", signature: "iiiii>i", run: getBuffer},
	{name: "proxy_set_buffer_bytes", signature: "iiiii>i", run: setBuffer},
	{name: "proxy_get_buffer_status", signature: "iii>i", run: getBufferStatus},
	{name: "proxy_get_configuration", signature: "ii>i", until: Version010, run: getConfiguration},
}

// bytesBuffer is a read-only run of bytes.
type bytesBuffer []byte

func (b bytesBuffer) Len() int           { return len(b) }
func (b bytesBuffer) Bytes() []byte      { return b }
func (b bytesBuffer) Splice(int, []byte) {}
func (b bytesBuffer) Append([]byte)      {}

func (vm *VM) buffer(number uint64) (buffer Buffer, writable bool, status Status) {
	b := BufferType(uint32(number))
	if b > lastBuffer {
		return nil, false, BadArgument
	}
	if b <= UpstreamData {
		return vm.effectiveContext().Buffer(b)
	}
	if content, present := vm.scope.buffers[b]; present {
		return content, false, OK
	}
	return nil, false, NotFound
}

func getBuffer(vm *VM, s []uint64) Status {
	buffer, _, status := vm.buffer(s[0])
	if status != OK {
		return status
	}
	start, length := uint64(uint32(s[1])), uint64(uint32(s[2]))
	if start+length > 1<<32-1 {
		return BadArgument
	}
	content := buffer.Bytes()
	start = min(start, uint64(len(content)))
	end := min(start+length, uint64(len(content)))
	return vm.answerBytes(content[start:end], s[3], s[4])
}

func setBuffer(vm *VM, s []uint64) Status {
	buffer, writable, status := vm.buffer(s[0])
	if status != OK {
		return status
	}
	data, ok := vm.view(s[3], s[4])
	if !ok {
		return InvalidMemoryAccess
	}
	if !writable {
		return BadArgument
	}
	start, length := uint64(uint32(s[1])), uint64(uint32(s[2]))
	switch size := uint64(buffer.Len()); {
	case start == 0:
		buffer.Splice(int(min(length, size)), data)
	case start >= size:
		buffer.Append(data)
	default:
		return BadArgument
	}
	if b, ok := buffer.(SettlingBuffer); ok {
		vm.deferAction(b.Settle)
	}
	return OK
}

func getBufferStatus(vm *VM, s []uint64) Status {
	buffer, _, status := vm.buffer(s[0])
	if status != OK {
		return status
	}
	if !vm.putU32(s[1], uint32(buffer.Len())) || !vm.putU32(s[2], 0) {
		return InvalidMemoryAccess
	}
	return OK
}

// getConfiguration gives an ABI 0.1.0 guest the configuration of the callback that runs: the VM's or the plugin's.
func getConfiguration(vm *VM, s []uint64) Status {
	content, present := vm.scope.buffers[PluginConfiguration]
	if !present {
		content, present = vm.scope.buffers[VMConfiguration]
	}
	if !present {
		return NotFound
	}
	return vm.answerBytes(content, s[0], s[1])
}
