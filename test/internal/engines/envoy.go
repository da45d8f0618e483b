package engines

import (
	"context"
	"errors"
	"testing"

	"github.com/wasmplane/wasmplane/gateway/envoy"
	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// StartEnvoy starts a stock Envoy and returns its address. It skips the test if there is none. The test fails if Envoy
// ends before it.
func StartEnvoy(t testing.TB, c Config) string {
	t.Helper()
	binary, err := envoy.FindBinary()
	if err != nil {
		t.Skipf("no stock Envoy: %v", err)
	}
	snapshot, problems := manifest.Parse(c.Files, c.options())
	if fatal := problems.Fatal(); len(fatal) > 0 {
		t.Fatal(fatal)
	}
	g, err := envoy.StartGateway(t.Context(), binary,
		envoy.Options{Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", BufferLimit: c.BufferLimit, NoAccessLog: c.AccessLog == nil},
		envoy.ProcessOptions{Concurrency: c.workers(), LogLevel: c.LogLevel, Log: c.Log, AccessLog: c.AccessLog})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	ctx, cancel := context.WithTimeout(t.Context(), c.patience())
	defer cancel()
	// Compiling a large module takes Envoy longer on a busy machine than Apply waits.
	for err = g.Apply(ctx, snapshot); errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil; {
		err = g.Apply(ctx, snapshot)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Err(); err != nil {
			t.Errorf("Envoy ended: %v", err)
		}
	})
	return g.Address()
}
