package sbom

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/catalog"
)

func TestComponents(t *testing.T) {
	const packages = `
{"Standard": true}
{"Module": {"Path": "example.org/b", "Version": "v1.2.3"}}
{"Module": {"Path": "example.org/b", "Version": "v1.2.3"}}
{"Standard": true}
{"Module": {"Path": "example.org/a", "Version": "v0.1.0", "Replace": {"Path": "example.org/fork", "Version": "v0.2.0"}}}
{"Module": {"Path": "example.org/near", "Version": "v0.1.0", "Replace": {"Path": "../near"}}}
{"Module": {"Path": "example.org/self", "Main": true}}
{}`
	got, err := components([]byte(packages), "1.26.0")
	require.NoError(t, err)
	assert.Equal(t, []Component{
		{Type: "library", Name: "example.org/b", Version: "v1.2.3", PURL: "pkg:golang/example.org/b@v1.2.3", Ref: "example.org/b@v1.2.3"},
		{Type: "library", Name: "example.org/fork", Version: "v0.2.0", PURL: "pkg:golang/example.org/fork@v0.2.0", Ref: "example.org/fork@v0.2.0"},
		{Type: "library", Name: "example.org/near", Version: "v0.1.0", PURL: "pkg:golang/example.org/near@v0.1.0", Ref: "example.org/near@v0.1.0"},
		{Type: "library", Name: "example.org/self", PURL: "pkg:golang/example.org/self", Ref: "example.org/self"},
		{Type: "library", Name: "std", Version: "1.26.0", PURL: "pkg:golang/std@1.26.0", Ref: "std@1.26.0"},
	}, got)
	_, err = components([]byte("{"), "1.26.0")
	assert.ErrorContains(t, err, "go list: ")
}

func TestGenerate(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":    "module example.org/p\n\ngo 1.24\n",
		"main.go":   "package main\n\nimport \"os\"\n\nfunc main() { os.Exit(0) }\n",
		"native.go": "//go:build !wasip1\n\npackage main\n\nimport \"example.org/absent\"\n\nvar _ = absent.X\n",
		"tagged.go": "//go:build !special\n\npackage main\n\nimport \"example.org/absent\"\n\nvar _ = absent.X\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	t.Setenv("GOWORK", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOPROXY", "off")
	document, err := Generate(context.Background(), Plugin{Name: "p", Version: "1.0.0", Dir: dir, Tags: []string{"special"}})
	require.NoError(t, err, "files for other systems and tags do not count")
	data, err := json.Marshal(document)
	require.NoError(t, err)
	assert.Contains(t, string(data), `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"metadata":{"component":{"type":"application","name":"p","version":"1.0.0","bom-ref":"p"}},"components":[{"type":"library","name":"example.org/p",`)

	_, err = Generate(context.Background(), Plugin{Name: "p", Dir: dir})
	assert.ErrorContains(t, err, "example.org/absent")
}

func TestAPluginOfTheCheckout(t *testing.T) {
	root := catalog.Checkout(".")
	require.NotEmpty(t, root)
	document, err := Generate(context.Background(), Plugin{Name: "hello-world", Version: "1.0.0", Dir: filepath.Join(root, "extensions", "hello-world")})
	require.NoError(t, err)
	var names []string
	for _, c := range document.Components {
		names = append(names, c.Name)
	}
	assert.Subset(t, names, []string{"github.com/higress-group/proxy-wasm-go-sdk", "github.com/wasmplane/wasmplane/pkg", "std"})
}
