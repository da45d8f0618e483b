package opa

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// policies are such as operators have: headers as pairs, the query as lists, the body in base64.
const policies = `package gateway.http

default allow := false

allow if {
	input.request.method == "GET"
	startswith(input.request.path, "/public")
}

allow if {
	some header in input.request.headers
	header == ["authorization", "Bearer good"]
	not input.request.query.debug
	not harmful
}

harmful if contains(base64.decode(input.request.body), "evil")
`

const odd = `package odd

allow := "yes" if input.request.method == "PUT"

allow := {"allow": true} if input.request.method == "GET"
`

// agent is a running Open Policy Agent.
type agent struct {
	address string
	process *exec.Cmd
}

// program finds the agent, or skips the test.
func program(t *testing.T) string {
	t.Helper()
	if named := os.Getenv("OPA"); named != "" {
		return named
	}
	if found, err := exec.LookPath("opa"); err == nil {
		return found
	}
	cache, err := os.UserCacheDir()
	if err == nil {
		cached := filepath.Join(cache, "wasmplane", "opa-v1.22.0", "opa")
		if _, err := os.Stat(cached); err == nil {
			return cached
		}
	}
	t.Skip("no Open Policy Agent: GOBIN=" + filepath.Join(cache, "wasmplane", "opa-v1.22.0") +
		" go install github.com/open-policy-agent/opa@v1.22.0")
	return ""
}

// startAgent starts the agent with the policies and waits until it is ready.
func startAgent(t *testing.T) *agent {
	t.Helper()
	binary, folder := program(t), t.TempDir()
	for name, text := range map[string]string{"gateway.rego": policies, "odd.rego": odd} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := &agent{address: freeAddress(t)}
	a.process = exec.Command(binary, "run", "--server", "--addr", a.address, "--skip-version-check", "--log-level", "error", folder)
	if err := a.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.stop)
	for end := time.Now().Add(patience); ; {
		response, err := http.Get("http://" + a.address + "/health")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return a
			}
		}
		if time.Now().After(end) {
			t.Fatalf("the agent is not ready: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (a *agent) stop() {
	_ = a.process.Process.Kill()
	_ = a.process.Wait() // an error where it has been stopped before
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func configured(policy string) string {
	return fmt.Sprintf(`{"policy": %q, "timeout": "5s", "serviceSource": "ip", "serviceName": "opa", "servicePort": 8181}`, policy)
}

func TestARealAgentDecides(t *testing.T) {
	a := startAgent(t)
	const token = "authorization: Bearer good"
	tests := []struct {
		name, method, path, body string
		lines                    []string
		status                   int
		says                     string
	}{
		{"the public part", "GET", "/public/a?x=1", "", nil, 200, "backend"},
		{"the rest", "GET", "/private", "", nil, 401, "opa server not allowed"},
		{"the rest with a token", "GET", "/private", "", []string{token}, 200, "backend"},
		{"a body", "POST", "/private", `{"a":1}`, []string{token}, 200, "backend"},
		{"a harmful body", "POST", "/private", "very evil", []string{token}, 401, "opa server not allowed"},
		{"a harmful body that calls itself binary", "POST", "/private", "very evil", []string{token, "content-type: application/octet-stream"}, 401, "opa server not allowed"},
		{"a harmful body that calls itself encoded", "POST", "/private", "very evil", []string{token, "content-encoding: identity"}, 401, "opa server not allowed"},
		{"a parameter", "GET", "/private?a&debug=1", "", []string{token}, 401, "opa server not allowed"},
		{"a parameter in disguise", "GET", "/%zz?a;b&d%65bug=%zz;", "", []string{token}, 401, "opa server not allowed"},
		{"a path that is no URL", "GET", "/%zz", "", nil, 401, "opa server not allowed"},
		{"a handshake", "GET", "/private", "", []string{"connection: Upgrade", "upgrade: websocket"}, 401, "opa server not allowed"},
	}
	onBothEngines(t, "opa", configured("gateway/http"), map[string]string{"opa.static:8181": a.address}, func(t *testing.T, g *gateway) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				got := g.send(t, tt.method, tt.path, tt.body, tt.lines...)
				passed := g.backend.take()
				if got.body != tt.says || got.status != tt.status {
					t.Errorf("got %d %q, want %d %q", got.status, got.body, tt.status, tt.says)
				}
				if want := tt.status == 200; (len(passed) == 1) != want {
					t.Errorf("the backend got %v", passed)
				} else if want && (passed[0].body != tt.body || passed[0].path != tt.path) {
					t.Errorf("the backend got %+v", passed[0])
				}
			})
		}
	})
}

func TestARealAgentWithoutADecision(t *testing.T) {
	a := startAgent(t)
	for policy, methods := range map[string][]string{"no/such": {"GET"}, "odd": {"GET", "PUT", "DELETE"}} {
		onBothEngines(t, "opa", configured(policy), map[string]string{"opa.static:8181": a.address}, func(t *testing.T, g *gateway) {
			for _, method := range methods {
				if got := g.send(t, method, "/public", ""); got.status != 500 || got.body != "rsp type conversion fail" {
					t.Errorf("%s %s: got %d %q", policy, method, got.status, got.body)
				}
			}
			if passed := g.backend.take(); len(passed) > 0 {
				t.Errorf("the backend got %v", passed)
			}
		})
	}
}

func TestAnAgentThatGoesAway(t *testing.T) {
	program(t)
	var current atomic.Pointer[agent]
	front := forward(t, func() string { return current.Load().address })
	onBothEngines(t, "opa", configured("gateway/http"), map[string]string{"opa.static:8181": front}, func(t *testing.T, g *gateway) {
		a := startAgent(t)
		current.Store(a)
		if got := g.send(t, "GET", "/public", ""); got.status != 200 {
			t.Errorf("with the agent: got %d %q", got.status, got.body)
		}
		a.stop()
		g.backend.take()
		if got := g.send(t, "GET", "/public", ""); got.status < 502 || got.status > 504 || got.body != "opa state not is 200" {
			t.Errorf("without it: got %d %q", got.status, got.body)
		}
		if passed := g.backend.take(); len(passed) > 0 {
			t.Errorf("the backend got %v", passed)
		}
	})
}

// forward listens for both engines and passes connections on to where the agent is just now.
func forward(t *testing.T, target func() string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			onward, err := net.Dial("tcp", target())
			if err != nil {
				conn.Close()
				continue
			}
			go func() { _, _ = io.Copy(onward, conn); onward.Close() }()
			go func() { _, _ = io.Copy(conn, onward); conn.Close() }()
		}
	}()
	return listener.Addr().String()
}
