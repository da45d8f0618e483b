package opa

import (
	"bufio"
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

	"github.com/wasmplane/wasmplane/test/internal/engines"
)

// patience bounds every wait.
const patience = 30 * time.Second

// onBothEngines runs a test with the plugin in front of a backend, on the local gateway and on a stock Envoy. upstreams
// are the clusters that the plugin may call.
func onBothEngines(t *testing.T, plugin, config string, upstreams map[string]string, test func(*testing.T, *gateway)) {
	t.Helper()
	files := engines.Plugin{Name: plugin, Wasm: engines.Wasm(t, plugin, "plugin.wasm"), Config: config, Spec: "failStrategy: FAIL_CLOSE"}.Files()
	for engine, start := range map[string]func(testing.TB, engines.Config) string{
		"gateway": engines.StartGateway, "envoy": engines.StartEnvoy,
	} {
		t.Run(engine, func(t *testing.T) {
			g := &gateway{}
			back := httptest.NewServer(&g.backend)
			t.Cleanup(back.Close)
			c := engines.Config{Files: files, CacheDir: filepath.Join(os.TempDir(), "wasmplane-opa"),
				Upstreams: map[string][]string{"backend.static:80": {back.Listener.Addr().String()}}}
			for name, address := range upstreams {
				c.Upstreams[name] = []string{address}
			}
			g.address = start(t, c)
			test(t, g)
		})
	}
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
