package images

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/catalog"
)

func helloWorld(t *testing.T) *catalog.Plugin {
	t.Helper()
	p, err := catalog.Load(filepath.Join(checkout, "extensions", "hello-world"))
	require.NoError(t, err)
	if _, err := os.Stat(p.Wasm()); err != nil {
		run(t, "build", p.Name)
	}
	return p
}

func TestTheCommandLine(t *testing.T) {
	p := helloWorld(t)
	host := newRegistry(t, nil)
	ref := host + "/team/hello:7"
	pushed := run(t, "image", "push", p.Name, "--no-build", "--image", ref, "--tag", "stable", "--annotation", "com.example.team=a", "--annotation", "org.opencontainers.image.revision=")
	assert.Contains(t, pushed, host+"/team/hello:stable pushed")

	shown := run(t, "image", "inspect", ref)
	for _, part := range []string{"digest: " + digestIn(t, pushed), "application/vnd.oci.image.manifest.v1+json", "plugin.wasm",
		"com.example.team", "org.opencontainers.image.title", "Apache-2.0"} {
		assert.Contains(t, shown, part)
	}
	assert.NotContains(t, shown, "image.revision", "an empty annotation leaves one out")

	file := filepath.Join(t.TempDir(), "pulled.wasm")
	assert.Contains(t, run(t, "image", "pull", "oci://"+ref, "-o", file), digestIn(t, pushed))
	assert.Equal(t, sum(t, p.Wasm()), sum(t, file))

	about := run(t, "inspect", ref)
	assert.Contains(t, about, "plugin hello-world")
	assert.Contains(t, about, "runs on")
	assert.Contains(t, run(t, "inspect", file), "plugin hello-world")

	folder := filepath.Join(t.TempDir(), "layout")
	built := run(t, "image", "build", p.Name, "--no-build", "-o", folder)
	assert.FileExists(t, filepath.Join(folder, "oci-layout"))
	assert.FileExists(t, filepath.Join(folder, "blobs", "sha256", strings.TrimPrefix(digestIn(t, built), "sha256:")))
	archive := filepath.Join(t.TempDir(), "image.tar")
	run(t, "image", "build", p.Name, "--no-build", "--format", "docker", "-o", archive)
	assert.FileExists(t, archive)
}

// A plugin with Redis has a second module, for hosts without Redis call-outs, with a version of its own.
func TestTheModuleForStockEnvoy(t *testing.T) {
	p, err := catalog.Load(filepath.Join(checkout, "extensions", "replay-protection"))
	require.NoError(t, err)
	host := newRegistry(t, nil)
	pushed := run(t, "image", "push", p.Name, "--envoy", "--registry", host+"/plugins/", "--format", "artifact")
	ref := host + "/plugins/" + p.Name + ":" + p.Version + "-envoy"
	assert.Contains(t, pushed, ref+" pushed")

	file := filepath.Join(t.TempDir(), "pulled.wasm")
	run(t, "image", "pull", ref, "-o", file)
	assert.Equal(t, sum(t, filepath.Join(p.Dir, "plugin.envoy.wasm")), sum(t, file))
	assert.NotEqual(t, sum(t, p.Wasm()), sum(t, file))
	assert.NotContains(t, run(t, "inspect", file), "env.proxy_redis_")
	assert.Contains(t, run(t, "inspect", p.Wasm()), "env.proxy_redis_")
	assert.Contains(t, fails(t, "image", "push", "hello-world", "--no-build", "--envoy", "--registry", host+"/plugins/"), "hello-world has no module of its own for Envoy")
}

