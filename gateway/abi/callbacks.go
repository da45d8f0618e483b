package abi

import (
	"github.com/wasmplane/wasmplane/gateway/header"
)

// The methods below are the events that a host tells a guest of. A callback that the module lacks means the harmless
// answer: Continue, or true. They fail with the trap when the guest traps, with ErrFailed when it had trapped before.

// OnContextCreate makes a context: a root with parent 0, else a stream of that root. It returns the context's id.
func (vm *VM) OnContextCreate(c Context, parent uint32) (uint32, error) {
	vm.lastID++
	id := vm.lastID
	vm.contexts[id] = c
	if _, err := vm.call(guestContextCreate, id, uint64(id), uint64(parent)); err != nil {
		delete(vm.contexts, id)
		return 0, err
	}
	return id, nil
}

// OnVMStart starts a root context; false is a refusal. configuration is that of the VM.
func (vm *VM) OnVMStart(id uint32, configuration []byte) (bool, error) {
	vm.scope.buffers = map[BufferType]bytesBuffer{VMConfiguration: configuration}
	defer vm.endScope()
	return vm.yes(guestVMStart, id, uint64(id), uint64(len(configuration)))
}

// OnConfigure gives a root context its plugin configuration; false is a refusal.
func (vm *VM) OnConfigure(id uint32, configuration []byte) (bool, error) {
	vm.scope.buffers = map[BufferType]bytesBuffer{PluginConfiguration: configuration}
	defer vm.endScope()
	return vm.yes(guestConfigure, id, uint64(id), uint64(len(configuration)))
}

// OnTick runs a root context's tick.
func (vm *VM) OnTick(id uint32) error { return vm.tell(guestTick, id, uint64(id)) }

// OnRequestHeaders gives request headers to a stream context.
func (vm *VM) OnRequestHeaders(id uint32, count int, endStream bool) (HeadersAction, error) {
	return vm.headers(guestRequestHeaders, id, count, endStream)
}

// OnRequestBody gives a stream context size bytes of the request body.
func (vm *VM) OnRequestBody(id uint32, size int, endStream bool) (DataAction, error) {
	n, err := vm.call(guestRequestBody, id, uint64(id), uint64(size), number(endStream))
	return dataAction(n), err
}

// OnRequestTrailers gives request trailers to a stream context.
func (vm *VM) OnRequestTrailers(id uint32, count int) (TrailersAction, error) {
	n, err := vm.call(guestRequestTrailers, id, uint64(id), uint64(count))
	return trailersAction(n), err
}

// OnRequestMetadata tells a stream context of HTTP/2 metadata.
func (vm *VM) OnRequestMetadata(id uint32, count int) (TrailersAction, error) {
	n, err := vm.call(guestRequestMetadata, id, uint64(id), uint64(count))
	return trailersAction(n), err
}

// OnResponseHeaders gives response headers to a stream context.
func (vm *VM) OnResponseHeaders(id uint32, count int, endStream bool) (HeadersAction, error) {
	return vm.headers(guestResponseHeaders, id, count, endStream)
}

// OnResponseBody gives a stream context size bytes of the response body.
func (vm *VM) OnResponseBody(id uint32, size int, endStream bool) (DataAction, error) {
	n, err := vm.call(guestResponseBody, id, uint64(id), uint64(size), number(endStream))
	return dataAction(n), err
}

// OnResponseTrailers gives response trailers to a stream context.
func (vm *VM) OnResponseTrailers(id uint32, count int) (TrailersAction, error) {
	n, err := vm.call(guestResponseTrailers, id, uint64(id), uint64(count))
	return trailersAction(n), err
}

// OnResponseMetadata tells a stream context of HTTP/2 metadata.
func (vm *VM) OnResponseMetadata(id uint32, count int) (TrailersAction, error) {
	n, err := vm.call(guestResponseMetadata, id, uint64(id), uint64(count))
	return trailersAction(n), err
}

