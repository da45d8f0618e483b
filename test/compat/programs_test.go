package compat

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	// The programs are compiled against both, so their dependencies belong into go.sum.
	_ "github.com/higress-group/wasm-go/pkg/wrapper"
	_ "github.com/wasmplane/wasmplane/pkg/wrapper"

	"github.com/wasmplane/wasmplane/gateway/toolchain"
)

const (
	ourPath   = "github.com/wasmplane/wasmplane/pkg/"
	theirPath = "github.com/higress-group/wasm-go/pkg/"
)

// runFolder holds what one run of the tests builds.
var runFolder string

// compiling bounds how many compilers run at a time.
var compiling = make(chan struct{}, 2)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if runFolder, err = os.MkdirTemp("", "compat-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(runFolder)
		return m.Run()
	}())
}

// programs returns the names of all programs: one folder each.
func programs(t *testing.T) []string {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join("*", "main.go"))
	if err != nil || len(sources) == 0 {
		t.Fatalf("no programs found: %v", err)
	}
	var names []string
	for _, source := range sources {
		names = append(names, filepath.Dir(source))
	}
	return names
}

var built sync.Map // program → func() (wasm string, err error)

// compiled returns the program's module, built against our SDK once a run.
func compiled(t *testing.T, program string) string {
	t.Helper()
	build, _ := built.LoadOrStore(program, sync.OnceValues(func() (string, error) {
		compiling <- struct{}{}
		defer func() { <-compiling }()
		wasm := filepath.Join(runFolder, program+".wasm")
		dir, err := filepath.Abs(program)
		if err != nil {
			return "", err
		}
		return wasm, toolchain.Compile(context.Background(), dir, wasm, nil)
	}))
	wasm, err := build.(func() (string, error))()
	if err != nil {
		t.Fatalf("%s does not compile with our SDK: %v", program, err)
	}
	return wasm
}

// compileAgainstWasmGo builds the program as it would be written for wasm-go: with the import path replaced in the text
// and nothing else.
func compileAgainstWasmGo(t *testing.T, program string) {
	t.Helper()
	original, err := filepath.Abs(filepath.Join(program, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(source), ourPath) == 0 {
		t.Fatalf("%s does not import our SDK", original)
	}
	dir := t.TempDir()
	replaced := filepath.Join(dir, "main.go")
	if err := os.WriteFile(replaced, []byte(strings.ReplaceAll(string(source), ourPath, theirPath)), 0o644); err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {original: replaced}})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlayFile, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	compiling <- struct{}{}
	defer func() { <-compiling }()
	// As toolchain.Compile builds it.
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlayFile, "-buildmode=c-shared", "-buildvcs=false",
		"-trimpath", "-tags", "proxy_wasm_version_0_2_100", "-ldflags=-s -w", "-o", filepath.Join(dir, "plugin.wasm"), ".")
	build.Dir = filepath.Dir(original)
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s does not compile with wasm-go: %v\n%s", program, err, out)
	}
}

func TestProgramsCompileAfterChangingOnlyTheImportPath(t *testing.T) {
	t.Parallel()
	for _, program := range programs(t) {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			compiled(t, program)
			compileAgainstWasmGo(t, program)
		})
	}
}
