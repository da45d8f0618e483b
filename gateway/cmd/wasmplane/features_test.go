package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/cases"
	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/envoy"
	"github.com/wasmplane/wasmplane/gateway/toolchain"
)

// startEngine starts an engine of that name. On a machine without Envoy, tests on that are skipped.
func startEngine(t *testing.T, ctx context.Context, name, redis string) cases.Engine {
	t.Helper()
	if name == engineGateway {
		engine, err := newLocalEngine(ctx, redis, abi.Higress)
		require.NoError(t, err)
		t.Cleanup(engine.close)
		return engine
	}
	binary, err := envoy.FindBinary()
	if errors.Is(err, envoy.ErrNoBinary) {
		t.Skip(err)
	}
	require.NoError(t, err)
	engine := envoy.NewEngine(binary, redis)
	t.Cleanup(engine.Close)
	return engine
}

// TestFormatOfCasesOnBothEngines runs what the format of cases offers where it takes a real gateway to see it.
func TestFormatOfCasesOnBothEngines(t *testing.T) {
	for _, test := range []struct {
		file, plugin string
		redis        bool
	}{
		{"connections.yaml", "request-block", false},
		{"upstreams.yaml", "request-block", false},
		{"redis.yaml", "cluster-key-rate-limit", true},
	} {
		for _, engine := range []string{engineGateway, engineEnvoy} {
			t.Run(test.file+" on "+engine, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
				defer cancel()
				redis := ""
				if test.redis {
					address, stop, err := startRedisServer(ctx)
					if errors.Is(err, errNoRedisServer) {
						t.Skip(err)
					}
					require.NoError(t, err)
					t.Cleanup(stop)
					redis = address
				}
				runCases(t, ctx, startEngine(t, ctx, engine, redis), test.file, test.plugin)
			})
		}
	}
}

// runCases runs a file of testdata with a plugin of this checkout. All of its cases must pass.
func runCases(t *testing.T, ctx context.Context, engine cases.Engine, name, plugin string) {
	t.Helper()
	root := catalog.Checkout(".")
	require.NotEmpty(t, root)
	p, err := catalog.Load(filepath.Join(root, "extensions", plugin))
	require.NoError(t, err)
	_, err = toolchain.Build(ctx, p)
	require.NoError(t, err)
	subject, err := (&testFlags{engine: engine.Name()}).subject(p)
	require.NoError(t, err)
	file, err := cases.Load(filepath.Join("testdata", name))
	require.NoError(t, err)
	summary, err := file.Run(ctx, engine, subject, cases.RunOptions{
		RedisPrivate: true,
		Resolve:      func(string) (cases.Plugin, error) { return subject, nil },
		Progress: func(r cases.Result) {
			var text strings.Builder
			require.NoError(t, r.Write(&text))
			assert.Empty(t, r.Failures, text.String())
		},
	})
	require.NoError(t, err)
	assert.Equal(t, len(file.Cases), summary.Passed)
}
