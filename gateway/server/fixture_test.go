package server

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// patience is how long a test waits for what must happen.
const patience = 60 * time.Second

var (
	// guestFile is the compiled testdata/guest; cacheDir has its machine code.
	guestFile, cacheDir string
	// firstStart is how long it took to start a gateway when the cache was empty.
	firstStart time.Duration
)

func TestMain(m *testing.M) {
	code, err := withGuest(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func withGuest(run func() int) (int, error) {
	dir, err := os.MkdirTemp("", "wasmplane-server-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	guestFile, cacheDir = filepath.Join(dir, "guest.wasm"), filepath.Join(dir, "cache")
	build := exec.Command("go", "build", "-buildvcs=false", "-buildmode=c-shared", "-ldflags=-s -w", "-o", guestFile, ".")
	build.Dir = filepath.Join("testdata", "guest")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOWORK=off", "GOFLAGS=-mod=readonly")
	if output, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the guest: %w\n%s", err, output)
	}
	begin := time.Now()
	g, err := newGateway(Config{}, wasmPlugin("a", `{name: a}`))
	if err != nil {
		return 0, err
	}
	firstStart = time.Since(begin)
	g.Close()
	return run(), nil
}

// fixture is a running gateway with a client for each protocol.
type fixture struct {
	*Gateway
	t       *testing.T
	h1, h2  *http.Client
	stop    context.CancelFunc // ends Run
	stopped chan error         // what Run returned
}

// newGateway makes a gateway on free ports. The test closes it.
func newGateway(config Config, files ...manifest.File) (*Gateway, error) {
	config.Listen, config.Admin = "127.0.0.1:0", "127.0.0.1:0"
	if config.CacheDir == "" {
		config.CacheDir = cacheDir
	}
	config.Inline = files
	config.Upstream.ConnectTimeout = cmp.Or(config.Upstream.ConnectTimeout, patience) // hundreds of connections at once, under the race detector
	return New(context.Background(), config)
}

// start runs a gateway. When the test is over it checks that the gateway leaves no goroutine behind.
func start(t *testing.T, config Config, files ...manifest.File) *fixture {
	t.Helper()
	before := runtime.NumGoroutine()
	g, err := newGateway(config, files...)
	require.NoError(t, err)
	f := &fixture{Gateway: g, t: t, stopped: make(chan error, 1)}
	var ctx context.Context
	ctx, f.stop = context.WithCancel(context.Background())
	go func() { f.stopped <- g.Run(ctx, 0) }()
	f.h1, f.h2 = newClient(false), newClient(true)
	t.Cleanup(func() {
		if t.Failed() {
			for _, line := range g.Log() {
				t.Log(line.Level, line.Text)
			}
		}
		g.Close()
		f.stop()
		f.h1.CloseIdleConnections()
		f.h2.CloseIdleConnections()
		// What a pool's last HTTP/2 stream leaves of its connection ends with the upstream.
		backendConns.Range(func(conn, _ any) bool {
			conn.(net.Conn).Close()
			return true
		})
		eventually(t, "the gateway's goroutines end", func() bool { return runtime.NumGoroutine() <= before })
	})
	return f
}

func newClient(http2 bool) *http.Client {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(!http2)
	protocols.SetUnencryptedHTTP2(http2)
	return &http.Client{
		Transport:     &http.Transport{Protocols: protocols, DisableCompression: true, MaxIdleConnsPerHost: 300},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("waited in vain until %s\n%s", what, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// receive waits for a value.
func receive[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// request makes a request to the gateway. Headers are name and value in turn.
func (f *fixture) request(method, path string, body io.Reader, headers ...string) *http.Request {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	f.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, "http://"+f.Addr()+path, body)
	require.NoError(f.t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// answer is a response that was read completely.
type answer struct {
	*http.Response
	body string
}

func (f *fixture) do(r *http.Request) answer {
	f.t.Helper()
	res, err := f.h1.Do(r)
	require.NoError(f.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	return answer{res, string(body)}
}

func (f *fixture) get(path string, headers ...string) answer {
	f.t.Helper()
	return f.do(f.request("GET", path, nil, headers...))
}

// logged waits for the access log line of a request.
func (f *fixture) logged(requestID string) AccessLogEntry {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	entry, err := f.WaitAccessLog(ctx, requestID)
	require.NoError(f.t, err)
	return entry
}

// admin gets a page of the admin listener.
func (f *fixture) admin(method, path string, headers ...string) answer {
	f.t.Helper()
	r := f.request(method, path, nil, headers...)
	r.URL.Host = f.AdminAddr()
	r.Host = r.Header.Get("Host")
	return f.do(r)
}

// stat returns a number of /stats, "" if there is none.
func (f *fixture) stat(name string) string {
	f.t.Helper()
	for _, line := range strings.Split(f.admin("GET", "/stats").body, "\n") {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return value
		}
	}
	return ""
}

type dump struct {
	Plugins  []dumpedPlugin
	Routes   []dumpedRoute
	Problems string `json:"last_reload_problems"`
}

func (f *fixture) configDump() (d dump) {
	f.t.Helper()
	require.NoError(f.t, json.Unmarshal([]byte(f.admin("GET", "/config_dump").body), &d))
	return d
}

// logHas reports how many lines of the gateway's log contain a text.
func (f *fixture) logHas(part string) (n int) {
	for _, line := range f.Log() {
		if strings.Contains(line.Text, part) {
			n++
		}
	}
	return n
}

// Manifests.

func wasmPlugin(name, config string, extra ...string) manifest.File {
	return wasmPluginAt("file://"+guestFile, name, config, extra...)
}

// wasmPluginAt returns a WasmPlugin with further lines of its spec.
func wasmPluginAt(url, name, config string, extra ...string) manifest.File {
	var b bytes.Buffer
	fmt.Fprintf(&b, "apiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: %s, namespace: higress-system}\n", name)
	fmt.Fprintf(&b, "spec:\n  url: %s\n  defaultConfig: %s\n", url, config)
	for _, line := range extra {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	return manifest.File{Name: name + ".yaml", Data: b.Bytes()}
}

// route sends a path prefix to a service such as "up.static:80". Annotations are "name: value".
func route(name, path, service string, annotations ...string) manifest.File {
	list := strings.Join(append([]string{fmt.Sprintf("higress.io/destination: %q", service)}, annotations...), ", ")
	return manifest.File{Name: name + ".yaml", Data: fmt.Appendf(nil, `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: %s, namespace: higress-system, annotations: {%s}}
spec:
  rules:
    - http:
        paths:
          - {path: %s, pathType: Prefix, backend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}}
`, name, list, path)}
}

// services is an McpBridge of static services on port 80: name, protocol, address and so on.
func services(of ...string) manifest.File {
	var b bytes.Buffer
	b.WriteString("apiVersion: networking.higress.io/v1\nkind: McpBridge\nmetadata: {name: default, namespace: higress-system}\nspec:\n  registries:\n")
	for i := 0; i < len(of); i += 3 {
		fmt.Fprintf(&b, "    - {type: static, name: %s, protocol: %s, domain: %q, port: 80}\n", of[i], of[i+1], of[i+2])
	}
	return manifest.File{Name: "bridge.yaml", Data: b.Bytes()}
}

// Upstreams.

// backendConns are the connections of all backends.
var backendConns sync.Map

// backend serves HTTP/1 and h2c. It is closed, connections included, when the test is over.
func backend(t *testing.T, handler http.HandlerFunc) (address string) {
	t.Helper()
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	ln := listen(t)
	server := &http.Server{Handler: handler, Protocols: protocols, ConnState: func(conn net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			backendConns.Store(conn, nil)
		case http.StateClosed, http.StateHijacked:
			backendConns.Delete(conn)
		}
	}}
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(ln) }()
	t.Cleanup(func() { server.Close(); <-done })
	return ln.Addr().String()
}

func listen(t *testing.T) *net.TCPListener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	return ln.(*net.TCPListener)
}

// unused is an address that refuses connections.
func unused(t *testing.T) string {
	ln := listen(t)
	ln.Close()
	return ln.Addr().String()
}

// accept takes a connection of the gateway's, with a deadline for everything on it.
func accept(t *testing.T, ln *net.TCPListener) net.Conn {
	t.Helper()
	ln.SetDeadline(time.Now().Add(patience))
	conn, err := ln.Accept()
	require.NoError(t, err)
	conn.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { conn.Close() })
	return conn
}

// dial connects to the gateway, with a deadline for everything.
func (f *fixture) dial() net.Conn {
	f.t.Helper()
	conn, err := net.Dial("tcp", f.Addr())
	require.NoError(f.t, err)
	conn.SetDeadline(time.Now().Add(patience))
	f.t.Cleanup(func() { conn.Close() })
	return conn
}
