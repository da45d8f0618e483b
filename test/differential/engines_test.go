package differential

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/envoy"
	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/module"
	"github.com/wasmplane/wasmplane/gateway/server"
	"github.com/wasmplane/wasmplane/gateway/toolchain"
	"github.com/wasmplane/wasmplane/test/internal/engines"
)

const (
	// idleTimeout ends streams that nobody resumes, on both engines. No two steps are that far apart.
	idleTimeout = 2 * time.Second
	// patience is how long the end of an exchange is waited for.
	patience = 5 * time.Second
)

// world is everything that scenarios run in.
type world struct {
	engines   [2]engine
	upstreams map[string][]string // service → addresses
	startAnew func() *envoy.Gateway

	envoy struct {
		sync.Mutex
		*envoy.Gateway
	}
	runs      atomic.Int64
	mu        sync.Mutex
	exchanges map[string]*exchange
}

// engine is a gateway under test.
type engine struct {
	name    string
	address func() string
}

// newWorld starts both engines. Without an Envoy the test is skipped.
func newWorld(t *testing.T) *world {
	t.Helper()
	binary := findEnvoy(t)
	w := &world{exchanges: map[string]*exchange{}}
	w.startUpstreams(t)
	files := []manifest.File{{Name: "differential.yaml", Data: w.manifests(t)}}
	options := manifest.Options{Upstreams: w.upstreams}
	snapshot, problems := manifest.Parse(files, options)
	if fatal := problems.Fatal(); len(fatal) > 0 {
		t.Fatal(fatal)
	}
	w.startAnew = func() *envoy.Gateway { return w.startEnvoy(t, binary, snapshot) }
	t.Cleanup(func() {
		if w.envoy.Gateway != nil {
			w.envoy.Stop()
		}
	})
	w.engines = [2]engine{{"gateway", w.startGateway(t, files, options).Addr}, {"envoy", w.envoyAddress}}
	return w
}

// findEnvoy is $ENVOY, the one on PATH, or the one that make envoy installs. Without any the test is skipped.
func findEnvoy(t *testing.T) string {
	t.Helper()
	binary, err := envoy.FindBinary()
	if err == nil {
		return binary
	}
	installed, absErr := filepath.Abs("../../.venv/bin/envoy")
	if _, statErr := os.Stat(installed); os.Getenv("ENVOY") != "" || absErr != nil || statErr != nil {
		t.Skipf("no Envoy to compare the local gateway with (%v): make envoy installs one", err)
	}
	return installed
}

// envoyAddress is that of a living Envoy: of a new one, if a scenario has ended the last.
func (w *world) envoyAddress() string {
	w.envoy.Lock()
	defer w.envoy.Unlock()
	if w.envoy.Gateway == nil || w.envoy.Err() != nil {
		w.envoy.Gateway = w.startAnew()
	}
	return w.envoy.Address()
}

// envoyEnd says how Envoy ended; "" while it runs.
func (w *world) envoyEnd() string {
	w.envoy.Lock()
	defer w.envoy.Unlock()
	if err := w.envoy.Err(); err != nil {
		return "  " + err.Error() + "\n"
	}
	return ""
}

func (w *world) startGateway(t *testing.T, files []manifest.File, options manifest.Options) *server.Gateway {
	t.Helper()
	return engines.Run(t, server.Config{
		Inline: files, Manifest: options, Concurrency: 2, Profile: abi.Envoy,
		BufferLimit: bufferLimit, StreamIdleTimeout: idleTimeout, CacheDir: t.TempDir(), Log: &lines{read: w.read},
	})
}

func (w *world) startEnvoy(t *testing.T, binary string, snapshot *manifest.Snapshot) *envoy.Gateway {
	t.Helper()
	g, err := envoy.StartGateway(t.Context(), binary, envoy.Options{
		Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", BufferLimit: bufferLimit, StreamIdleTimeout: idleTimeout, NoAccessLog: true,
	}, envoy.ProcessOptions{Log: &lines{read: w.read}})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Apply(t.Context(), snapshot); err != nil {
		g.Stop()
		t.Fatal(err)
	}
	return g
}

