package catalog

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// plugins loads every plugin of the checkout.
func plugins(t *testing.T) []*Plugin {
	t.Helper()
	root := Checkout(".")
	require.NotEmpty(t, root, "the tests run inside a checkout")
	var out []*Plugin
	for _, name := range Names(root) {
		p, err := Load(filepath.Join(root, "extensions", name))
		require.NoError(t, err)
		assert.Equal(t, name, p.Name, "a plugin's name is its folder's")
		out = append(out, p)
	}
	require.NotEmpty(t, out)
	return out
}

func TestEveryPluginHasTheCommonForm(t *testing.T) {
	for _, p := range plugins(t) {
		t.Run(p.Name, func(t *testing.T) {
			for _, file := range []string{"main.go", "config.go", "plugin.yaml", "cases.yaml", "README.md"} {
				_, err := os.Stat(filepath.Join(p.Dir, file))
				assert.NoError(t, err)
			}
			assert.NotEmpty(t, p.Title)
			assert.NotEmpty(t, p.Description)
			assert.NotEmpty(t, p.Category)
			require.NotEmpty(t, p.Examples, "wasmplane run shows the first example")
			assert.NotEmpty(t, p.Examples[0].Requests)
		})
	}
}

func TestREADMEsAreUpToDate(t *testing.T) {
	for _, p := range plugins(t) {
		t.Run(p.Name, func(t *testing.T) {
			current, generated, err := p.Readme()
			require.NoError(t, err)
			assert.Equal(t, string(generated), string(current), "run: go run ./gateway/cmd/wasmplane docs "+p.Name)
		})
	}
}

func TestTheTableOfPluginsIsUpToDate(t *testing.T) {
	current, generated, err := Overview(Checkout("."))
	require.NoError(t, err)
	assert.Equal(t, string(generated), string(current), "run: make deploy")
}

func TestExamplesBecomeManifestsThatLoad(t *testing.T) {
	for _, p := range plugins(t) {
		for i := range p.Examples {
			t.Run(p.Name+"/"+p.Examples[i].Name, func(t *testing.T) {
				data, err := p.Manifests(&p.Examples[i])
				require.NoError(t, err)
				snapshot, problems := manifest.Parse([]manifest.File{{Name: "example", Data: data}}, manifest.Options{})
				require.Empty(t, problems)
				require.Len(t, snapshot.Plugins, 1)
				assert.Equal(t, p.FailStrategy == "FAIL_OPEN", snapshot.Plugins[0].FailOpen)
				assert.NotEmpty(t, snapshot.Routes.All())
			})
		}
	}
}
