package engines

import (
	"context"
	"testing"

	"github.com/wasmplane/wasmplane/gateway/server"
)

// StartGateway starts the local gateway and returns its address.
func StartGateway(t testing.TB, c Config) string {
	t.Helper()
	return Run(t, server.Config{Inline: c.Files, Manifest: c.options(), Concurrency: c.workers(), BufferLimit: c.BufferLimit,
		CacheDir: c.CacheDir, Log: c.Log, LogLevel: c.LogLevel, AccessLog: c.AccessLog}).Addr()
}

// Run starts the local gateway for suites that need more of it than Config has: on a port of its own, without admin
// endpoints and without the echo upstream. The test fails if the gateway does not end as it is told to.
func Run(t testing.TB, config server.Config) *server.Gateway {
	t.Helper()
	config.Listen, config.Admin, config.NoEcho = "127.0.0.1:0", "off", true
	g, err := server.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx, 0) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("gateway: %v", err)
		}
		g.Close()
	})
	return g
}
