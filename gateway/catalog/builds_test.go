package catalog

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNamesEnvoyBuild(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("ab", 32)
	for url, want := range map[string]bool{
		"oci://r.example:5000/p:1.0.0-envoy":        true,
		"r.example/p:1.0.0-envoy":                   true,
		"oci://r.example/p:1.0.0-envoy" + digest:    true,
		"file:///opt/p/plugin.envoy.wasm":           true,
		"https://x.example/p/plugin.envoy.wasm?v=2": true,
		"oci://r.example/p:1.0.0":                   false,
		"oci://r.example/p" + digest:                false,
		"oci://r.example/for-envoy":                 false,
		"oci://r.example/for-envoy:1":               false,
		"https://x.example/p-envoy":                 false,
		"file:///opt/p/plugin.wasm":                 false,
		"file:///opt/p/my-plugin.envoy.wasm":        false,
		"":                                          false,
	} {
		assert.Equal(t, want, NamesEnvoyBuild(url), url)
	}
}

func TestWasmFor(t *testing.T) {
	const tagged, plain = "oci://r.example/p:1-envoy", "oci://r.example/p:1"
	p := &Plugin{Dir: t.TempDir()}
	assert.Equal(t, p.Wasm(), p.WasmFor(tagged, true), "there is no second build")
	redis := &Plugin{Dir: t.TempDir(), Requires: []string{"redis"}}
	assert.Equal(t, redis.EnvoyWasm(), redis.WasmFor(tagged, false))
	assert.Equal(t, redis.EnvoyWasm(), redis.WasmFor(plain, true))
	assert.Equal(t, redis.Wasm(), redis.WasmFor(plain, false))
	require.NoError(t, os.WriteFile(p.EnvoyWasm(), nil, 0o600))
	assert.Equal(t, p.EnvoyWasm(), p.WasmFor(tagged, false))
}
