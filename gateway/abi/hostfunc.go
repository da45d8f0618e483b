package abi

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// hostFunction is one function that the host offers. run gets the parameters on the stack and returns the i32 result.
type hostFunction struct {
	name      string
	signature signature
	run       func(vm *VM, stack []uint64) Status
	since     Version // first ABI version that has it; zero: all
	until     Version // last ABI version that has it; zero: all
	atStart   bool    // may be called during _initialize, _start and main
}

type hostModule struct {
	name      string
	functions []hostFunction
}

// hostModules is filled here rather than in its declaration because the functions refer back to it through the VM.
var hostModules []hostModule

var hostFunctionIndex = map[[2]string]*hostFunction{}

func init() {
	env := [][]hostFunction{streamFunctions, headerFunctions, bufferFunctions, propertyFunctions, sharedFunctions,
		metricFunctions, calloutFunctions, grpcFunctions, systemFunctions}
	var all []hostFunction
	for _, group := range env {
		all = append(all, group...)
	}
	hostModules = []hostModule{
		{"env", all},
		{"wasi_snapshot_preview1", wasiFunctions},
		{"wasi_unstable", wasiFunctions},
	}
	for _, m := range hostModules {
		for i := range m.functions {
			hostFunctionIndex[[2]string{m.name, m.functions[i].name}] = &m.functions[i]
		}
	}
}

func findHostFunction(module, name string) *hostFunction {
	return hostFunctionIndex[[2]string{module, name}]
}

func (f *hostFunction) offeredTo(v Version) bool {
	return v >= f.since && (f.until == 0 || v <= f.until)
}

// entry is what wazero calls.
func (f *hostFunction) entry(module string) api.GoModuleFunc {
	run, atStart, name := f.run, f.atStart, module+"."+f.name
	return func(ctx context.Context, caller api.Module, stack []uint64) {
		vm := vmOf(ctx)
		if vm.starting && !atStart {
			panic(fmt.Errorf("restricted callback: %s may not be called before the module is initialized", name))
		}
		if vm.memory == nil {
			vm.attach(caller)
		}
		vm.hostCalls++
		status := run(vm, stack)
		if len(stack) > 0 {
			stack[0] = uint64(status)
		}
	}
}

// vmContext carries the VM to its host functions. wazero hands contexts through as they are, so the lookup is a type
// assertion; Value serves where something wrapped it.
type vmContext struct {
	context.Context
	vm *VM
}

type vmContextKey struct{}

// Value implements context.Context.
func (c *vmContext) Value(key any) any {
	if _, ours := key.(vmContextKey); ours {
		return c.vm
	}
	return nil
}

func vmOf(ctx context.Context) *VM {
	if c, direct := ctx.(*vmContext); direct {
		return c.vm
	}
	return ctx.Value(vmContextKey{}).(*VM)
}