// HTTPCallResponse is the answer to an HTTP call-out. Nil headers mean that the stream was reset: the guest then sees
// neither maps nor body.
type HTTPCallResponse struct {
	Headers  *header.Map
	Body     []byte
	Trailers *header.Map // nil: none
}

// OnHTTPCallResponse gives a root context the answer to its call-out.
func (vm *VM) OnHTTPCallResponse(id, token uint32, answer HTTPCallResponse) error {
	defer vm.endScope()
	if answer.Headers == nil {
		vm.scope.reset = true
		return vm.tell(guestHTTPCallResponse, id, uint64(id), uint64(token), 0, 0, 0)
	}
	vm.scope = callScope{
		buffers:          map[BufferType]bytesBuffer{HTTPCallResponseBody: answer.Body},
		responseHeaders:  answer.Headers,
		responseTrailers: answer.Trailers,
	}
	return vm.tell(guestHTTPCallResponse, id, uint64(id), uint64(token),
		uint64(answer.Headers.Len()), uint64(len(answer.Body)), uint64(answer.Trailers.Len()))
}

// OnRedisCallResponse gives a root context the RESP bytes of its Redis call's reply; ok is false after a network failure.
func (vm *VM) OnRedisCallResponse(id, token uint32, ok bool, reply []byte) error {
	if !ok {
		return vm.tell(guestRedisCallResponse, id, uint64(id), uint64(token), 1, 0)
	}
	vm.scope.buffers = map[BufferType]bytesBuffer{RedisCallResponse: reply}
	defer vm.endScope()
	return vm.tell(guestRedisCallResponse, id, uint64(id), uint64(token), 0, uint64(len(reply)))
}

// OnQueueReady tells a root context that a queue has a new item.
func (vm *VM) OnQueueReady(id, token uint32) error {
	return vm.tell(guestQueueReady, id, uint64(id), uint64(token))
}

// OnForeignFunction gives a context the data of a foreign function that the host runs in it.
func (vm *VM) OnForeignFunction(id, function uint32, data []byte) error {
	vm.scope.buffers = map[BufferType]bytesBuffer{CallData: data}
	defer vm.endScope()
	return vm.tell(guestForeignFunction, id, uint64(id), uint64(function), uint64(len(data)))
}

// OnDone tells a context that it ends. False from a root context asks to wait for its proxy_done.
func (vm *VM) OnDone(id uint32) (bool, error) { return vm.yes(guestDone, id, uint64(id)) }

// OnLog tells a stream context that its stream is over and can still be read.
func (vm *VM) OnLog(id uint32) error { return vm.tell(guestLog, id, uint64(id)) }

// OnDelete ends a context; its id is never used again.
func (vm *VM) OnDelete(id uint32) error {
	err := vm.tell(guestDelete, id, uint64(id))
	delete(vm.contexts, id)
	return err
}

func (vm *VM) headers(f guestFunctionIndex, id uint32, count int, endStream bool) (HeadersAction, error) {
	var n uint32
	var err error
	if vm.module.version == Version010 {
		n, err = vm.call(f, id, uint64(id), uint64(count))
	} else {
		n, err = vm.call(f, id, uint64(id), uint64(count), number(endStream))
	}
	keep := vm.module.profile.keepsStopIteration(vm.module.version, vm.options.KeepStopIteration)
	return headersAction(n, keep), err
}

func (vm *VM) tell(f guestFunctionIndex, id uint32, arguments ...uint64) error {
	_, err := vm.call(f, id, arguments...)
	return err
}

// yes calls a function that answers a bool; a missing one answers true.
func (vm *VM) yes(f guestFunctionIndex, id uint32, arguments ...uint64) (bool, error) {
	n, err := vm.call(f, id, arguments...)
	return err == nil && (n != 0 || vm.functions[f] == nil), err
}

func (vm *VM) endScope() { vm.scope = callScope{} }

func number(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
