package toolchain

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

func TestLinesAreChangedTogetherOrNotAtAll(t *testing.T) {
	c := fileChange{lines: []line{{"a := 1", "a := 2"}, {"\tb()", "\tc()"}, {"d()", ""}}}
	tests := []struct {
		name, source, want string
		ok                 bool
	}{
		{"as expected", "a := 1\n\tb()\nd()\n", "a := 2\n\tc()\nd()\n", true},
		{"a line is missing", "a := 1\n\tb()\n", "", false},
		{"a line is longer", "a := 10\n\tb()\nd()\n", "", false},
		{"a line is indented in another way", "a := 1\n\t\tb()\nd()\n", "", false},
		{"a line is there twice", "a := 1\n\tb()\nd()\na := 1\n", "", false},
		{"an empty file", "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := c.apply(tt.source)
			assert.Equal(t, tt.ok, ok)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestOverlay(t *testing.T) {
	changes := []fileChange{
		{pkg: "p", file: "a.go", lines: []line{{"a", "A"}}},
		{pkg: "q", file: "b.go", unless: []string{"u"}, lines: []line{{"b", "B"}}},
	}
	tests := []struct {
		name, a, b string
		packages   []string
		want       map[string]string // changed file → content
	}{
		{"both", "a", "b", []string{"p", "q"}, map[string]string{"a.go": "A", "b.go": "B"}},
		{"a package that is not linked", "a", "b", []string{"q"}, map[string]string{"b.go": "B"}},
		{"a file that is not known", "other", "b", []string{"p", "q"}, map[string]string{"b.go": "B"}},
		{"a file that is not there", "", "b", []string{"p", "q"}, map[string]string{"b.go": "B"}},
		{"a program that could notice", "a", "b", []string{"p", "q", "u"}, map[string]string{"a.go": "A"}},
		{"nothing", "other", "other", []string{"p", "q"}, map[string]string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root, temporary := t.TempDir(), t.TempDir()
			t.Setenv("TMPDIR", temporary)
			for name, text := range map[string]string{"a.go": tt.a, "b.go": tt.b} {
				if text != "" {
					require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o600))
				}
			}
			packages := map[string]string{}
			for _, path := range tt.packages {
				packages[path] = root
			}
			file, remove, err := overlay(changes, packages)
			require.NoError(t, err)
			assert.Equal(t, len(tt.want) == 0, file == "")
			got := map[string]string{}
			for original, replacement := range readOverlay(t, file) {
				text, err := os.ReadFile(replacement)
				require.NoError(t, err)
				got[strings.TrimPrefix(original, root+string(filepath.Separator))] = string(text)
			}
			assert.Equal(t, tt.want, got)
			remove()
			left, err := os.ReadDir(temporary)
			require.NoError(t, err)
			assert.Empty(t, left, "no temporary file is left")
		})
	}
}

// readOverlay returns the original and the replacement of each file.
func readOverlay(t *testing.T, file string) map[string]string {
	t.Helper()
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var overlay struct{ Replace map[string]string }
	require.NoError(t, json.Unmarshal(text, &overlay))
	return overlay.Replace
}

// program writes a module that is one file.
func program(t *testing.T, main string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module p\n\ngo 1.24\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(main), 0o600))
	return dir
}

func TestTheInstalledRuntimeIsAdapted(t *testing.T) {
	tests := []struct {
		name, main string
		want       []string
	}{
		{"a program", "package main\n\nimport \"os\"\n\nfunc main() { println(os.Stdin) }\n", []string{"godebug.go", "malloc.go", "traceruntime.go"}},
		{"one that hashes", "package main\n\nimport \"crypto/sha256\"\n\nfunc main() { println(sha256.Size) }\n",
			[]string{"cast.go", "godebug.go", "malloc.go", "traceruntime.go"}},
		{"one that can trace itself", "package main\n\nimport \"runtime/trace\"\n\nfunc main() { trace.Stop() }\n", []string{"godebug.go", "malloc.go"}},
		{"one that can read metrics", "package main\n\nimport \"runtime/metrics\"\n\nfunc main() { metrics.Read(nil) }\n", []string{"malloc.go", "traceruntime.go"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file, remove, err := runtimeOverlay(context.Background(), program(t, tt.main), nil)
			require.NoError(t, err)
			defer remove()
			var names []string
			for original, replacement := range readOverlay(t, file) {
				names = append(names, filepath.Base(original))
				before, err := os.ReadFile(original)
				require.NoError(t, err)
				after, err := os.ReadFile(replacement)
				require.NoError(t, err)
				assert.NotEqual(t, string(before), string(after))
				assert.Equal(t, strings.Count(string(before), "\n"), strings.Count(string(after), "\n"), "stack traces stay right")
			}
			assert.ElementsMatch(t, tt.want, names)
		})
	}
}

func TestAProgramThatDoesNotCompileIsLeftToTheCompiler(t *testing.T) {
	err := Compile(context.Background(), program(t, "package main\n\nimport \"no/such/package\"\n"), filepath.Join(t.TempDir(), "p.wasm"), nil)
	assert.ErrorContains(t, err, "no/such/package")
}

func TestAnAdaptedProgramIsSmallerAndStartsWithLessMemory(t *testing.T) {
	for name, tt := range map[string]struct {
		main string
		less int // bytes
	}{
		"a program":       {"package main\n\nimport \"os\"\n\nfunc main() { println(os.Stdin) }\n", 200_000},
		"one that hashes": {hashing, 400_000},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, dir := context.Background(), program(t, tt.main)
			adapted, plain := filepath.Join(dir, "adapted.wasm"), filepath.Join(dir, "plain.wasm")
			require.NoError(t, Compile(ctx, dir, adapted, nil))
			cmd := goCommand(ctx, dir, "build", "-buildmode=c-shared", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", plain, ".")
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, string(out))
			size, pages, err := start(t, adapted, "")
			require.NoError(t, err)
			plainSize, plainPages, err := start(t, plain, "")
			require.NoError(t, err)
			assert.LessOrEqual(t, pages, plainPages-6)
			assert.LessOrEqual(t, size, plainSize-tt.less)
		})
	}
}

const hashing = "package main\n\nimport \"crypto/sha256\"\n\nfunc main() { println(sha256.Sum256(nil)[0]) }\n"

// TestThereIsNoFIPSMode shows that leaving its self-tests out changes nothing: no program gets to them.
func TestThereIsNoFIPSMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.wasm")
	require.NoError(t, Compile(context.Background(), program(t, hashing), path, nil))
	_, _, err := start(t, path, "fips140=on")
	assert.ErrorContains(t, err, "FIPS 140-3 mode is not supported on wasip1-wasm")
}

// start initialises a module with a value of GODEBUG and returns its size in bytes and that of its linear memory in pages of
// 64 KiB.
func start(t *testing.T, path, godebug string) (size, pages int, err error) {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	code, err := os.ReadFile(path)
	require.NoError(t, err)
	var said bytes.Buffer
	config := wazero.NewModuleConfig().WithEnv("GODEBUG", godebug).WithStderr(&said).WithStartFunctions("_initialize")
	m, err := r.InstantiateWithConfig(ctx, code, config)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %s", err, said.String())
	}
	return len(code), int(m.Memory().Size() >> 16), nil
}
