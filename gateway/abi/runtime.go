package abi

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
)

// maxMemoryPages caps guest memory at 1 GiB.
const maxMemoryPages = (1 << 30) / (64 << 10)

// Runtime compiles modules and holds the host functions that they import. One serves the whole process; it is safe for
// concurrent use.
type Runtime struct {
	wazero wazero.Runtime
	cache  wazero.CompilationCache
}

// NewRuntime returns a runtime. Compiled code is kept below cacheDir, so that a later process compiles nothing that is
// there already; an empty cacheDir keeps it in memory only. Close it after all of its VMs.
func NewRuntime(ctx context.Context, cacheDir string) (*Runtime, error) {
	cache := wazero.NewCompilationCache()
	if cacheDir != "" {
		var err error
		if cache, err = wazero.NewCompilationCacheWithDir(cacheDir); err != nil {
			return nil, fmt.Errorf("compilation cache %s: %w", cacheDir, err)
		}
	}
	config := wazero.NewRuntimeConfig().WithCompilationCache(cache).WithMemoryLimitPages(maxMemoryPages)
	r := &Runtime{wazero: wazero.NewRuntimeWithConfig(ctx, config), cache: cache}
	for _, module := range hostModules {
		builder := r.wazero.NewHostModuleBuilder(module.name)
		for _, f := range module.functions {
			params, results := f.signature.types()
			builder.NewFunctionBuilder().WithGoModuleFunction(f.entry(module.name), params, results).Export(f.name)
		}
		if _, err := builder.Instantiate(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("host module %s: %w", module.name, err), r.Close(ctx))
		}
	}
	return r, nil
}

// Close releases all compiled code. No VM of the runtime may be used afterwards.
func (r *Runtime) Close(ctx context.Context) error {
	return errors.Join(r.wazero.Close(ctx), r.cache.Close(ctx))
}
