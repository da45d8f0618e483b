package waf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	txhttp "github.com/corazawaf/coraza/v3/http"
	"github.com/corazawaf/coraza/v3/types"

	"github.com/wasmplane/wasmplane/gateway/envoy"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/server"
)

// engine is something that the tests run against.
type engine struct {
	name    string
	address string
	log     string // file with the rules that matched
}

// bufferLimit is what the hosts let a stream hold, in bytes. Some tests have bodies above the hosts' default.
const bufferLimit = 1 << 20

const pluginFile = "../../extensions/waf/plugin.wasm"

func backend(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(reflect))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func logFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "engine.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// startMiddleware starts the baseline: the middleware of the rule engine in front of the backend's handler.
func startMiddleware(t *testing.T) *engine {
	t.Helper()
	log := logFile(t)
	waf, err := coraza.NewWAF(coraza.NewWAFConfig().
		WithRootFS(coreruleset.FS).
		WithDirectives("SecRxPreFilter On\n" + strings.Join(directives, "\n") + "\nSecAuditEngine Off").
		WithErrorCallback(func(match types.MatchedRule) { fmt.Fprintln(log, match.ErrorLog()) }))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(txhttp.WrapHandler(waf, http.HandlerFunc(reflect)))
	t.Cleanup(s.Close)
	return &engine{name: "middleware", address: s.Listener.Addr().String(), log: log.Name()}
}

// manifests are the plugin with the rule set, and one route to the backend.
func manifests(t *testing.T) ([]manifest.File, manifest.Options) {
	t.Helper()
	wasm, err := filepath.Abs(pluginFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(wasm); err != nil {
		t.Skip("the plugin is not built: make build PLUGIN_NAME=waf")
	}
	config, err := json.Marshal(map[string]any{"secRules": directives, "max_argument_bytes": 0,
		"audit_log": map[string]any{"requests": "all"}})
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: waf, namespace: higress-system}
spec: {url: "file://%s", defaultConfig: %s}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: all
  namespace: higress-system
  annotations: {higress.io/destination: "backend.static:80"}
spec:
  rules:
  - http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: backend, port: {number: 80}}}}
`, filepath.ToSlash(wasm), config)
	return []manifest.File{{Name: "waf.yaml", Data: []byte(text)}},
		manifest.Options{Upstreams: map[string][]string{"backend.static:80": {backend(t)}}}
}

func startGateway(t *testing.T) *engine {
	t.Helper()
	files, options := manifests(t)
	log := logFile(t)
	g, err := server.New(t.Context(), server.Config{Listen: "127.0.0.1:0", Admin: "off", Inline: files, Manifest: options,
		Concurrency: 1, BufferLimit: bufferLimit, NoEcho: true, Log: log, LogLevel: "debug",
		CacheDir: filepath.Join(os.TempDir(), "wasmplane-crs")})
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
	return &engine{name: "gateway", address: g.Addr(), log: log.Name()}
}

// startEnvoy skips the test if there is none.
func startEnvoy(t *testing.T) *engine {
	t.Helper()
	binary, err := envoy.FindBinary()
	if err != nil {
		t.Skipf("no stock Envoy: %v", err)
	}
	files, options := manifests(t)
	snapshot, problems := manifest.Parse(files, options)
	if fatal := problems.Fatal(); len(fatal) > 0 {
		t.Fatal(fatal)
	}
	log := logFile(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	g, err := envoy.StartGateway(t.Context(), binary, envoy.Options{Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", BufferLimit: bufferLimit, NoAccessLog: true},
		envoy.ProcessOptions{Concurrency: 1, LogLevel: "debug", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	// Compiling the module and its rules takes Envoy longer on a busy machine than Apply waits.
	for err = g.Apply(ctx, snapshot); errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil; {
		err = g.Apply(ctx, snapshot)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Err(); err != nil {
			text, _ := os.ReadFile(log.Name())
			t.Errorf("Envoy ended: %v\n%s", err, text[max(0, len(text)-4000):])
		}
	})
	return &engine{name: "envoy", address: g.Address(), log: log.Name()}
}

func (e *engine) hostPort(t *testing.T) (string, int) {
	t.Helper()
	address, err := net.ResolveTCPAddr("tcp", e.address)
	if err != nil {
		t.Fatal(err)
	}
	return address.IP.String(), address.Port
}
