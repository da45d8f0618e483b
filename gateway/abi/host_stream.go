package abi

// streamFunctions act on the stream or context as a whole.
var streamFunctions = []hostFunction{
	{name: "proxy_set_effective_context", signature: "i>i", run: setEffectiveContext},
	{name: "proxy_done", signature: ">i", run: func(vm *VM, _ []uint64) Status { return vm.effectiveContext().Root().Done() }},
	{name: "proxy_set_tick_period_milliseconds", signature: "i>i", run: setTickPeriod},
	{name: "proxy_continue_stream", signature: "i>i", since: Version020, run: func(vm *VM, s []uint64) Status {
		return continueStream(vm, uint32(s[0]))
	}},
	{name: "proxy_close_stream", signature: "i>i", since: Version020, run: closeStream},
	{name: "proxy_continue_request", signature: ">i", until: Version010, run: func(vm *VM, _ []uint64) Status {
		return continueStream(vm, uint32(StreamRequest))
	}},
	{name: "proxy_continue_response", signature: ">i", until: Version010, run: func(vm *VM, _ []uint64) Status {
		return continueStream(vm, uint32(StreamResponse))
	}},
	{name: "proxy_clear_route_cache", signature: ">i", until: Version010, run: func(vm *VM, _ []uint64) Status {
		vm.effectiveContext().ClearRouteCache()
		return OK
	}},
	{name: "proxy_send_local_response", signature: "iiiiiiii>i", run: sendLocalResponse},
	{name: "proxy_inject_encoded_data_to_filter_chain", signature: "iii>i", run: injectEncodedData},
	{name: "proxy_get_upstream_hosts", signature: "ii>i", run: func(vm *VM, s []uint64) Status {
		return vm.answerBytes(EncodePairs(vm.effectiveContext().UpstreamHosts()), s[0], s[1])
	}},
	{name: "proxy_set_upstream_override_host", signature: "ii>i", run: setUpstreamOverrideHost},
}

func setEffectiveContext(vm *VM, s []uint64) Status {
	id := uint32(s[0])
	if _, known := vm.contexts[id]; !known {
		return BadArgument
	}
	vm.effective = id
	return OK
}

func continueStream(vm *VM, streamType uint32) Status {
	switch StreamType(streamType) {
	case StreamRequest, StreamResponse, StreamDownstream:
		c := vm.effectiveContext()
		c.ReleaseRequest()
		vm.deferAction(func() { c.ContinueStream(StreamType(streamType)) })
		return OK
	case StreamUpstream:
		return Unimplemented
	}
	return BadArgument
}

func closeStream(vm *VM, s []uint64) Status {
	streamType := StreamType(uint32(s[0]))
	if streamType > StreamUpstream {
		return BadArgument
	}
	c := vm.effectiveContext()
	vm.deferAction(func() { c.CloseStream(streamType) })
	return OK
}

func sendLocalResponse(vm *VM, s []uint64) Status {
	response := LocalResponse{Code: uint32(s[0]), GRPCStatus: uint32(s[7])}
	var ok [3]bool
	response.Details, ok[0] = vm.text(s[1], s[2])
	response.Body, ok[1] = vm.clone(s[3], s[4])
	response.Headers, ok[2] = vm.pairs(s[5], s[6])
	if ok != [3]bool{true, true, true} {
		return InvalidMemoryAccess
	}
	c := vm.effectiveContext()
	vm.deferAction(func() { c.SendLocalResponse(response) })
	return OK
}

func injectEncodedData(vm *VM, s []uint64) Status {
	data, ok := vm.clone(s[0], s[1])
	if !ok {
		return InvalidMemoryAccess
	}
	c, endStream := vm.effectiveContext(), uint32(s[2]) != 0
	vm.AfterReturn(func() { c.InjectEncodedData(data, endStream) })
	return OK
}

func setUpstreamOverrideHost(vm *VM, s []uint64) Status {
	address, ok := vm.text(s[0], s[1])
	if !ok {
		return InvalidMemoryAccess
	}
	vm.effectiveContext().SetUpstreamOverrideHost(address)
	return OK
}