func sum(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

func TestLoginsComeFromDockersConfiguration(t *testing.T) {
	p := helloWorld(t)
	var logins atomic.Int64
	host := newRegistry(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				logins.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	})
	docker := t.TempDir()
	auth := base64.StdEncoding.EncodeToString([]byte("robot:secret"))
	require.NoError(t, os.WriteFile(filepath.Join(docker, "config.json"), fmt.Appendf(nil, `{"auths": {%q: {"auth": %q}}}`, host, auth), 0o600))
	r := runCommand(t, docker, wasmplane, "image", "push", p.Name, "--no-build", "--registry", host+"/")
	require.NoError(t, r.err, r.stderr)
	assert.Zero(t, logins.Load(), "a registry that is spoken to over plain HTTP gets no login")

	helper := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(docker, "config.json"), []byte(`{"credsStore": "test"}`), 0o600))
	log := filepath.Join(helper, "asked")
	script := "#!/bin/sh\ncat > " + log + "\necho '{\"Username\": \"robot\", \"Secret\": \"secret\"}'\n"
	require.NoError(t, os.WriteFile(filepath.Join(helper, "docker-credential-test"), []byte(script), 0o700))
	t.Setenv("PATH", helper+string(os.PathListSeparator)+os.Getenv("PATH"))
	r = runCommand(t, docker, wasmplane, "image", "inspect", host+"/hello-world:"+p.Version)
	require.NoError(t, r.err, r.stderr)
	asked, err := os.ReadFile(log)
	require.NoError(t, err, "the credential helper is asked")
	assert.Equal(t, host+"/hello-world", strings.TrimSpace(string(asked)))
	assert.Zero(t, logins.Load())
}

func TestErrorsOfTheCommandLine(t *testing.T) {
	p := helloWorld(t)
	host := newRegistry(t, nil)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := ln.Addr().String()
	require.NoError(t, ln.Close())
	locked := newRegistry(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="r"`)
			w.WriteHeader(http.StatusUnauthorized)
		})
	})
	corrupt := newRegistry(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") {
				w.Write([]byte("something else"))
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	run(t, "image", "push", p.Name, "--no-build", "--registry", corrupt+"/")
	absent := strings.Repeat("ab", 32)
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"no such plugin", []string{"image", "push", "nope", "--registry", host + "/"}, []string{`no plugin "nope"`, "hello-world"}},
		{"an unreachable registry", []string{"image", "push", p.Name, "--no-build", "--registry", nobody + "/"}, []string{"hello-world", "the registry cannot be reached", nobody}},
		{"401", []string{"image", "push", p.Name, "--no-build", "--registry", locked + "/"}, []string{"the registry asks for a login", "docker login " + locked}},
		{"no such image", []string{"image", "pull", host + "/other:1"}, []string{"the registry has no such image"}},
		{"no such digest", []string{"image", "inspect", host + "/other@sha256:" + absent}, []string{"the registry has no such image"}},
		{"a corrupt layer", []string{"image", "pull", corrupt + "/hello-world:" + p.Version, "-o", filepath.Join(t.TempDir(), "p.wasm")}, []string{"the layer is corrupt"}},
		{"nowhere to push to", []string{"image", "push", p.Name}, []string{"--registry or --image"}},
		{"a registry without a slash", []string{"image", "push", p.Name, "--registry", host}, []string{"--registry: must end with /"}},
		{"two plugins, one image", []string{"image", "push", p.Name, "key-auth", "--image", host + "/p:1"}, []string{"--image: names one image"}},
		{"an unknown format", []string{"image", "build", p.Name, "--no-build", "--format", "zip"}, []string{"--format", "image, docker, artifact, higress"}},
		{"a tag that is none", []string{"image", "push", p.Name, "--no-build", "--registry", host + "/", "--plugin-version", "1+2"}, []string{"not an image reference", "1+2"}},
		{"docker://", []string{"image", "pull", "docker://" + host + "/p:1"}, []string{"write oci://" + host + "/p:1"}},
		{"a module for Envoy that there is not", []string{"image", "build", p.Name, "--no-build", "--envoy"}, []string{"plugin.wasm runs there"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := fails(t, c.args...)
			for _, part := range c.want {
				assert.Contains(t, text, part)
			}
			assert.Equal(t, 1, strings.Count(text, "wasmplane: "), "it is said once")
		})
	}
}
