package differential

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/envoy"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/server"
	"github.com/wasmplane/wasmplane/test/internal/engines"
)

// TestRows shows rows of the table of differences in docs/engines.md on both profiles of the local gateway and on a stock
// Envoy, if there is one.
func TestRows(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	t.Cleanup(backend.Close)
	files, options := observed(t, strings.TrimPrefix(backend.URL, "http://"))
	const absent = "error status returned by host: not found"
	for _, engine := range []struct {
		name                               string
		start                              func(t *testing.T, access io.Writer) string
		logLevel, memory, requestHeader    string
		raisedLimit, http2Body, http2Large int // status
		traceTags                          bool
	}{
		{"higress", gatewayOf(abi.Higress, files, options), "ok", "ok", "this", 200, 413, 413, true},
		{"envoy profile", gatewayOf(abi.Envoy, files, options), absent, absent, "", 413, 413, 413, false},
		{"envoy", envoyOf(files, options), absent, absent, "", 413, 200, 413, false},
	} {
		t.Run(engine.name, func(t *testing.T) {
			access := &text{}
			address := engine.start(t, access)
			response := ask(t, address, false, 10, nil)
			for name, want := range map[string]string{
				"x-log-level": engine.logLevel, "x-vm-memory": engine.memory, "x-request-header": engine.requestHeader,
			} {
				if got := response.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			for _, body := range []struct {
				name   string
				http2  bool
				size   int
				header http.Header
				status int
			}{
				{"within the limit", false, bufferLimit, nil, 200},
				{"above the limit", false, bufferLimit + 1, nil, 413},
				{"above the limit that the plugin has raised", false, bufferLimit + 1, http.Header{"X-Limit": {"100000"}}, engine.raisedLimit},
				{"HTTP/2, above the limit", true, bufferLimit + 1, nil, engine.http2Body},
				{"HTTP/2, above any window", true, 1 << 20, nil, engine.http2Large},
			} {
				response := ask(t, address, body.http2, body.size, body.header)
				if response.StatusCode != body.status {
					t.Errorf("%s: status %d, want %d", body.name, response.StatusCode, body.status)
				}
				if set := response.Header.Get("x-limit-set"); body.header != nil && response.StatusCode == 200 && set != "ok" {
					t.Errorf("%s: set property: %s", body.name, set)
				}
			}
			line := access.await(t, "/tagged")
			if got := strings.Contains(line, `"trace_tags":{"seen":"yes"}`); got != engine.traceTags {
				t.Errorf("trace tags in the access log %t, want %t: %s", got, engine.traceTags, line)
			}
		})
	}
}

// observed are the manifests of the observer and a route.
func observed(t *testing.T, backend string) ([]manifest.File, manifest.Options) {
	t.Helper()
	data := fmt.Sprintf(`
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: observer, namespace: higress-system}
spec: {url: "file://%s"}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: all, namespace: higress-system, annotations: {higress.io/destination: "up.static:80"}}
spec:
  rules:
  - http: {paths: [{path: /, pathType: Prefix, backend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}}]}
---
apiVersion: networking.higress.io/v1
kind: McpBridge
metadata: {name: default, namespace: higress-system}
spec: {registries: [{type: static, name: up, protocol: http, domain: "%s", port: 80}]}
`, filepath.ToSlash(buildGuest(t, "observer")), backend)
	return []manifest.File{{Name: "observer.yaml", Data: []byte(data)}}, manifest.Options{}
}

func gatewayOf(profile abi.Profile, files []manifest.File, options manifest.Options) func(*testing.T, io.Writer) string {
	return func(t *testing.T, access io.Writer) string {
		return engines.Run(t, server.Config{
			Inline: files, Manifest: options, Concurrency: 1, Profile: profile,
			BufferLimit: bufferLimit, CacheDir: t.TempDir(), AccessLog: access,
		}).Addr()
	}
}

func envoyOf(files []manifest.File, options manifest.Options) func(*testing.T, io.Writer) string {
	return func(t *testing.T, access io.Writer) string {
		binary := findEnvoy(t)
		snapshot, problems := manifest.Parse(files, options)
		if fatal := problems.Fatal(); len(fatal) > 0 {
			t.Fatal(fatal)
		}
		g, err := envoy.StartGateway(t.Context(), binary, envoy.Options{
			Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", BufferLimit: bufferLimit,
		}, envoy.ProcessOptions{AccessLog: access})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(g.Stop)
		if err := g.Apply(t.Context(), snapshot); err != nil {
			t.Fatal(err)
		}
		return g.Address()
	}
}

// ask posts a body of a size.
func ask(t *testing.T, address string, http2 bool, size int, h http.Header) *http.Response {
	t.Helper()
	var protocols http.Protocols
	protocols.SetHTTP1(!http2)
	protocols.SetUnencryptedHTTP2(http2)
	transport := &http.Transport{Protocols: &protocols, DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/tagged", bytes.NewReader(make([]byte, size)))
	if err != nil {
		t.Fatal(err)
	}
	if h != nil {
		request.Header = h.Clone()
	}
	request.Header.Set("x-asked", "this")
	response, err := (&http.Client{Transport: transport, Timeout: patience}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response
}

// text is a writer whose lines can be waited for. It is safe for concurrent use.
type text struct {
	mu   sync.Mutex
	data string
}

// Write implements io.Writer.
func (x *text) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.data += string(p)
	return len(p), nil
}

// await returns the first complete line that has a word.
func (x *text) await(t *testing.T, word string) string {
	t.Helper()
	for end := time.Now().Add(3 * patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		x.mu.Lock()
		data := x.data
		x.mu.Unlock()
		for line := range strings.Lines(data) {
			if strings.Contains(line, word) && strings.HasSuffix(line, "\n") {
				return line
			}
		}
	}
	t.Fatalf("no line with %q", word)
	return ""
}
