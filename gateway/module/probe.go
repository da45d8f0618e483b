package module

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

const phasesExport = "wasmplane_phases"

// probe asks a module for its phases: it is instantiated with host functions that do nothing, initialised, and asked
// through an export of the SDK. The module is interpreted: one call does not pay for compiling it.
func probe(ctx context.Context, code []byte) (Phases, error) {
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer runtime.Close(ctx)
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return 0, err
	}
	compiled, err := runtime.CompileModule(ctx, code)
	if err != nil {
		return 0, err
	}
	env := runtime.NewHostModuleBuilder("env")
	nothing := api.GoFunc(func(_ context.Context, stack []uint64) {
		if len(stack) > 0 {
			stack[0] = 0
		}
	})
	for _, f := range compiled.ImportedFunctions() {
		if module, name, _ := f.Import(); module == "env" {
			env.NewFunctionBuilder().WithGoFunction(nothing, f.ParamTypes(), f.ResultTypes()).Export(name)
		}
	}
	if _, err := env.Instantiate(ctx); err != nil {
		return 0, err
	}
	instance, err := runtime.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	if err != nil {
		return 0, fmt.Errorf("initialise: %w", err)
	}
	result, err := instance.ExportedFunction(phasesExport).Call(ctx)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", phasesExport, err)
	}
	phases := Phases(uint32(result[0]))
	if phases&phasesKnown == 0 {
		return 0, errors.New("the plugin did not register with wrapper.SetCtx")
	}
	return phases &^ phasesKnown, nil
}
