package httpcache

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/wasmplane/wasmplane/gateway/redisrest"
	"github.com/wasmplane/wasmplane/test/internal/engines"
)

// patience bounds every wait.
const patience = 30 * time.Second

// config is the plugin's.
const config = `{mode: http, cache: {type: redis, serviceName: redis.dns}, single_flight_wait: 20000}`

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
			plugin := engines.Plugin{Name: "response-cache", Wasm: engines.Wasm(t, "response-cache", file), Config: config, Spec: "failStrategy: FAIL_OPEN"}
			g := &gateway{backend: &backend{}, redis: miniredis.RunT(t)}
			back := httptest.NewServer(g.backend)
			t.Cleanup(back.Close)
			t.Cleanup(back.CloseClientConnections)
			upstreams := map[string][]string{"backend.static:80": {back.Listener.Addr().String()}}
			c := engines.Config{Files: plugin.Files(), Upstreams: upstreams, CacheDir: filepath.Join(os.TempDir(), "wasmplane-httpcache")}
			if engine == "gateway" {
				upstreams["redis.dns:6379"] = []string{g.redis.Addr()}
				g.address = engines.StartGateway(t, c)
			} else {
				bridge := httptest.NewServer(redisrest.New(g.redis.Addr(), ""))
				t.Cleanup(bridge.Close)
				upstreams["redis.dns:6379"] = []string{bridge.Listener.Addr().String()}
				g.address = engines.StartEnvoy(t, c)
			}
			test(t, g)
		})
	}
}
