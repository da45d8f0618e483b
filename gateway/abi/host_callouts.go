package abi

import "time"

var calloutFunctions = []hostFunction{
	{name: "proxy_http_call", signature: "iiiiiiiiii>i", run: httpCall},
	{name: "proxy_redis_init", signature: "iiiiiii>i", run: redisInit},
	{name: "proxy_redis_call", signature: "iiiii>i", run: redisCall},
}

func httpCall(vm *VM, s []uint64) Status {
	call := HTTPCall{Timeout: int32(uint32(s[8]))}
	var ok [4]bool
	call.Cluster, ok[0] = vm.text(s[0], s[1])
	call.Headers, ok[1] = vm.pairs(s[2], s[3])
	call.Body, ok[2] = vm.clone(s[4], s[5])
	call.Trailers, ok[3] = vm.pairs(s[6], s[7])
	if ok != [4]bool{true, true, true, true} || !vm.writable(s[9]) {
		return InvalidMemoryAccess
	}
	token, status := vm.effectiveContext().Root().HTTPCall(call)
	vm.putU32(s[9], token)
	return status
}

func redisInit(vm *VM, s []uint64) Status {
	var texts [3]string
	for i := range texts {
		var ok bool
		if texts[i], ok = vm.text(s[2*i], s[2*i+1]); !ok {
			return InvalidMemoryAccess
		}
	}
	timeout := time.Duration(uint32(s[6])) * time.Millisecond
	return vm.effectiveContext().Root().RedisInit(texts[0], texts[1], texts[2], timeout)
}

func redisCall(vm *VM, s []uint64) Status {
	cluster, clusterOK := vm.text(s[0], s[1])
	query, queryOK := vm.clone(s[2], s[3])
	if !clusterOK || !queryOK || !vm.writable(s[4]) {
		return InvalidMemoryAccess
	}
	token, status := vm.effectiveContext().Root().RedisCall(cluster, query)
	vm.putU32(s[4], token)
	return status
}

func setTickPeriod(vm *VM, s []uint64) Status {
	period := time.Duration(uint32(s[0])) * time.Millisecond
	return vm.effectiveContext().Root().SetTickPeriod(period)
}

// grpcFunctions link, so that modules which import them load. The host makes no gRPC call-outs: starting one answers
// Unimplemented, and since no token is ever given out, every token is unknown.
var grpcFunctions = []hostFunction{
	{name: "proxy_grpc_call", signature: "iiiiiiiiiiii>i", run: func(vm *VM, s []uint64) Status { return refuseGRPC(vm, s[11]) }},
	{name: "proxy_grpc_stream", signature: "iiiiiiiii>i", run: func(vm *VM, s []uint64) Status { return refuseGRPC(vm, s[8]) }},
	{name: "proxy_grpc_cancel", signature: "i>i", run: unknownGRPCToken},
	{name: "proxy_grpc_close", signature: "i>i", run: unknownGRPCToken},
	{name: "proxy_grpc_send", signature: "iiii>i", run: unknownGRPCToken},
}

func refuseGRPC(vm *VM, token uint64) Status {
	if !vm.putU32(token, 0) {
		return InvalidMemoryAccess
	}
	return Unimplemented
}

func unknownGRPCToken(*VM, []uint64) Status { return NotFound }
