package validate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// known loads every plugin of the checkout.
func known(t *testing.T) (root string, plugins map[string]*catalog.Plugin) {
	t.Helper()
	root = catalog.Checkout(".")
	require.NotEmpty(t, root, "the tests run inside a checkout")
	plugins = map[string]*catalog.Plugin{}
	for _, name := range catalog.Names(root) {
		p, err := catalog.Load(filepath.Join(root, "extensions", name))
		require.NoError(t, err)
		plugins[name] = p
	}
	require.NotEmpty(t, plugins)
	return root, plugins
}

func TestExamplesInPluginYAMLsAreValid(t *testing.T) {
	_, plugins := known(t)
	for _, p := range plugins {
		for i := range p.Examples {
			t.Run(p.Name+"/"+p.Examples[i].Name, func(t *testing.T) {
				data, err := p.Manifests(&p.Examples[i])
				require.NoError(t, err)
				assertValid(t, plugins, p.Name, data)
			})
		}
	}
}

func TestExamplesInDocumentsAreValid(t *testing.T) {
	root, plugins := known(t)
	for _, pattern := range []string{"README.md", "docs/*.md", "extensions/*/README.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			plugin := plugins[filepath.Base(filepath.Dir(file))]
			name, err := filepath.Rel(root, file)
			require.NoError(t, err)
			t.Run(name, func(t *testing.T) {
				text, err := os.ReadFile(file)
				require.NoError(t, err)
				examples(t, plugins, plugin, name, string(text))
			})
		}
	}
}

// block is a fenced piece of YAML.
type block struct {
	line int // in the document
	text string
}

var fence = regexp.MustCompile("(?ms)^```ya?ml\n(.*?)^```")

func blocks(text string) []block {
	var out []block
	for _, m := range fence.FindAllStringSubmatchIndex(text, -1) {
		out = append(out, block{line: strings.Count(text[:m[2]], "\n") + 1, text: text[m[2]:m[3]]})
	}
	return out
}

// examples checks a document's YAML. In a plugin's README an example may be whole resources, fields of the spec (by two
// spaces), or fields of the configuration (by four): the rest is then as in the first example of the document.
func examples(t *testing.T, plugins map[string]*catalog.Plugin, plugin *catalog.Plugin, file, text string) {
	var first map[string]any // spec of the first whole WasmPlugin
	for _, b := range blocks(text) {
		where := fmt.Sprintf("%s:%d", file, b.line)
		if isResource(b.text) {
			assertValid(t, plugins, where, []byte(b.text))
			if spec := specOf(t, b.text); first == nil && spec != nil {
				first = spec
			}
			continue
		}
		if plugin == nil || !strings.HasPrefix(b.text, "  ") {
			continue // a manifest of something else, such as cases.yaml
		}
		var fields map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(b.text), &fields), where)
		require.NotNil(t, first, "%s: the README's first example must be a whole WasmPlugin", where)
		spec := map[string]any{}
		for key, value := range first {
			if key != "defaultConfig" && key != "pluginConfig" && key != "matchRules" && key != "defaultConfigDisable" {
				spec[key] = value
			}
		}
		if strings.HasPrefix(b.text, "    ") {
			fields = map[string]any{"defaultConfig": merge(first["defaultConfig"], fields)}
		}
		for key, value := range fields {
			spec[key] = value
		}
		data, err := yaml.Marshal(map[string]any{
			"apiVersion": "extensions.higress.io/v1alpha1", "kind": "WasmPlugin",
			"metadata": map[string]any{"name": plugin.Name, "namespace": manifest.DefaultNamespace}, "spec": spec,
		})
		require.NoError(t, err)
		assertValid(t, plugins, where, data)
	}
}

func isResource(text string) bool {
	return regexp.MustCompile(`(?m)^apiVersion:`).MatchString(text) && regexp.MustCompile(`(?m)^kind:`).MatchString(text)
}

func specOf(t *testing.T, text string) map[string]any {
	t.Helper()
	var object struct {
		Kind string         `json:"kind"`
		Spec map[string]any `json:"spec"`
	}
	head, _, _ := strings.Cut(text, "\n---")
	require.NoError(t, yaml.Unmarshal([]byte(head), &object))
	if object.Kind != "WasmPlugin" {
		return nil
	}
	return object.Spec
}

func merge(base any, fields map[string]any) map[string]any {
	out := map[string]any{}
	if object, ok := base.(map[string]any); ok {
		for key, value := range object {
			out[key] = value
		}
	}
	for key, value := range fields {
		out[key] = value
	}
	return out
}

// assertValid wants no problem, and no note about fields that a plugin does not read.
func assertValid(t *testing.T, plugins map[string]*catalog.Plugin, where string, data []byte) {
	t.Helper()
	v := New(Options{CRDs: higress(t), Plugins: plugins})
	for _, p := range v.Check(context.Background(), where, data) {
		if !p.Warning || strings.HasPrefix(p.Message, "unknown field") {
			t.Errorf("the example does not fit the schema in plugin.yaml: %s\n%s", p.Error(), data)
		}
	}
	assert.NotZero(t, v.Checked(), where)
}
