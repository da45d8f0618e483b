package toolchain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/module"
)

// ErrNoOptimizer says that binaryen's wasm-opt is not on PATH.
var ErrNoOptimizer = errors.New("wasm-opt (of binaryen) is not on PATH")

// features are what Go's compiler for wasip1 uses beyond the first WebAssembly.
var features = []string{"--enable-bulk-memory", "--enable-sign-ext", "--enable-nontrapping-float-to-int", "--enable-mutable-globals"}

// Optimize runs wasm-opt on a finished module, in place, and returns its new size. The module stays as it was if that
// fails or the result is not a smaller module with the same exports.
func Optimize(ctx context.Context, file string) (size int64, err error) {
	tool, err := exec.LookPath("wasm-opt")
	if err != nil {
		return 0, ErrNoOptimizer
	}
	before, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "wasmplane-opt-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	result := filepath.Join(dir, "plugin.wasm")
	cmd := exec.CommandContext(ctx, tool, append([]string{"-Os", file, "-o", result}, features...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("wasm-opt: %w\n%s", err, strings.TrimSpace(out.String()))
	}
	after, err := os.ReadFile(result)
	if err != nil {
		return 0, err
	}
	if err := sameExports(before, after); err != nil {
		return 0, fmt.Errorf("wasm-opt: %s: %w", file, err)
	}
	if len(after) >= len(before) {
		return int64(len(before)), nil
	}
	return int64(len(after)), replaceFile(file, after)
}

func sameExports(before, after []byte) error {
	a, err := module.Parse(before)
	if err != nil {
		return err
	}
	b, err := module.Parse(after)
	if err != nil {
		return err
	}
	if len(a.Exports) != len(b.Exports) {
		return fmt.Errorf("%d of %d exports are left", len(b.Exports), len(a.Exports))
	}
	for i := range a.Exports {
		if a.Exports[i].Name != b.Exports[i].Name {
			return fmt.Errorf("the export %s became %s", a.Exports[i].Name, b.Exports[i].Name)
		}
	}
	return nil
}
