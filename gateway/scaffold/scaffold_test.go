package scaffold

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/toolchain"
)

func TestANewPluginBuildsAndPassesItsTest(t *testing.T) {
	root := catalog.Checkout(".")
	require.NotEmpty(t, root, "the tests run inside a checkout")
	parent, err := os.MkdirTemp(filepath.Join(root, "gateway", "scaffold"), "new-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(parent) })
	dir := filepath.Join(parent, "my-plugin")
	require.NoError(t, New(context.Background(), Options{Dir: dir}))

	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	require.NoError(t, err)
	assert.Contains(t, string(mod), "replace "+sdkModule+" => ../../../../pkg")
	_, err = os.Stat(filepath.Join(dir, "go.sum"))
	assert.NoError(t, err)
	p, err := catalog.Load(dir)
	require.NoError(t, err)
	assert.Equal(t, "my-plugin", p.Name)
	built, err := toolchain.Build(context.Background(), p)
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(dir, "plugin.wasm"), built.Wasm)
	assert.Positive(t, built.Size)

	test := exec.Command("go", "test", ".")
	test.Dir = dir
	test.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	output, err := test.CombinedOutput()
	assert.NoError(t, err, string(output))

	assert.ErrorContains(t, New(context.Background(), Options{Dir: dir}), "is there already and not empty")
}

func TestNames(t *testing.T) {
	for name, good := range map[string]bool{"a": true, "my-plugin2": true, "My": false, "2a": false, "a-": false, "a_b": false, "a b": false} {
		assert.Equal(t, good, validName.MatchString(name), name)
	}
	dir := filepath.Join(t.TempDir(), "Bad")
	assert.ErrorContains(t, New(context.Background(), Options{Dir: dir}), `name: must be lower-case letters, digits and hyphens, not "Bad"`)
	_, err := os.Stat(dir)
	assert.ErrorIs(t, err, os.ErrNotExist, "nothing was written")
}

// A plugin outside a checkout starts with the versions that the SDK itself was built with.
func TestVersionsAreTheSDKsOwn(t *testing.T) {
	list := exec.Command("go", "mod", "edit", "-json")
	list.Dir = filepath.Join(catalog.Checkout("."), "pkg")
	output, err := list.Output()
	require.NoError(t, err)
	var mod struct {
		Go      string
		Require []struct{ Path, Version string }
	}
	require.NoError(t, json.Unmarshal(output, &mod))
	versions := map[string]string{}
	for _, r := range mod.Require {
		versions[r.Path] = r.Version
	}
	assert.Equal(t, mod.Go, goVersion)
	assert.Equal(t, versions["github.com/higress-group/proxy-wasm-go-sdk"], bindingVersion)
	assert.Equal(t, versions["github.com/higress-group/wasm-go"], testHostVersion)
}
