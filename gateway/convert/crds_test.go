package convert

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/crd"
	"github.com/wasmplane/wasmplane/gateway/resource"
)

// definitions are CRDs inside a Go module, which is fetched, and no dependency.
type definitions struct{ module, file string }

var (
	istioCRDs        = definitions{"istio.io/api@v1.31.1", "kubernetes/customresourcedefinitions.gen.yaml"}
	envoyGatewayCRDs = definitions{"github.com/envoyproxy/gateway@v1.9.1", "charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_envoyextensionpolicies.yaml"}
)

// assertFits checks resources against the definitions; the subtest is skipped where the module cannot be fetched.
func assertFits(t *testing.T, from definitions, resources []byte) {
	t.Helper()
	t.Run("fits the definition in "+from.module, func(t *testing.T) {
		download := exec.Command("go", "mod", "download", "-json", from.module)
		download.Dir = t.TempDir()
		download.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
		output, err := download.Output()
		if err != nil {
			t.Skipf("%s cannot be fetched, so the output is not checked: %v\n%s", from.module, err, output)
		}
		var module struct{ Dir string }
		require.NoError(t, json.Unmarshal(output, &module))
		data, err := os.ReadFile(filepath.Join(module.Dir, from.file))
		require.NoError(t, err)
		set := &crd.Set{}
		require.NoError(t, set.Add(from.file, data))
		docs, problems := resource.Parse("output", resources)
		require.Empty(t, problems)
		require.NotEmpty(t, docs)
		for _, d := range docs {
			problems, known := set.Check(context.Background(), d)
			assert.True(t, known, "%s %s", d.APIVersion(), d.Kind())
			assert.Empty(t, problems)
		}
	})
}
