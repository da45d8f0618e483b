package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/envoy"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/server"
)

const pluginFile = "../../extensions/oidc/plugin.wasm"

// manifests are the plugin, and one route to a backend that answers with the headers of its requests.
func manifests(t *testing.T, p *provider) ([]manifest.File, manifest.Options) {
	t.Helper()
	wasm, err := filepath.Abs(pluginFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(wasm); err != nil {
		t.Skip("the plugin is not built: make build PLUGIN_NAME=oidc")
	}
	config, err := json.Marshal(map[string]any{
		"oidc_issuer_url":          p.issuer,
		"client_id":                "shop-web",
		"client_secret":            "s3cr3t",
		"cookie_secret":            "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
		"service_name":             "idp.static",
		"service_port":             80,
		"scope":                    "openid email offline_access",
		"prompt":                   "consent",
		"code_challenge_method":    "S256",
		"insecure_oidc_skip_nonce": false,
		"pass_access_token":        true,
		"verifier_interval":        "100ms",
		"match_list": []map[string]string{
			{"match_rule_domain": "*", "match_rule_path": "/static/", "match_rule_type": "prefix"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: oidc, namespace: higress-system}
spec: {url: "file://%s", phase: AUTHN, priority: 350, failStrategy: FAIL_CLOSE, defaultConfig: %s}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: all
  namespace: higress-system
  annotations: {higress.io/destination: "backend.static:80"}
spec:
  rules:
  - http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: backend, port: {number: 80}}}}
`, filepath.ToSlash(wasm), config)
	return []manifest.File{{Name: "oidc.yaml", Data: []byte(text)}},
		manifest.Options{Upstreams: map[string][]string{"backend.static:80": {backend(t)}, "idp.static:80": {p.address}}}
}

// seen is what the backend tells of a request.
type seen struct {
	Path    string
	Headers http.Header
	Body    string
}

func backend(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, 64)
		n, _ := r.Body.Read(body)
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(seen{r.URL.RequestURI(), r.Header, string(body[:n])}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// startGateway starts the local gateway with one worker, so that requests meet in one VM. It returns its URL.
func startGateway(t *testing.T, p *provider) string {
	t.Helper()
	files, options := manifests(t, p)
	g, err := server.New(t.Context(), server.Config{Listen: "127.0.0.1:0", Admin: "off", Inline: files, Manifest: options,
		Concurrency: 1, NoEcho: true, Log: logFile(t)})
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
	return "http://" + g.Addr()
}

// startEnvoy skips the test if there is none.
func startEnvoy(t *testing.T, p *provider) string {
	t.Helper()
	binary, err := envoy.FindBinary()
	if err != nil {
		t.Skipf("no stock Envoy: %v", err)
	}
	files, options := manifests(t, p)
	snapshot, problems := manifest.Parse(files, options)
	if fatal := problems.Fatal(); len(fatal) > 0 {
		t.Fatal(fatal)
	}
	log := logFile(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	g, err := envoy.StartGateway(t.Context(), binary, envoy.Options{Listen: "127.0.0.1:0", Admin: "127.0.0.1:0"},
		envoy.ProcessOptions{Concurrency: 1, Log: log, AccessLog: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	for err = g.Apply(ctx, snapshot); errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil; {
		err = g.Apply(ctx, snapshot) // compiling the module takes Envoy longer on a busy machine than Apply waits
	}
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + g.Address()
}

// logFile is the engine's log. It is shown if the test fails.
func logFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "engine.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if text, err := os.ReadFile(f.Name()); t.Failed() && err == nil {
			t.Logf("%s", text[max(0, len(text)-6000):])
		}
		f.Close()
	})
	return f
}