// manifests are the chain of both filters and a route for each protocol.
func (w *world) manifests(t *testing.T) []byte {
	t.Helper()
	file := buildGuest(t, "guest")
	var text strings.Builder
	for i, name := range filters {
		fmt.Fprintf(&text, `
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: %s, namespace: higress-system}
spec: {url: "file://%s", priority: %d, defaultConfig: {name: %s}}
---
`, name, filepath.ToSlash(file), 100-i, name)
	}
	for _, name := range []string{"one", "two"} {
		fmt.Fprintf(&text, `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: %s, namespace: higress-system, annotations: {higress.io/destination: "%s.static:80"}}
spec:
  rules:
  - http: {paths: [{path: /%s, pathType: Prefix, backend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}}]}
---
`, name, name, name)
	}
	fmt.Fprintf(&text, `
apiVersion: networking.higress.io/v1
kind: McpBridge
metadata: {name: default, namespace: higress-system}
spec:
  registries:
  - {type: static, name: one, protocol: http, domain: "%s", port: 80}
  - {type: static, name: two, protocol: http2, domain: "%s", port: 80}
  - {type: static, name: gates, protocol: http, domain: "%s", port: 80}
`, w.upstreams["one"][0], w.upstreams["two"][0], w.upstreams["gates"][0])
	return []byte(text.String())
}

// buildGuest compiles and links a folder's program as plugins are.
func buildGuest(t *testing.T, folder string) string {
	t.Helper()
	dir, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "guest.wasm")
	if err := toolchain.Compile(t.Context(), dir, file, nil); err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	linked, err := module.Link(t.Context(), code, module.Metadata{Name: folder})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, linked, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// startUpstreams starts the backend, one listener a protocol, and the service behind the gates.
func (w *world) startUpstreams(t *testing.T) {
	t.Helper()
	backend := codec.NewServer(codec.ServerConfig{NewStream: w.serve, Limits: codec.Limits{HeaderBytes: 1 << 20}})
	gates := &http.Server{Handler: http.HandlerFunc(w.serveGate)}
	w.upstreams = map[string][]string{}
	for name, serve := range map[string]func(net.Listener) error{"one": backend.Serve, "two": backend.Serve, "gates": gates.Serve} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		w.upstreams[name] = []string{listener.Addr().String()}
		go serve(listener)
	}
	t.Cleanup(func() {
		backend.Close()
		gates.Close()
	})
}

// served is the backend's side of a request whose headers are not here yet.
type served struct {
	world    *world
	sender   codec.Sender
	receiver codec.Receiver
}

func (w *world) serve(_ *codec.Conn, sender codec.Sender) codec.Receiver {
	return &served{world: w, sender: sender}
}

// OnHeaders implements codec.Receiver, as the next four.
func (s *served) OnHeaders(h *header.Map, end bool) {
	x := s.world.exchange(h.Value("x-id"))
	if x == nil {
		s.sender.Reset()
		return
	}
	m := &message{}
	s.receiver = receiver{x, m}
	x.note(func() {
		x.requests++
		x.received, x.answer = m, s.sender
	})
	s.receiver.OnHeaders(h, end)
}

func (s *served) OnData(data []byte, end bool) {
	if s.receiver != nil {
		s.receiver.OnData(data, end)
	}
}

func (s *served) OnTrailers(t *header.Map) {
	if s.receiver != nil {
		s.receiver.OnTrailers(t)
	}
}

func (s *served) OnReset(err *codec.ResetError) {
	if s.receiver != nil {
		s.receiver.OnReset(err)
	}
}

func (s *served) OnWriteBuffer(bool) {}

// serveGate answers a call-out when its gate opens.
func (w *world) serveGate(response http.ResponseWriter, request *http.Request) {
	x := w.exchange(request.Header.Get("x-id"))
	if x == nil {
		response.WriteHeader(http.StatusGone)
		return
	}
	select {
	case <-x.gate(strings.TrimPrefix(request.URL.Path, "/")):
	case <-request.Context().Done():
	}
}

func (w *world) exchange(id string) *exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.exchanges[id]
}

// read takes a line of an engine's log.
func (w *world) read(line string) {
	_, text, ok := strings.Cut(line, ": trace ")
	if !ok {
		return
	}
	id, event, _ := strings.Cut(strings.TrimSuffix(strings.TrimRight(text, "\n"), "."), " ")
	if x := w.exchange(id); x != nil {
		x.note(func() { x.trace = append(x.trace, strings.TrimSpace(event)) })
	}
}

// lines is a writer that gets lines.
type lines struct {
	read func(line string)

	mu   sync.Mutex
	rest string
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest += string(p)
	for {
		line, rest, ok := strings.Cut(l.rest, "\n")
		if !ok {
			return len(p), nil
		}
		l.rest = rest
		l.read(line)
	}
}

// run takes a scenario through one engine.
func (w *world) run(e engine, s *scenario, gap time.Duration) *exchange {
	x := newExchange(fmt.Sprintf("%s-%d-%d", e.name, s.seed, w.runs.Add(1)), s)
	w.mu.Lock()
	w.exchanges[x.id] = x
	w.mu.Unlock()
	x.run(e.address(), gap)
	w.mu.Lock()
	delete(w.exchanges, x.id)
	w.mu.Unlock()
	return x
}
