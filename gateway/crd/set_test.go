package crd

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/resource"
)

const head = "apiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: p}\n"

func TestHigressKinds(t *testing.T) {
	set, err := Higress()
	require.NoError(t, err)
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"a plugin", head + "spec: {url: oci://x/p:1, priority: null, defaultConfig: {any: {thing: 1}}}\n", nil},
		{"unknown field", head + "spec:\n  url: u\n  defaultconfig: {}\n", []string{"f:6: WasmPlugin p: spec.defaultconfig: unknown field"}},
		{"unknown metadata", "apiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata:\n  name: p\n  label: {a: b}\n", []string{"f:5: WasmPlugin p: metadata.label: unknown field"}},
		{"wrong value", head + "spec:\n  phase: authn\n", []string{`f:5: WasmPlugin p: spec.phase: Unsupported value: "authn": supported values: "UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"`}},
		{"wrong type below a list", head + "spec:\n  matchRules:\n  - domain: [a]\n  - domain: b\n", []string{`f:7: WasmPlugin p: spec.matchRules[1].domain: Invalid value: "string": spec.matchRules[1].domain in body must be of type array: "string"`}},
		{"no name", "apiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {}\n", []string{"f:3: WasmPlugin: metadata.name: Required value: name or generateName is required"}},
		{"bad name", "apiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: P}\n", []string{`metadata.name: Invalid value: "P": a lowercase RFC 1123 subdomain`}},
		{"exactly one of", "apiVersion: networking.higress.io/v1\nkind: Http2Rpc\nmetadata: {name: p}\nspec: {dubbo: {}, grpc: {}}\n", []string{`"spec" must validate one and only one schema (oneOf)`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			docs, problems := resource.Parse("f", []byte(c.text))
			require.Empty(t, problems)
			require.Len(t, docs, 1)
			found, known := set.Check(context.Background(), docs[0])
			assert.True(t, known)
			require.Len(t, found, len(c.want), "%v", found)
			for i := range c.want {
				assert.ErrorContains(t, found[i], c.want[i])
			}
		})
	}
}

func TestUnknownKind(t *testing.T) {
	set, err := Higress()
	require.NoError(t, err)
	docs, _ := resource.Parse("f", []byte("apiVersion: extensions.higress.io/v1\nkind: WasmPlugin\n"))
	_, known := set.Check(context.Background(), docs[0])
	assert.False(t, known, "another version is another kind")
}

const ruled = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gates.example.org}
spec:
  group: example.org
  names: {kind: Gate, plural: gates, singular: gate}
  scope: Cluster
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              url: {type: string, x-kubernetes-validations: [{rule: 'isURL(self)', message: must be a URL}]}
              min: {type: integer, default: 3}
              max: {type: integer}
              names: {type: array, x-kubernetes-list-type: set, items: {type: string}}
            x-kubernetes-validations: [{rule: '!has(self.max) || self.min <= self.max', message: min is above max}]
`

func TestRulesDefaultsAndListTypes(t *testing.T) {
	set := &Set{}
	require.NoError(t, set.Add("crd.yaml", []byte(ruled)))
	for _, c := range []struct{ spec, want string }{
		{"{url: 'https://a/b', max: 3}", ""},
		{"{max: 2}", "spec: Invalid value: min is above max"},
		{"{url: a b}", `spec.url: Invalid value: "a b": must be a URL`},
		{"{names: [a, b, a]}", `spec.names[2]: Duplicate value: "a"`},
		{"{max: x}", "spec.max: Invalid value: \"string\""},
	} {
		t.Run(c.spec, func(t *testing.T) {
			docs, problems := resource.Parse("f", []byte("apiVersion: example.org/v1\nkind: Gate\nmetadata: {name: g}\nspec: "+c.spec))
			require.Empty(t, problems)
			found, known := set.Check(context.Background(), docs[0])
			assert.True(t, known)
			if c.want == "" {
				assert.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			assert.ErrorContains(t, found[0], c.want)
		})
	}
}

func TestAddRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no definition", "kind: Service\n", "f: there is no CustomResourceDefinition"},
		{"no YAML", "a: [\n", "f:"},
		{"unknown word", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {versions: [{name: v1, served: true, schema: {openAPIV3Schema: {typ: object}}}]}\n", "f:1: CustomResourceDefinition: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.ErrorContains(t, (&Set{}).Add("f", []byte(c.text)), c.want)
		})
	}
}

func TestADefinitionThatIsNotStructural(t *testing.T) {
	set := &Set{}
	require.NoError(t, set.Add("crd.yaml", []byte("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {group: g, names: {kind: K}, versions: [{name: v1, served: true, schema: {openAPIV3Schema: {type: object, patternProperties: {a: {type: string}}}}}]}\n")))
	docs, _ := resource.Parse("f", []byte("apiVersion: g/v1\nkind: K\nmetadata: {name: k}\n"))
	found, known := set.Check(context.Background(), docs[0])
	assert.True(t, known)
	assert.ErrorContains(t, found, "f:2: K k: kind: its CustomResourceDefinition cannot be used: ")
}
