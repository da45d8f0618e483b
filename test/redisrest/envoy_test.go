package redisrest

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/cases"
	"github.com/wasmplane/wasmplane/gateway/envoy"
	"github.com/wasmplane/wasmplane/test/internal/redis"
)

// All cases hold on a stock Envoy, where the engine puts the bridge in front of every Redis: what is recorded of one that
// answers as told is what the bridge asked it.
func TestCasesOnEnvoy(t *testing.T) {
	binary, err := envoy.FindBinary()
	if errors.Is(err, envoy.ErrNoBinary) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	file, err := cases.Load(filepath.Join(limiterFolder, "cases.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	engine := envoy.NewEngine(binary, redis.Any(t))
	defer engine.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	plugin := cases.Plugin{Name: "cluster-key-rate-limit", Wasm: limiterModule(t), FailStrategy: "FAIL_OPEN"}
	summary, err := file.Run(ctx, engine, plugin, cases.RunOptions{RedisPrivate: true, Progress: func(r cases.Result) {
		for _, f := range r.Failures {
			t.Errorf("%s / %s: %s: expected %s, actual %s\n%s%s", r.Case, r.Step, f.Field, f.Expected, f.Actual, f.Diff, r.Context)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if summary.Passed == 0 || summary.Failed > 0 {
		t.Errorf("%d passed, %d failed, %d skipped", summary.Passed, summary.Failed, summary.Skipped)
	}
	t.Logf("%d passed, %d skipped", summary.Passed, summary.Skipped)
}
