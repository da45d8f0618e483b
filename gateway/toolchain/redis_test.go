package toolchain

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/module"
)

const redisCaller = `package main

//go:wasmimport env proxy_redis_call
func redisCall(int32, int32, int32, int32, int32) int32

func call() { redisCall(0, 0, 0, 0, 0) }
`

func parseFile(t *testing.T, path string) *module.Module {
	t.Helper()
	code, err := os.ReadFile(path)
	require.NoError(t, err)
	m, err := module.Parse(code)
	require.NoError(t, err)
	return m
}

func TestARedisPluginIsBuiltTwice(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("go.mod", "module p\n\ngo 1.24\n")
	write("plugin.yaml", "name: p\nversion: 1.0.0\nfailStrategy: FAIL_OPEN\nrequires: [redis, headers-stop-iteration]\n")
	write("main.go", "package main\n\nfunc main() { call() }\n")
	write("redis.go", "//go:build !envoy\n\n"+redisCaller)
	write("rest.go", "//go:build envoy\n\npackage main\n\nfunc call() {}\n")
	p, err := catalog.Load(dir)
	require.NoError(t, err)

	built, err := Build(context.Background(), p)
	require.NoError(t, err)
	require.NotNil(t, built.Envoy)
	assert.Equal(t, filepath.Join(dir, "plugin.envoy.wasm"), built.Envoy.Wasm)
	assert.Equal(t, filepath.Join(dir, "build", "p.envoy.raw.wasm"), built.Envoy.Raw)
	for _, tt := range []struct {
		output   Output
		redis    bool
		requires []string
	}{
		{built.Output, true, []string{"redis", "headers-stop-iteration"}},
		{*built.Envoy, false, []string{"headers-stop-iteration"}},
	} {
		finished := parseFile(t, tt.output.Wasm)
		assert.Equal(t, tt.redis, finished.ImportsRedis())
		assert.Equal(t, tt.redis, parseFile(t, tt.output.Raw).ImportsRedis())
		meta, linked, err := finished.ReadMetadata()
		require.NoError(t, err)
		assert.True(t, linked)
		assert.Equal(t, tt.requires, meta.Requires)
		info, err := os.Stat(tt.output.Wasm)
		require.NoError(t, err)
		assert.Equal(t, info.Size(), tt.output.Size)
	}

	first, err := os.ReadFile(built.Wasm)
	require.NoError(t, err)
	write("rest.go", "//go:build envoy\n\npackage main\n\nfunc call() { nonsense() }\n")
	_, err = Build(context.Background(), p)
	require.ErrorContains(t, err, "build p with the tag envoy: ")
	assert.ErrorContains(t, err, "undefined: nonsense")
	kept, err := os.ReadFile(built.Wasm)
	require.NoError(t, err)
	assert.Equal(t, first, kept, "a failed build leaves the former modules")
	assert.FileExists(t, built.Envoy.Wasm)

	require.NoError(t, os.Remove(filepath.Join(dir, "rest.go")))
	write("redis.go", redisCaller)
	built, err = Build(context.Background(), p)
	require.NoError(t, err)
	assert.Nil(t, built.Envoy, "a plugin that calls Redis by itself gains nothing by the tag")
	assert.NoFileExists(t, filepath.Join(dir, "plugin.envoy.wasm"), "nothing stale is left")
	assert.NoFileExists(t, filepath.Join(dir, "build", "p.envoy.raw.wasm"))

	write("redis.go", "package main\n\nfunc call() {}\n")
	built, err = Build(context.Background(), p)
	require.NoError(t, err)
	assert.Nil(t, built.Envoy)
	assert.False(t, parseFile(t, built.Wasm).ImportsRedis())
}
