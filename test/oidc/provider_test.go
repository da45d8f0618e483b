package oidc

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// leastNode is the oldest major version of Node.js that oidc-provider runs on.
const leastNode = 20

const howToGetNode = "oidc-provider needs Node.js 20 or newer with npm: https://nodejs.org/en/download, or `apt-get install nodejs npm` on Debian 13"

// modules is the folder that oidc-provider is installed in, once for all tests and runs.
var modules = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	folder := filepath.Join(cache, "wasmplane-oidc-provider")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	for _, name := range []string{"package.json", "package-lock.json", "provider.mjs"} {
		data, err := os.ReadFile(filepath.Join("testdata", "provider", name))
		if err != nil {
			return "", err
		}
		if old, err := os.ReadFile(filepath.Join(folder, name)); err == nil && string(old) == string(data) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(folder, "node_modules")); err != nil && name != "provider.mjs" {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			return "", err
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "oidc-provider", "package.json")); err == nil {
		return folder, nil
	}
	install := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = folder
	output, err := install.CombinedOutput()
	if err != nil {
		return "", &installError{string(output), err}
	}
	return folder, nil
})

type installError struct {
	output string
	cause  error
}

func (e *installError) Error() string { return "npm ci: " + e.cause.Error() + "\n" + e.output }

// needNode skips the test where there is no Node.js.
func needNode(t *testing.T) {
	t.Helper()
	version, err := exec.Command("node", "--version").Output()
	if err != nil {
		t.Skipf("%s (%v)", howToGetNode, err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(version)), "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < leastNode {
		t.Skipf("%s (there is %s)", howToGetNode, version)
	}
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skipf("%s (%v)", howToGetNode, err)
	}
}

// provider is an OpenID provider. Its address is known before it runs, since a proxy stands in front of it.
type provider struct {
	issuer  string
	address string // of the proxy, host:port
	target  atomic.Pointer[url.URL]

	mu    sync.Mutex
	calls []string // method and path of the gateway's calls
}

// newProvider returns a provider that answers 503 until it is started.
func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(p.target.Load())
		r.Out.Host = r.In.Host
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.target.Load() == nil {
			http.Error(w, "not started", http.StatusServiceUnavailable)
			return
		}
		if r.Header.Get("X-Envoy-Internal") != "" {
			p.note(r.Method + " " + r.URL.Path)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.address = server.Listener.Addr().String()
	_, port, _ := strings.Cut(p.address, ":")
	p.issuer = "http://localhost:" + port
	return p
}

// start runs the provider for a gateway at that URL.
func (p *provider) start(t *testing.T, gateway string) {
	t.Helper()
	folder, err := modules()
	if err != nil {
		t.Fatal(err)
	}
	node := exec.Command("node", "provider.mjs")
	node.Dir = folder
	node.Env = append(os.Environ(), "ISSUER="+p.issuer, "GATEWAY="+gateway)
	var remarks bytes.Buffer
	node.Stderr = &remarks
	input, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		input.Close() // it ends with its input
		if err := node.Wait(); err != nil {
			t.Errorf("oidc-provider: %v", err)
		}
		if t.Failed() {
			t.Logf("%s", remarks.String())
		}
	})
	port := ""
	for lines := bufio.NewScanner(output); port == "" && lines.Scan(); {
		port, _ = strings.CutPrefix(lines.Text(), "port ")
	}
	if port == "" {
		t.Fatal("oidc-provider did not start")
	}
	p.target.Store(&url.URL{Scheme: "http", Host: "127.0.0.1:" + port})
}

func (p *provider) note(call string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, call)
}

// tokenCalls is how often the gateway has asked for tokens.
func (p *provider) tokenCalls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, call := range p.calls {
		if call == "POST /token" {
			n++
		}
	}
	return n
}
