package manifest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPullSecrets(t *testing.T) {
	plugin := func(url string) string {
		return "apiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: p}\nspec:\n  url: " + url + "\n  imagePullSecret: pull\n"
	}
	secret := func(namespace, rest string) string {
		return "---\napiVersion: v1\nkind: Secret\nmetadata: {name: pull, namespace: " + namespace + "}\n" + rest + "\n"
	}
	const logins = `{"auths": {"r": {"auth": "dTpw"}}}`
	good := "type: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: '" + logins + "'}"
	for _, c := range []struct {
		name, manifests string
		config          string
		problem         string
		warning         bool
	}{
		{"the Secret of the plugin's namespace", plugin("oci://r/p:1") + secret("higress-system", good), logins, "", false},
		{"a Secret before its plugin", secret("higress-system", good) + "---\n" + plugin("oci://r/p:1"), logins, "", false},
		{"a file needs none", plugin("file:///p.wasm"), "", "", false},
		{"none among the manifests", plugin("oci://r/p:1"), "", "m.yaml:6: WasmPlugin higress-system/p: spec.imagePullSecret: ignored: there is no Secret higress-system/pull among the manifests, so the logins of docker login are used", true},
		{"one of another namespace", plugin("oci://r/p:1") + secret("other", good), "", "m.yaml:6: WasmPlugin higress-system/p: spec.imagePullSecret: ignored: there is no Secret higress-system/pull among the manifests, so the logins of docker login are used", true},
		{"another type", plugin("oci://r/p:1") + secret("higress-system", "stringData: {a: b}"), "", `m.yaml:6: WasmPlugin higress-system/p: spec.imagePullSecret: Secret higress-system/pull must have the type kubernetes.io/dockerconfigjson, not ""`, false},
		{"no content", plugin("oci://r/p:1") + secret("higress-system", "type: kubernetes.io/dockerconfigjson"), "", `m.yaml:6: WasmPlugin higress-system/p: spec.imagePullSecret: Secret higress-system/pull must have the key .dockerconfigjson`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, problems := parse(t, c.manifests, Options{})
			if c.problem != "" {
				require.Len(t, problems, 1)
				assert.Equal(t, c.problem, problems[0].Error())
				assert.Equal(t, c.warning, problems[0].Warning)
			} else {
				require.Empty(t, problems)
			}
			if c.problem != "" && !c.warning {
				assert.Nil(t, s)
				return
			}
			require.Len(t, s.Plugins, 1)
			assert.Equal(t, c.config, string(s.Plugins[0].DockerConfig))
		})
	}
}

func TestARevisionIsOfTheWholeResource(t *testing.T) {
	revision := func(manifest string) string {
		t.Helper()
		s, problems := parse(t, manifest, Options{})
		require.Empty(t, problems)
		return s.Plugins[0].Revision
	}
	const head = "apiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: p"
	first := revision(head + "}\nspec: {url: 'oci://r/p:1'}")
	assert.Equal(t, first, revision(head+"}\n# a comment\nspec:\n  url: oci://r/p:1\n"), "the same resource, written otherwise")
	assert.NotEqual(t, first, revision(head+", labels: {a: b}}\nspec: {url: 'oci://r/p:1'}"))
}
