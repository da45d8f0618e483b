package httpcache

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/wasmplane/wasmplane/gateway/envoy"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/redisrest"
	"github.com/wasmplane/wasmplane/gateway/server"
)

// patience bounds every wait.
const patience = 30 * time.Second

// gateway is an engine with two workers and the plugin as an HTTP cache, its backend and its Redis.
type gateway struct {
	address string
	backend *backend
	redis   *miniredis.Miniredis
}

// onBothEngines runs a test on the local gateway, and on a stock Envoy whose Redis is behind HTTP.
func onBothEngines(t *testing.T, test func(*testing.T, *gateway)) {
	t.Helper()
	for engine, file := range map[string]string{"gateway": "plugin.wasm", "envoy": "plugin.envoy.wasm"} {
		t.Run(engine, func(t *testing.T) {
			wasm, err := filepath.Abs("../../extensions/response-cache/" + file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(wasm); err != nil {
				t.Skip("the plugin is not built: make build PLUGIN_NAME=response-cache")
			}
			g := &gateway{backend: &backend{}, redis: miniredis.RunT(t)}
			back := httptest.NewServer(g.backend)
			t.Cleanup(back.Close)
			t.Cleanup(back.CloseClientConnections)
			files := []manifest.File{{Name: "test.yaml", Data: fmt.Appendf(nil, manifests, filepath.ToSlash(wasm))}}
			upstreams := map[string][]string{"backend.static:80": {back.Listener.Addr().String()}}
			if engine == "gateway" {
				upstreams["redis.dns:6379"] = []string{g.redis.Addr()}
				g.address = startGateway(t, files, manifest.Options{Upstreams: upstreams})
			} else {
				bridge := httptest.NewServer(redisrest.New(g.redis.Addr(), ""))
				t.Cleanup(bridge.Close)
				upstreams["redis.dns:6379"] = []string{bridge.Listener.Addr().String()}
				g.address = startEnvoy(t, files, manifest.Options{Upstreams: upstreams})
			}
			test(t, g)
		})
	}
}

const manifests = `
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: response-cache, namespace: higress-system}
spec:
  url: "file://%s"
  failStrategy: FAIL_OPEN
  defaultConfig: {mode: http, cache: {type: redis, serviceName: redis.dns}, single_flight_wait: 20000}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: backend, namespace: higress-system, annotations: {higress.io/destination: "backend.static:80"}}
spec: {defaultBackend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}}
`

func startGateway(t *testing.T, files []manifest.File, options manifest.Options) string {
	t.Helper()
	g, err := server.New(t.Context(), server.Config{Listen: "127.0.0.1:0", Admin: "off", Inline: files, Manifest: options,
		Concurrency: 2, NoEcho: true, Log: io.Discard, CacheDir: filepath.Join(os.TempDir(), "wasmplane-httpcache")})
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
	return g.Addr()
}

// startEnvoy skips the test if there is none.
func startEnvoy(t *testing.T, files []manifest.File, options manifest.Options) string {
	t.Helper()
	binary, err := envoy.FindBinary()
	if err != nil {
		t.Skipf("no stock Envoy: %v", err)
	}
	snapshot, problems := manifest.Parse(files, options)
	if fatal := problems.Fatal(); len(fatal) > 0 {
		t.Fatal(fatal)
	}
	g, err := envoy.StartGateway(t.Context(), binary, envoy.Options{Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", NoAccessLog: true},
		envoy.ProcessOptions{Concurrency: 2, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := g.Apply(ctx, snapshot); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Err(); err != nil {
			t.Errorf("Envoy ended: %v", err)
		}
	})
	return g.Address()
}
