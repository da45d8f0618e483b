package oidc

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/test/internal/engines"
)

// setup is the plugin in front of a backend that answers with the headers of its requests. There is one worker, so that
// requests meet in one VM.
func setup(t *testing.T, p *provider) engines.Config {
	t.Helper()
	wasm := engines.Wasm(t, "oidc", "plugin.wasm")
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
	plugin := engines.Plugin{Name: "oidc", Wasm: wasm, Config: string(config), Spec: "phase: AUTHN, priority: 350, failStrategy: FAIL_CLOSE"}
	log := engines.LogFile(t)
	return engines.Config{Files: plugin.Files(), Workers: 1, Log: log, AccessLog: log, Patience: 5 * time.Minute,
		Upstreams: map[string][]string{"backend.static:80": {backend(t)}, "idp.static:80": {p.address}}}
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
