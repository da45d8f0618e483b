package envoy

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

var update = flag.Bool("update", false, "write the golden files")

// everything is a snapshot with each thing that configurations are made of.
func everything(t *testing.T) *manifest.Snapshot {
	t.Helper()
	module := writeModule(t, "plugin.wasm", assemble(guest()))
	return parse(t, plugin("late", module, `
phase: STATS
failStrategy: FAIL_OPEN
`)+plugin("early", module, `
phase: AUTHN
priority: 10
pluginName: root
vmConfig: {env: [{name: MODE, value: strict}, {name: HOME, valueFrom: HOST}]}
defaultConfig: {greeting: "hello \"you\""}
matchRules: [{ingress: [orders], config: {greeting: hi}}]
`)+`
apiVersion: networking.higress.io/v1
kind: McpBridge
metadata: {name: default, namespace: higress-system}
spec:
  registries:
  - {type: static, name: plain, port: 80, domain: "192.0.2.1:8080,[2001:db8::1]:8080"}
  - {type: dns, name: idp, port: 443, domain: idp.example.com, protocol: https}
  - {type: dns, name: grpc, port: 8443, domain: grpc.example.com, protocol: grpcs, sni: inner.example.com}
  - {type: static, name: fast, port: 80, domain: "192.0.2.2:8080", protocol: http2}
---
`+ingress("fallback", "", "/", "plain.static:80", "")+
		ingress("orders", "api.example.com", "/orders", "fast.static:80", `, higress.io/timeout: "1.5"`)+
		ingress("all-of-api", "api.example.com", "/", "plain.static:80", "")+
		ingress("moved", "*.example.com", "/old", "idp.dns:443", `, higress.io/rewrite-target: "/new", higress.io/upstream-vhost: idp.example.com`)+
		`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: exact, namespace: higress-system, annotations: {higress.io/destination: "grpc.dns:8443"}}
spec:
  rules:
  - {host: api.example.com, http: {paths: [{path: /orders/special, pathType: Exact, backend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}}]}}
`, nil)
}

func TestGeneratedBootstrap(t *testing.T) {
	got, err := Generate(everything(t), Options{Filename: func(*manifest.Plugin) string { return "/etc/envoy/plugin.wasm" }})
	require.NoError(t, err)
	golden := filepath.Join("testdata", "everything.yaml")
	if *update {
		require.NoError(t, os.WriteFile(golden, got, 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func TestEnvoyAcceptsTheGeneratedBootstrap(t *testing.T) {
	path := binary(t)
	config, err := Generate(everything(t), Options{LogRequestHeaders: true, TrustedCA: SystemCA()})
	require.NoError(t, err)
	file := writeModule(t, "envoy.yaml", config)
	out, err := exec.CommandContext(testContext(t), path, "--mode", "validate", "--disable-hot-restart", "--config-path", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "OK")
	for _, line := range strings.Split(string(out), "\n") {
		if strings.Contains(line, "eprecated") {
			assert.Contains(t, line, "PluginConfig.fail_open") // deliberate, see pluginFilter
		}
	}
	assert.NotContains(t, string(out), "unknown field")
}

func TestRefusalsNameResourceAndField(t *testing.T) {
	foreign := writeModule(t, "plugin.wasm", assemble(guest(), "proxy_redis_call", "proxy_redis_init"))
	unmarked := writeModule(t, "plugin.wasm", assemble(guest()[1:]))
	withVariant := writeModule(t, "plugin.wasm", assemble(guest(), "proxy_redis_call"))
	require.NoError(t, os.WriteFile(Variant(withVariant), assemble(guest()), 0o600))
	good := writeModule(t, "plugin.wasm", assemble(guest()))
	for _, c := range []struct {
		name, manifests string
		want            []string
	}{
		{"functions that Envoy lacks", plugin("limiter", foreign, ""), []string{
			"test.yaml:", "WasmPlugin higress-system/limiter: spec.url: ", "no proxy_redis_call, proxy_redis_init"}},
		{"a build for Envoy that is there is suggested", plugin("limiter", withVariant, ""), []string{"use " + Variant(withVariant)}},
		{"no ABI marker", plugin("old", unmarked, ""), []string{"spec.url: ", "proxy_abi_version_0_2_1"}},
		{"no such file", plugin("gone", "/nowhere/plugin.wasm", ""), []string{"spec.url: ", "no such file"}},
		{"another digest", plugin("changed", good, `sha256: "00"`), []string{"spec.sha256: ", "not 00"}},
		{"a module in a registry", `
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: pulled, namespace: higress-system}
spec: {url: "oci://registry.example/plugin:1"}
`, []string{"WasmPlugin higress-system/pulled: spec.url: oci://registry.example/plugin:1"}},
		{"a path with a question mark", ingress("odd", "", "/a?b", "echo.static:80", ""), []string{"Ingress odd: ", `"/a?b"`}},
		{"all problems at once", plugin("one", foreign, "") + plugin("two", unmarked, ""), []string{"higress-system/one", "higress-system/two"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Generate(parse(t, c.manifests, nil), Options{})
			require.Error(t, err)
			for _, text := range c.want {
				assert.Contains(t, err.Error(), text)
			}
		})
	}
}

func TestModulePrefersTheFileThatLoads(t *testing.T) {
	both := writeModule(t, "plugin.wasm", assemble(guest(), "proxy_redis_call"))
	require.NoError(t, os.WriteFile(Variant(both), assemble(guest()), 0o600))
	path, err := Module(both)
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(filepath.Dir(both), "plugin.envoy.wasm"), path)

	good := writeModule(t, "plugin.wasm", assemble(guest()))
	path, err = Module(good)
	require.NoError(t, err)
	assert.Equal(t, good, path)

	alone := writeModule(t, "plugin.wasm", assemble(guest(), "proxy_redis_call"))
	_, err = Module(alone)
	var foreign *ForeignModuleError
	require.ErrorAs(t, err, &foreign)
	assert.Equal(t, alone, foreign.Path)
	assert.Empty(t, foreign.Instead)
}
