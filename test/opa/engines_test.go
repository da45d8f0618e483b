package opa

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/envoy"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/server"
)

// patience bounds every wait.
const patience = 30 * time.Second

// onBothEngines runs a test with the plugin in front of a backend, on the local gateway and on a stock Envoy. upstreams
// are the clusters that the plugin may call.
func onBothEngines(t *testing.T, plugin, config string, upstreams map[string]string, test func(*testing.T, *gateway)) {
	t.Helper()
	wasm, err := filepath.Abs("../../extensions/" + plugin + "/plugin.wasm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(wasm); err != nil {
		t.Skip("the plugin is not built: make build PLUGIN_NAME=" + plugin)
	}
	for engine, start := range map[string]func(*testing.T, []manifest.File, manifest.Options) string{
		"gateway": startGateway, "envoy": startEnvoy,
	} {
		t.Run(engine, func(t *testing.T) {
			g := &gateway{}
			back := httptest.NewServer(&g.backend)
			t.Cleanup(back.Close)
			options := manifest.Options{Upstreams: map[string][]string{"backend.static:80": {back.Listener.Addr().String()}}}
			for name, address := range upstreams {
				options.Upstreams[name] = []string{address}
			}
			g.address = start(t, []manifest.File{{Name: "test.yaml", Data: []byte(manifests(plugin, wasm, config))}}, options)
			test(t, g)
		})
	}
}

// manifests are the plugin with a configuration in JSON, in front of backend.static.
func manifests(plugin, wasm, config string) string {
	return fmt.Sprintf(`
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: %s, namespace: higress-system}
spec: {url: "file://%s", failStrategy: FAIL_CLOSE, defaultConfig: %s}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: backend, namespace: higress-system, annotations: {higress.io/destination: "backend.static:80"}}
spec: {defaultBackend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}}
`, plugin, filepath.ToSlash(wasm), config)
}

func startGateway(t *testing.T, files []manifest.File, options manifest.Options) string {
	t.Helper()
	g, err := server.New(t.Context(), server.Config{Listen: "127.0.0.1:0", Admin: "off", Inline: files, Manifest: options,
		Concurrency: 2, NoEcho: true, Log: io.Discard, CacheDir: filepath.Join(os.TempDir(), "wasmplane-opa")})
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

// gateway is an engine with a plugin and a backend.
type gateway struct {
	address string
	backend backend
}

// backend answers every request with 200 and what it received.
type backend struct {
	mu       sync.Mutex
	received []received
}

// received is a request as the backend got it.
type received struct {
	path, body string
	header     http.Header
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.received = append(b.received, received{path: r.RequestURI, body: string(body), header: r.Header})
	io.WriteString(w, "backend")
}

// take returns what the backend has received since the last call.
func (b *backend) take() []received {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.received
	b.received = nil
	return list
}

// answered is a response.
type answered struct {
	status int
	body   string
}

// send sends a request of which every byte of the path counts. lines are its headers.
func (g *gateway) send(t *testing.T, method, path, body string, lines ...string) answered {
	t.Helper()
	got, err := g.try(method, path, body, lines...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

// try is send for other goroutines than the test's.
func (g *gateway) try(method, path, body string, lines ...string) (answered, error) {
	conn, err := net.DialTimeout("tcp", g.address, patience)
	if err != nil {
		return answered{}, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return answered{}, err
	}
	if body != "" {
		lines = append(lines, fmt.Sprintf("content-length: %d", len(body)))
	}
	head := strings.Join(append([]string{method + " " + path + " HTTP/1.1", "host: gateway.test"}, lines...), "\r\n")
	if _, err := io.WriteString(conn, head+"\r\n\r\n"+body); err != nil {
		return answered{}, err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return answered{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answered{status: response.StatusCode, body: string(text)}, err
}
