package abi

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// ErrFailed says that the VM trapped before; it is not entered any more.
var ErrFailed = errors.New("the VM has failed")

// VMOptions configure a VM.
type VMOptions struct {
	// Env is the guest's environment.
	Env map[string]string
	// Services is what the VM shares with its process. Required.
	Services Services
	// Log gets the guest's lines while no context is current, which is during its start. Nil drops them.
	Log func(level LogLevel, message string)
	// OnFailure is called once, after the guest was left, when the VM trapped. It may be nil.
	OnFailure func(error)
	// KeepStopIteration is Envoy's allow_on_headers_stop_iteration: action 1 of a headers callback means StopIteration
	// for modules older than ABI 0.2.100, too.
	KeepStopIteration bool
}

// VM is one instance of a module. It belongs to one goroutine.
type VM struct {
	module  *Module
	options VMOptions
	environ []string

	instance       api.Module
	memory         api.Memory
	ctx            context.Context // carries the VM
	functions      [guestFunctionCount]api.Function
	allocator      api.Function
	allocatorStack [1]uint64
	stack          [12]uint64 // more than any callback has parameters
	scratch        []byte

	contexts  map[uint32]Context
	lastID    uint32
	current   uint32 // 0 while the guest does not run on behalf of a context
	effective uint32 // 0: the current one
	scope     callScope

	starting, running bool
	failure           error
	hostCalls         uint64
	immediate         []func()
	deferred          []func()
}

// callScope is what a guest can read during one callback only.
type callScope struct {
	buffers                           map[BufferType]bytesBuffer
	responseHeaders, responseTrailers *header.Map
	reset                             bool
}

// NewVM instantiates the module and runs its _initialize or _start, then its main.
func (m *Module) NewVM(options VMOptions) (*VM, error) {
	vm := &VM{module: m, options: options, contexts: map[uint32]Context{}}
	vm.ctx = &vmContext{context.Background(), vm}
	for name, value := range options.Env {
		vm.environ = append(vm.environ, name+"="+value)
	}
	slices.Sort(vm.environ)

	vm.starting = true // before instantiation, which runs a start section
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	instance, err := m.runtime.wazero.InstantiateModule(vm.ctx, m.compiled, config)
	if err != nil {
		return nil, fmt.Errorf("instantiate: %w", err)
	}
	vm.instance = instance
	vm.attach(instance)
	for i := range guestFunctions {
		vm.functions[i] = instance.ExportedFunction(guestFunctions[i].name)
	}
	vm.allocator = vm.functions[guestMalloc]
	if vm.allocator == nil {
		vm.allocator = vm.functions[guestAllocate]
	}
	if err := vm.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("initialize: %w", err), vm.Close())
	}
	return vm, nil
}

// attach finds the guest's memory; a module may have none. A start section calls host functions before instantiation is
// complete, so that the first of them attaches.
func (vm *VM) attach(instance api.Module) {
	if memory := instance.ExportedMemory("memory"); memory != nil {
		vm.memory = memory
	}
}

func (vm *VM) start() error {
	defer func() { vm.starting = false }()
	if vm.functions[guestInitialize] == nil {
		_, err := vm.call(guestStart, 0)
		return err
	}
	if _, err := vm.call(guestInitialize, 0); err != nil {
		return err
	}
	_, err := vm.call(guestMain, 0, 0, 0)
	return err
}

// Close frees the instance. The guest is told nothing.
func (vm *VM) Close() error { return vm.instance.Close(context.Background()) }

// Err returns the trap that made the VM fail, nil while it is sound.
func (vm *VM) Err() error { return vm.failure }

// Module returns the module that the VM is an instance of.
func (vm *VM) Module() *Module { return vm.module }

// Running reports whether the guest is being run.
func (vm *VM) Running() bool { return vm.running }

// MemorySize returns the guest's linear memory in bytes.
func (vm *VM) MemorySize() uint64 {
	if vm.memory == nil {
		return 0
	}
	return uint64(vm.memory.Size())
}

// HostCalls counts the host functions called so far.
func (vm *VM) HostCalls() uint64 { return vm.hostCalls }

// Exports reports whether the module exports a function of that name.
func (vm *VM) Exports(name string) bool { return vm.instance.ExportedFunction(name) != nil }

// call runs a callback for a context and returns its result, 0 if it has none; a missing callback does nothing.
func (vm *VM) call(index guestFunctionIndex, current uint32, arguments ...uint64) (uint32, error) {
	if vm.failure != nil {
		return 0, ErrFailed
	}
	f := vm.functions[index]
	if f == nil {
		return 0, nil
	}
	return vm.run(f, guestFunctions[index].name, current, arguments...)
}

// run enters the guest. A trap fails the VM. Actions that the guest deferred have run when run returns.
func (vm *VM) run(f api.Function, name string, current uint32, arguments ...uint64) (uint32, error) {
	if vm.running {
		panic("abi: a running VM was entered again by " + name)
	}
	vm.running, vm.current, vm.effective = true, current, 0
	copy(vm.stack[:], arguments)
	err := f.CallWithStack(vm.ctx, vm.stack[:max(len(arguments), 1)])
	vm.running, vm.current, vm.effective = false, 0, 0
	if err != nil {
		vm.fail(fmt.Errorf("%s: %w", name, err))
		return 0, vm.failure
	}
	result := uint32(vm.stack[0])
	vm.runDeferred()
	return result, nil
}

func (vm *VM) fail(err error) {
	vm.failure = err
	vm.immediate, vm.deferred = nil, nil
	if vm.options.OnFailure != nil {
		vm.options.OnFailure(err)
	}
}

// runDeferred runs what the guest asked for until nothing is left. An action may lead to another call of this VM,
// whose end then runs the rest.
func (vm *VM) runDeferred() {
	for len(vm.immediate)+len(vm.deferred) > 0 {
		queue := &vm.immediate
		if len(*queue) == 0 {
			queue = &vm.deferred
		}
		action := (*queue)[0]
		*queue = (*queue)[1:]
		action()
	}
	vm.immediate, vm.deferred = vm.immediate[:0], vm.deferred[:0]
}

func (vm *VM) deferAction(action func()) { vm.deferred = append(vm.deferred, action) }

// AfterReturn runs action once the guest function returned, before everything else that it asked for. It serves host
// functions that take effect at once but may lead through other filters, which may live in this VM: it must not be
// entered again. For injected data, nothing but the guest's own edits of held response headers later in the same call
// can tell this from doing it at once.
func (vm *VM) AfterReturn(action func()) { vm.immediate = append(vm.immediate, action) }

// currentContext is the context that the guest runs for.
func (vm *VM) currentContext() Context {
	if c := vm.contexts[vm.current]; c != nil {
		return c
	}
	panic(errors.New("host call without a context"))
}

// effectiveContext is the one that the guest chose with set_effective_context, as long as it exists.
func (vm *VM) effectiveContext() Context {
	if vm.effective != 0 {
		if c := vm.contexts[vm.effective]; c != nil {
			return c
		}
	}
	return vm.currentContext()
}

func (vm *VM) log(level LogLevel, message string) {
	if c := vm.contexts[vm.current]; c != nil {
		vm.effectiveContext().Log(level, message)
		return
	}
	if vm.options.Log != nil {
		vm.options.Log(level, message)
	}
}
