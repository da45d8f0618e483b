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

// TestRulesOnBothEngines runs the same module, the finished key-auth, with each kind of rule.
func TestRulesOnBothEngines(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	root := catalog.Checkout(".")
	require.NotEmpty(t, root)
	p, err := catalog.Load(filepath.Join(root, "extensions", "key-auth"))
	require.NoError(t, err)
	built, err := toolchain.Build(ctx, p)
	require.NoError(t, err)
	subject := cases.Plugin{Name: p.Name, Wasm: built.Wasm, Phase: p.Phase, FailStrategy: p.FailStrategy}

	for name, start := range map[string]func(t *testing.T) cases.Engine{
		"gateway": func(t *testing.T) cases.Engine {
			engine, err := newLocalEngine(ctx, "", abi.Higress)
			require.NoError(t, err)
			t.Cleanup(engine.close)
			return engine
		},
		"gateway as envoy": func(t *testing.T) cases.Engine {
			engine, err := newLocalEngine(ctx, "", abi.Envoy)
			require.NoError(t, err)
			t.Cleanup(engine.close)
			return engine
		},
		"envoy": func(t *testing.T) cases.Engine {
			binary, err := envoy.FindBinary()
			if errors.Is(err, envoy.ErrNoBinary) {
				t.Skip(err)
			}
			require.NoError(t, err)
			engine := envoy.NewEngine(binary, "")
			t.Cleanup(engine.Close)
			return engine
		},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := cases.Load(filepath.Join("testdata", "rules.yaml"))
			require.NoError(t, err)
			summary, err := file.Run(ctx, start(t), subject, cases.RunOptions{Progress: func(r cases.Result) {
				var text strings.Builder
				require.NoError(t, r.Write(&text))
				assert.Empty(t, r.Failures, text.String())
			}})
			require.NoError(t, err)
			assert.Equal(t, len(file.Cases), summary.Passed)
		})
	}
}
