package redisrest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/module"
	"github.com/wasmplane/wasmplane/gateway/server"
	"github.com/wasmplane/wasmplane/gateway/toolchain"
	"github.com/wasmplane/wasmplane/test/internal/engines"
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

// serve starts an HTTP server and returns its address.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// manifests are the plugin with a configuration in JSON, in front of backend.static.
func manifests(t *testing.T, config string) []manifest.File {
	t.Helper()
	return engines.Plugin{Name: "cluster-key-rate-limit", Wasm: limiterModule(t), Config: config, Spec: "failStrategy: FAIL_OPEN"}.Files()
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
		Inline: manifests(t, config),
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
