package compat

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/server"
)

// patience bounds every wait for a condition.
const patience = 30 * time.Second

// backendRoute sends every request to the backend.
const backendRoute = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: backend, namespace: higress-system, annotations: {higress.io/destination: "backend.static:80"}}
spec: {defaultBackend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}}
`

// pathRoute returns an Ingress that sends one path and what is below it to a service.
func pathRoute(name, path, destination string) string {
	return fmt.Sprintf(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: %s, namespace: higress-system, annotations: {higress.io/destination: %q}}
spec:
  rules:
  - http:
      paths: [{path: %s, pathType: Prefix, backend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}}]
`, name, destination, path)
}

// setup says what a gateway runs: one program in front of a backend, behind backend.static:80.
type setup struct {
	program   string
	config    string            // spec.defaultConfig as JSON; empty means none
	rules     string            // spec.matchRules as JSON; empty means none
	routes    []string          // Ingresses besides backendRoute
	upstreams map[string]string // "host:port" of a service → address
	services  map[string]string // as server.Config.Services
	redis     string            // as server.Config.Redis
	workers   int               // 0 means 1
}

func (s setup) manifests(t *testing.T) []manifest.File {
	t.Helper()
	plugin := fmt.Sprintf(`
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: %s, namespace: higress-system}
spec:
  url: file://%s
`, s.program, filepath.ToSlash(compiled(t, s.program)))
	if s.config != "" {
		plugin += "  defaultConfig: " + s.config + "\n"
	}
	if s.rules != "" {
		plugin += "  matchRules: " + s.rules + "\n"
	}
	documents := append([]string{plugin, backendRoute}, s.routes...)
	return []manifest.File{{Name: s.program + ".yaml", Data: []byte(strings.Join(documents, "---"))}}
}

// gateway is a running local gateway, its backend and a client.
type gateway struct {
	*server.Gateway
	t         *testing.T
	setup     setup
	upstreams map[string][]string
	backend   *upstreamService
	log       *lines
	client    *http.Client
}

// run starts a gateway and stops it when the test ends.
func run(t *testing.T, s setup) *gateway {
	t.Helper()
	g := &gateway{t: t, setup: s, backend: startUpstream(t), log: newLines(), upstreams: map[string][]string{}}
	g.upstreams["backend.static:80"] = []string{g.backend.address}
	for service, address := range s.upstreams {
		g.upstreams[service] = []string{address}
	}
	var err error
	g.Gateway, err = server.New(t.Context(), server.Config{
		Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", Inline: s.manifests(t), Manifest: manifest.Options{Upstreams: maps.Clone(g.upstreams)},
		Services: s.services, Redis: s.redis, NoEcho: true, Concurrency: max(1, s.workers),
		CacheDir: filepath.Join(runFolder, "modules"), LogRequestHeaders: true, Log: g.log,
	})
	if err != nil {
		t.Fatalf("gateway with %s: %v", s.program, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx, time.Second) }()
	transport := &http.Transport{DisableCompression: true}
	g.client = &http.Client{Transport: transport, Timeout: patience}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("gateway: %v", err)
		}
		g.Close()
		if t.Failed() {
			t.Logf("gateway log:\n%s", strings.Join(g.log.all(), "\n"))
		}
	})
	return g
}

// reconfigure puts another configuration in force.
func (g *gateway) reconfigure(config, rules string) error {
	g.t.Helper()
	g.setup.config, g.setup.rules = config, rules
	return g.ReloadWith(g.t.Context(), g.setup.manifests(g.t), maps.Clone(g.upstreams))
}

func (g *gateway) mustReconfigure(config, rules string) {
	g.t.Helper()
	if err := g.reconfigure(config, rules); err != nil {
		g.t.Fatalf("reload: %v", err)
	}
}

// answer is a complete response.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request through the gateway. Headers are "name: value"; a request id always is among them.
func (g *gateway) send(method, path string, body io.Reader, headers ...string) answer {
	g.t.Helper()
	response := g.open(method, path, body, headers...)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		g.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

// open is send for a response whose body the caller reads.
func (g *gateway) open(method, path string, body io.Reader, headers ...string) *http.Response {
	g.t.Helper()
	request, err := http.NewRequestWithContext(g.t.Context(), method, "http://"+g.Addr()+path, body)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Add(name, value)
	}
	response, err := g.client.Do(request)
	if err != nil {
		g.t.Fatalf("%s %s: %v", method, path, err)
	}
	return response
}

func (g *gateway) get(path string, headers ...string) answer {
	g.t.Helper()
	return g.send(http.MethodGet, path, nil, headers...)
}

