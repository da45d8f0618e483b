package envoy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// binary is the Envoy under test. Without one the test is skipped, and says how to get one.
func binary(t *testing.T) string {
	t.Helper()
	path, err := FindBinary()
	if errors.Is(err, ErrNoBinary) {
		t.Skip(err)
	}
	require.NoError(t, err)
	return path
}

// testContext ends with the test, or when something hangs.
func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// function is one of a tiny module: i32 parameters, perhaps an i32 result, and a body without its end.
type function struct {
	export     string
	parameters int
	results    int
	code       []byte
}

var (
	returnTrue = []byte{0x41, 1}
	returnZero = []byte{0x41, 0}
	trap       = []byte{0x00}
)

// guest is a plugin of ABI 0.2.1 that starts and configures; more functions may be added.
func guest(more ...function) []function {
	return append([]function{
		{export: "proxy_abi_version_0_2_1"},
		{export: "proxy_on_memory_allocate", parameters: 1, results: 1, code: returnZero},
		{export: "proxy_on_context_create", parameters: 2},
		{export: "proxy_on_vm_start", parameters: 2, results: 1, code: returnTrue},
	}, more...)
}

// assemble encodes a module with a page of memory, functions, and imports from env that take and return nothing.
func assemble(functions []function, imports ...string) []byte {
	m := []byte("\x00asm\x01\x00\x00\x00")
	section := func(id byte, items ...[]byte) {
		body := leb(len(items))
		for _, item := range items {
			body = append(body, item...)
		}
		m = append(append(append(m, id), leb(len(body))...), body...)
	}
	types := [][]byte{{0x60, 0, 0}}
	var imported, indices, exports, code [][]byte
	for _, name := range imports {
		imported = append(imported, append(append(text("env"), text(name)...), 0, 0))
	}
	exports = append(exports, append(text("memory"), 2, 0))
	for i, f := range functions {
		signature := append([]byte{0x60}, leb(f.parameters)...)
		signature = append(signature, strings.Repeat("\x7f", f.parameters)...)
		signature = append(signature, leb(f.results)...)
		types = append(types, append(signature, strings.Repeat("\x7f", f.results)...))
		indices = append(indices, leb(i+1))
		exports = append(exports, append(append(text(f.export), 0), leb(len(imports)+i)...))
		body := append(append([]byte{0}, f.code...), 0x0b)
		code = append(code, append(leb(len(body)), body...))
	}
	section(1, types...)
	section(2, imported...)
	section(3, indices...)
	section(5, []byte{0, 1})
	section(7, exports...)
	section(10, code...)
	return m
}

func text(s string) []byte { return append(leb(len(s)), s...) }

func leb(n int) []byte {
	var out []byte
	for n >= 0x80 {
		out = append(out, byte(n)|0x80)
		n >>= 7
	}
	return append(out, byte(n))
}

// writeModule puts a module into a folder of the test's own.
func writeModule(t *testing.T, name string, code []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, code, 0o600))
	return path
}

// plugin is a WasmPlugin resource.
func plugin(name, path, spec string) string {
	return fmt.Sprintf(`
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: %s, namespace: higress-system}
spec:
  url: file://%s
%s---
`, name, path, indent(spec))
}

func indent(spec string) string {
	var out strings.Builder
	for _, line := range strings.Split(strings.Trim(spec, "\n"), "\n") {
		if line != "" {
			out.WriteString("  " + line + "\n")
		}
	}
	return out.String()
}

// ingress is a route to a service of an McpBridge.
func ingress(name, host, path, destination, annotations string) string {
	if host != "" {
		host = fmt.Sprintf("host: %q, ", host)
	}
	return fmt.Sprintf(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: %s
  namespace: higress-system
  annotations: {higress.io/destination: "%s"%s}
spec:
  rules:
  - {%shttp: {paths: [{path: "%s", pathType: Prefix, backend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}}]}}
---
`, name, destination, annotations, host, path)
}

func parse(t *testing.T, text string, upstreams map[string][]string) *manifest.Snapshot {
	t.Helper()
	s, problems := manifest.Parse([]manifest.File{{Name: "test.yaml", Data: []byte(text)}}, manifest.Options{Upstreams: upstreams})
	require.Empty(t, problems.Fatal())
	return s
}
