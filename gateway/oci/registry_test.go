package oci

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/stretchr/testify/require"
)

// testRegistry is a registry on a socket, with a place to misbehave and a record of requests.
type testRegistry struct {
	*httptest.Server
	host string
	// before sees each request first; true means that it has answered.
	before func(w http.ResponseWriter, r *http.Request) bool

	mu       sync.Mutex
	requests []*http.Request
}

func newRegistry(t *testing.T, tls bool) *testRegistry {
	t.Helper()
	r := &testRegistry{}
	real := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.requests = append(r.requests, req)
		before := r.before
		r.mu.Unlock()
		if before == nil || !before(w, req) {
			real.ServeHTTP(w, req)
		}
	}))
	r.Config.ErrorLog = log.New(io.Discard, "", 0) // probes with TLS
	if tls {
		r.StartTLS()
	} else {
		r.Start()
	}
	r.host = r.Listener.Addr().String()
	t.Cleanup(r.Close)
	return r
}

func (r *testRegistry) misbehave(before func(w http.ResponseWriter, r *http.Request) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.before = before
}

// seen returns "METHOD path" of the requests since the last call that change or transfer something.
func (r *testRegistry) seen(method, part string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, req := range r.requests {
		if req.Method == method && strings.Contains(req.URL.Path, part) {
			n++
		}
	}
	return n
}

func (r *testRegistry) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = nil
}

// logins returns the Authorization headers that arrived.
func (r *testRegistry) logins() (all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, req := range r.requests {
		if h := req.Header.Get("Authorization"); h != "" {
			all = append(all, h)
		}
	}
	return all
}

// anonymous is a client without any login, whatever the machine has.
func anonymous() *Client { return &Client{Keychain: Logins{}} }

// requireBasic lets only one user in.
func requireBasic(user, password string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if u, p, ok := r.BasicAuth(); ok && u == user && p == password {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="r"`)
		http.Error(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`, http.StatusUnauthorized)
		return true
	}
}

func login(host, user, password string) Logins {
	return Logins{host: authn.AuthConfig{Username: user, Password: password}}
}

// testModule is the smallest module, with some ballast.
func testModule(ballast string) []byte {
	return append([]byte("\x00asm\x01\x00\x00\x00"), ballast...)
}

func contents() Contents {
	return Contents{
		Module: testModule(strings.Repeat("ballast ", 1000)), RuntimeConfig: []byte(`{"type":"envoy_proxy"}`), Spec: []byte("apiVersion: 1.0.0\n"),
		Readmes:     map[string][]byte{"README.md": []byte("# P\n"), "README_ZH.md": []byte("# Z\n"), "README_EN.md": []byte("# E\n")},
		Icon:        []byte("\x89PNG"),
		Annotations: map[string]string{AnnotationTitle: "p", AnnotationVersion: "1.0.0"},
	}
}

func digestString(t *testing.T, c Contents, f Format) string {
	t.Helper()
	img, err := Build(c, f)
	require.NoError(t, err)
	d, err := img.Digest()
	require.NoError(t, err)
	return d.String()
}