// accessLog returns the access log entry of a request that was sent with this id.
func (g *gateway) accessLog(requestID string) server.AccessLogEntry {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), patience)
	defer cancel()
	entry, err := g.WaitAccessLog(ctx, requestID)
	if err != nil {
		g.t.Fatal(err)
	}
	return entry
}

// logged returns when the gateway wrote the lines that end in text, the earliest first.
func (g *gateway) logged(text string) []time.Time {
	var times []time.Time
	for _, line := range g.Log() {
		if strings.HasSuffix(line.Text, text) {
			times = append(times, line.Time)
		}
	}
	return times
}

// stat returns the text after "name: " on /stats, "" when there is none.
func (g *gateway) stat(name string) string {
	g.t.Helper()
	response, err := g.client.Get("http://" + g.AdminAddr() + "/stats?filter=" + name)
	if err != nil {
		g.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// expect checks status and body of an answer.
func (a answer) expect(t *testing.T, status int, body string) {
	t.Helper()
	if a.status != status || a.body != body {
		t.Errorf("answer: got %d %q, want %d %q", a.status, a.body, status, body)
	}
}

// received is a request as an upstream got it.
type received struct {
	method, host, path string
	header             http.Header
	body               string
}

// upstreamService is a server behind the gateway that records what it receives.
type upstreamService struct {
	address string

	mu       sync.Mutex
	handler  http.HandlerFunc
	requests []received
}

// startUpstream starts a service that answers 200 "backend" until respond changes that.
func startUpstream(t *testing.T) *upstreamService {
	u := &upstreamService{handler: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "backend") }}
	s := httptest.NewServer(http.HandlerFunc(u.serve))
	t.Cleanup(s.Close)
	u.address = s.Listener.Addr().String()
	return u
}

func (u *upstreamService) serve(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	handler := u.handler
	u.mu.Unlock()
	var body bytes.Buffer
	r.Body = io.NopCloser(io.TeeReader(r.Body, &body))
	recorded := false
	record := func() {
		if recorded {
			return
		}
		recorded = true
		io.Copy(io.Discard, r.Body)
		u.mu.Lock()
		defer u.mu.Unlock()
		u.requests = append(u.requests, received{r.Method, r.Host, r.RequestURI, r.Header.Clone(), body.String()})
	}
	handler(&recordBeforeAnswer{w, record}, r)
	record()
}

// recordBeforeAnswer makes a request known before its answer is, so that tests need not wait for it.
type recordBeforeAnswer struct {
	http.ResponseWriter
	record func()
}

func (w *recordBeforeAnswer) WriteHeader(code int) {
	w.record()
	w.ResponseWriter.WriteHeader(code)
}

func (w *recordBeforeAnswer) Write(b []byte) (int, error) {
	w.record()
	return w.ResponseWriter.Write(b)
}

func (w *recordBeforeAnswer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// respond sets what the service answers from now on.
func (u *upstreamService) respond(handler http.HandlerFunc) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.handler = handler
}

// take returns the requests since the last call.
func (u *upstreamService) take() []received {
	u.mu.Lock()
	defer u.mu.Unlock()
	taken := u.requests
	u.requests = nil
	return taken
}

// takeOne returns the one request since the last call, and fails the test if there were none or more.
func (u *upstreamService) takeOne(t *testing.T) received {
	t.Helper()
	taken := u.take()
	if len(taken) != 1 {
		t.Fatalf("upstream received %d requests, want 1: %+v", len(taken), taken)
	}
	return taken[0]
}

// takeNone fails the test if there was a request since the last call.
func (u *upstreamService) takeNone(t *testing.T) {
	t.Helper()
	if taken := u.take(); len(taken) > 0 {
		t.Errorf("upstream received %d requests, want none: %+v", len(taken), taken)
	}
}

// lines is a log that can be waited on. It is safe for concurrent use.
type lines struct {
	mu      sync.Mutex
	entries []string
	changed chan struct{} // closed and replaced on every line
}

func newLines() *lines { return &lines{changed: make(chan struct{})} }

// Write implements io.Writer. The gateway writes one line at a time.
func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, strings.TrimSuffix(string(line), "\n"))
	close(l.changed)
	l.changed = make(chan struct{})
	return len(line), nil
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

// count returns how many lines end in text.
func (l *lines) count(text string) int {
	n := 0
	for _, line := range l.all() {
		if strings.HasSuffix(line, text) {
			n++
		}
	}
	return n
}

// wait returns once at least n lines end in text.
func (l *lines) wait(t *testing.T, n int, text string) {
	t.Helper()
	deadline := time.After(patience)
	for {
		l.mu.Lock()
		changed := l.changed
		l.mu.Unlock()
		if l.count(text) >= n {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("the log has %d lines that end in %q, want %d", l.count(text), text, n)
		}
	}
}
