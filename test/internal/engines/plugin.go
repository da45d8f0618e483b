package engines

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// Wasm returns the path of a module in a plugin's folder, such as plugin.wasm. It skips the test if the plugin is not
// built. The suite's folder must be a child of test/.
func Wasm(t testing.TB, plugin, file string) string {
	t.Helper()
	wasm, err := filepath.Abs(filepath.Join("../../extensions", plugin, file))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(wasm); err != nil {
		t.Skip("the plugin is not built: make build PLUGIN_NAME=" + plugin)
	}
	return wasm
}

// Plugin is a plugin in front of backend.static:80, which gets every request.
type Plugin struct {
	Name   string
	Wasm   string // path of its module
	Config string // its defaultConfig, in JSON or YAML's flow style
	Spec   string // further fields of the resource's spec, in YAML's flow style: "failStrategy: FAIL_CLOSE"
}

// Files are the manifests.
func (p Plugin) Files() []manifest.File {
	return []manifest.File{{Name: p.Name + ".yaml", Data: fmt.Appendf(nil, manifests, p.Name, filepath.ToSlash(p.Wasm), p.Config, p.Spec)}}
}

const manifests = `
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: %s, namespace: higress-system}
spec: {url: "file://%s", defaultConfig: %s, %s}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: backend, namespace: higress-system, annotations: {higress.io/destination: "backend.static:80"}}
spec: {defaultBackend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}}
`
