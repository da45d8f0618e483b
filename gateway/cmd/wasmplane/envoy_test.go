package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/envoy"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/server"
	"github.com/wasmplane/wasmplane/gateway/toolchain"
)

// findEnvoy skips the test where there is no Envoy, and says how to get one.
func findEnvoy(t *testing.T) string {
	t.Helper()
	binary, err := envoy.FindBinary()
	if errors.Is(err, envoy.ErrNoBinary) {
		t.Skip(err)
	}
	require.NoError(t, err)
	return binary
}

func status(t *testing.T, url string) int {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		return 0
	}
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

func TestRunOnEnvoyTakesOverChangedManifestsAndEndsWithItsContext(t *testing.T) {
	findEnvoy(t)
	const manifests = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: default, namespace: higress-system, annotations: {higress.io/destination: "echo.static:80"}}
spec: {rules: [{http: {paths: [{path: %s, pathType: Prefix, backend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}}]}}]}
`
	file := filepath.Join(t.TempDir(), "routes.yaml")
	write := func(path string) {
		require.NoError(t, os.WriteFile(file, bytes.ReplaceAll([]byte(manifests), []byte("%s"), []byte(path)), 0o600))
	}
	write("/a")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var log bytes.Buffer
	r, err := startOnEnvoy(ctx, server.Config{
		Listen: "127.0.0.1:0", Admin: "off", Redis: "127.0.0.1:1", Manifests: []string{file}, Log: &log, LogLevel: "info",
	}, false)
	require.NoError(t, err)
	defer r.close()
	ended := make(chan error, 1)
	go func() { ended <- r.run(ctx) }()
	assert.Equal(t, 200, status(t, "http://"+r.Addr()+"/a"))
	assert.Equal(t, 404, status(t, "http://"+r.Addr()+"/b"))
	assert.NotEmpty(t, r.AdminAddr())

	write("/b")
	require.Eventually(t, func() bool { return status(t, "http://"+r.Addr()+"/b") == 200 }, 20*time.Second, 10*time.Millisecond)
	assert.Equal(t, 404, status(t, "http://"+r.Addr()+"/a"))

	cancel()
	require.NoError(t, <-ended)
	<-r.gateway.Done()
	assert.Zero(t, status(t, "http://"+r.Addr()+"/b"))
}

func TestUpstreamsOfARunOnEnvoy(t *testing.T) {
	r := &envoyRun{echo: "echo:1", redis: "redis:1", config: server.Config{Services: map[string]string{"idp.dns:443": server.ServiceEcho}}}
	defined := []*manifest.Cluster{
		{Name: "outbound|80||own.static", Endpoints: []string{"192.0.2.1:80"}},
		{Name: "outbound|80||missing.static", Protocol: manifest.HTTP1, TLS: true},
		{Name: "outbound|80||database.static", Protocol: manifest.TCP},
		{Name: "outbound|80||echo.static", Endpoints: []string{"192.0.2.2:80"}},
		{Name: "outbound|443||idp.dns", TLS: true},
	}
	endpoints := map[string][]string{}
	for _, c := range r.clusters(defined) {
		assert.False(t, c.TLS, c.Name)
		endpoints[c.Name] = c.Endpoints
	}
	assert.Equal(t, map[string][]string{
		"outbound|80||own.static": {"192.0.2.1:80"}, "outbound|80||missing.static": {"echo:1"}, "outbound|80||database.static": nil,
		"outbound|80||echo.static": {"192.0.2.2:80"}, "outbound|443||idp.dns": {"echo:1"}, "outbound|6379||redis.static": {"redis:1"},
	}, endpoints)
}

func TestWrittenFilesLoad(t *testing.T) {
	binary := findEnvoy(t)
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	p, err := catalog.Load(filepath.Join(catalog.Checkout("."), "extensions", "hello-world"))
	require.NoError(t, err)
	_, err = toolchain.Build(ctx, p)
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "new")
	require.NoError(t, writeEnvoyFiles(p, &p.Examples[0], dir))

	compose, err := os.ReadFile(filepath.Join(dir, "docker-compose.yaml"))
	require.NoError(t, err)
	assert.Contains(t, string(compose), "envoyproxy/envoy:v"+envoy.Version)
	config, err := os.ReadFile(filepath.Join(dir, "envoy.yaml"))
	require.NoError(t, err)
	assert.Contains(t, string(config), "filename: /etc/envoy/hello-world.wasm")
	assert.Contains(t, string(config), "address: echo\n")
	here := filepath.Join(dir, "here.yaml")
	require.NoError(t, os.WriteFile(here, bytes.ReplaceAll(config, []byte("/etc/envoy/"), []byte(dir+"/")), 0o600))
	out, err := exec.CommandContext(ctx, binary, "--mode", "validate", "--disable-hot-restart", "-c", here).CombinedOutput()
	require.NoError(t, err, "%s", out)
}
