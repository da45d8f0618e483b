package redisrest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/module"
	"github.com/wasmplane/wasmplane/gateway/server"
	"github.com/wasmplane/wasmplane/gateway/toolchain"
)

// patience bounds every wait for a condition.
const patience = 30 * time.Second

// runFolder holds what one run of the tests builds.
var runFolder string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if runFolder, err = os.MkdirTemp("", "redisrest-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(runFolder)
		return m.Run()
	}())
}

const limiterFolder = "../../extensions/cluster-key-rate-limit"

// limiter builds the rate limit plugin for hosts without Redis call-outs, as wasmplane build makes plugin.envoy.wasm.
var limiter = sync.OnceValues(func() (string, error) {
	folder, err := filepath.Abs(limiterFolder)
	if err != nil {
		return "", err
	}
	wasm, ctx := filepath.Join(runFolder, "plugin.envoy.wasm"), context.Background()
	if err := toolchain.Compile(ctx, folder, wasm, []string{"wasmplane_slim", "envoy"}); err != nil {
		return "", err
	}
	code, err := os.ReadFile(wasm)
	if err != nil {
		return "", err
	}
	if code, err = module.Link(ctx, code, module.Metadata{Name: "cluster-key-rate-limit"}); err != nil {
		return "", err
	}
	return wasm, os.WriteFile(wasm, code, 0o600)
})

func limiterModule(t *testing.T) string {
	t.Helper()
	wasm, err := limiter()
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

// startRedis starts a real Redis, where none is installed an embedded one, and returns its address.
func startRedis(t *testing.T) string {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		return miniredis.RunT(t).Addr()
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	free.Close()
	redis := exec.Command(binary, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	output, err := redis.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = redis.Process.Kill()
		_ = redis.Wait()
	})
	said := bufio.NewScanner(output)
	for said.Scan() {
		if strings.Contains(said.Text(), "Ready to accept connections") {
			go io.Copy(io.Discard, output)
			return address
		}
	}
	t.Fatal("redis-server ended before it was ready")
	return ""
}

// redisCommand sends one command to a Redis.
func redisCommand(t *testing.T, address string, words ...any) resp.Value {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := resp.NewWriter(conn).WriteMultiBulk(words[0].(string), words[1:]...); err != nil {
		t.Fatal(err)
	}
	value, _, err := resp.NewReader(conn).ReadValue()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// serve starts an HTTP server and returns its address.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// manifests are the plugin with a configuration in JSON, in front of backend.static.
func manifests(wasm, config string) string {
	return fmt.Sprintf(`
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: cluster-key-rate-limit, namespace: higress-system}
spec:
  url: file://%s
  failStrategy: FAIL_OPEN
  defaultConfig: %s
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: backend, namespace: higress-system, annotations: {higress.io/destination: "backend.static:80"}}
spec: {defaultBackend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}}
`, filepath.ToSlash(wasm), config)
}

// backend answers every request with 200 and counts them.
type backend struct {
	mu sync.Mutex
	n  int
}

func (b *backend) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	b.n++
	b.mu.Unlock()
	io.WriteString(w, "backend")
}

func (b *backend) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.n
}

// gateway is the local gateway as a stock Envoy, with the plugin and a backend.
type gateway struct {
	*server.Gateway
	backend backend
	client  http.Client
}

// run starts a gateway whose limiter.static:80 is rest, and stops it when the test ends.
func run(t *testing.T, config, rest string) *gateway {
	t.Helper()
	g := &gateway{}
	var err error
	g.Gateway, err = server.New(t.Context(), server.Config{
		Listen: "127.0.0.1:0", Admin: "off", Profile: abi.Envoy, NoEcho: true, Concurrency: 3,
		Inline: []manifest.File{{Name: "test.yaml", Data: []byte(manifests(limiterModule(t), config))}},
		Manifest: manifest.Options{Upstreams: map[string][]string{
			"backend.static:80": {serve(t, &g.backend)}, "limiter.static:80": {rest}}},
		CacheDir: filepath.Join(runFolder, "modules"),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx, time.Second) }()
	transport := &http.Transport{}
	g.client = http.Client{Transport: transport, Timeout: patience}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("gateway: %v", err)
		}
		g.Close()
		if t.Failed() {
			for _, line := range g.Log() {
				t.Log(line.Text)
			}
		}
	})
	return g
}

// get returns the answer to a request, its body read.
func (g *gateway) get() (*http.Response, string, error) {
	response, err := g.client.Get("http://" + g.Addr() + "/")
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, string(body), err
}

// logged reports how many lines of the log hold text.
func (g *gateway) logged(text string) (n int) {
	for _, line := range g.Log() {
		if strings.Contains(line.Text, text) {
			n++
		}
	}
	return n
}
