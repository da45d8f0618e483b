package toolchain

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/catalog"
)

func TestBuild(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("go.mod", "module p\n\ngo 1.24\n")
	write("plugin.yaml", "name: p\nversion: 1.0.0\nfailStrategy: FAIL_OPEN\nbuildTags: [extra]\n")
	write("main.go", "package main\n\nfunc main() { println(tagged) }\n")
	write("tagged.go", "//go:build extra && proxy_wasm_version_0_2_100\n\npackage main\n\nconst tagged = true\n")
	p, err := catalog.Load(dir)
	require.NoError(t, err)

	built, err := Build(context.Background(), p)
	require.NoError(t, err, "both the plugin's tags and the ABI's are set")
	assert.Equal(t, p.Wasm(), built.Wasm)
	assert.Equal(t, filepath.Join(dir, "build", "p.raw.wasm"), built.Raw)
	assert.Positive(t, built.Took)
	first, err := os.ReadFile(built.Wasm)
	require.NoError(t, err)
	assert.Equal(t, "\x00asm", string(first[:4]))
	assert.EqualValues(t, len(first), built.Size)

	_, err = Build(context.Background(), p)
	require.NoError(t, err)
	again, err := os.ReadFile(built.Wasm)
	require.NoError(t, err)
	assert.Equal(t, first, again, "the build is reproducible")

	write("main.go", "package main\n\nfunc main() { nonsense() }\n")
	_, err = Build(context.Background(), p)
	require.ErrorContains(t, err, "build p: ")
	assert.ErrorContains(t, err, "undefined: nonsense", "the compiler's output is shown")
	kept, err := os.ReadFile(built.Wasm)
	require.NoError(t, err)
	assert.Equal(t, first, kept, "a failed build leaves the former module")
	left, err := filepath.Glob(filepath.Join(dir, ".plugin-*"))
	require.NoError(t, err)
	assert.Empty(t, left, "no temporary file is left")
}
