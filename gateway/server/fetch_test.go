package server

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/fetch"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/oci"
)

// imageRegistry is a registry that holds the guest as guest:1. While gate is set, it runs before every request; true
// means that it has answered.
type imageRegistry struct {
	host      string
	digest    string // of guest:1
	gate      atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool]
	manifests atomic.Int64 // requests for manifests
}

func newImageRegistry(t *testing.T) *imageRegistry {
	t.Helper()
	r := &imageRegistry{}
	real := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if gate := r.gate.Load(); gate != nil && (*gate)(w, req) {
			return
		}
		if strings.Contains(req.URL.Path, "/manifests/") {
			r.manifests.Add(1)
		}
		real.ServeHTTP(w, req)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients try TLS first
	server.Start()
	t.Cleanup(server.Close)
	r.host = server.Listener.Addr().String()
	r.digest = r.push(t, "guest:1", "")
	return r
}

// packGuest makes the image of the guest, once.
var packGuest = sync.OnceValues(func() (v1.Image, error) {
	code, err := os.ReadFile(guestFile)
	if err != nil {
		return nil, err
	}
	return oci.Build(oci.Contents{Module: code}, oci.FormatImage)
})

func guestImage(t *testing.T) v1.Image {
	t.Helper()
	img, err := packGuest()
	require.NoError(t, err)
	return img
}

// push stores the guest. A revision makes it another image.
func (r *imageRegistry) push(t *testing.T, name, revision string) (digest string) {
	t.Helper()
	img := mutate.Annotations(guestImage(t), map[string]string{oci.AnnotationRevision: revision}).(v1.Image)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	done, err := (&oci.Client{Keychain: oci.Logins{}, Transport: transport}).Push(t.Context(), img, []string{r.host + "/" + name}, nil)
	require.NoError(t, err)
	return done[0].Digest
}

func (r *imageRegistry) close(gate func(w http.ResponseWriter, r *http.Request) bool) {
	r.gate.Store(&gate)
}
func (r *imageRegistry) open() { r.gate.Store(nil) }

func unavailable(w http.ResponseWriter, _ *http.Request) bool {
	w.WriteHeader(http.StatusServiceUnavailable)
	return true
}

// quick makes a gateway give up on a fetch at once, and not try again by itself.
func quick() Config {
	return Config{Concurrency: 1, Fetch: fetch.Options{Attempts: 1}, RefetchInterval: time.Hour}
}

func (f *fixture) plugin(name string) dumpedPlugin {
	f.t.Helper()
	for _, p := range f.configDump().Plugins {
		if p.Name == "higress-system."+name {
			return p
		}
	}
	f.t.Fatalf("/config_dump has no plugin %s", name)
	panic("unreachable")
}

func TestModulesComeFromImagesAndWebServers(t *testing.T) {
	r := newImageRegistry(t)
	web := backend(t, func(w http.ResponseWriter, req *http.Request) { http.ServeFile(w, req, guestFile) })
	for _, c := range []struct{ name, url, image string }{
		{"oci by tag", "oci://" + r.host + "/guest:1", r.digest},
		{"without a scheme", r.host + "/guest:1", r.digest},
		{"by digest", "oci://" + r.host + "/guest@" + r.digest, r.digest},
		{"a web server", "http://" + web + "/guest.wasm", ""},
		{"a file", "file://" + guestFile, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := start(t, quick(), wasmPluginAt(c.url, "a", `{name: a, mark: "1"}`))
			assert.Equal(t, "a1", f.get("/").Header.Get("x-by"))
			shown := f.plugin("a")
			assert.Equal(t, c.url, shown.URL)
			assert.Equal(t, c.image, shown.Image)
			assert.Len(t, shown.SHA256, 64)
			assert.Empty(t, shown.Failure)
		})
	}
}

func TestAPluginThatCannotBeFetchedFollowsItsFailStrategy(t *testing.T) {
	for _, c := range []struct {
		name   string
		gate   func(http.ResponseWriter, *http.Request) bool
		sha256 string
		reason string
	}{
		{"the registry is down", unavailable, "", "the registry failed"},
		{"the registry asks for a login", func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("WWW-Authenticate", `Basic realm="r"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}, "", "the registry asks for a login"},
		{"another digest", nil, strings.Repeat("ab", 32), "spec.sha256: the image's digest is"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newImageRegistry(t)
			if c.gate != nil {
				r.close(c.gate)
			}
			spec := []string{`sha256: "` + c.sha256 + `"`}

			open := start(t, quick(), wasmPluginAt(r.host+"/guest:1", "a", `{name: a}`, append(spec, "failStrategy: FAIL_OPEN")...))
			res := open.get("/")
			assert.Equal(t, http.StatusNotFound, res.StatusCode, "the request gets as far as to the missing route")
			assert.Empty(t, res.Header.Get("x-by"))
			assert.Contains(t, open.plugin("a").Failure, c.reason)
			assert.Equal(t, 1, open.logHas("is skipped (FAIL_OPEN)"))
			assert.Equal(t, 1, open.logHas(c.reason))

			closed := start(t, quick(), wasmPluginAt(r.host+"/guest:1", "a", `{name: a}`, append(spec, "failStrategy: FAIL_CLOSE")...))
			res = closed.get("/", "x-request-id", "refused")
			assert.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
			assert.Empty(t, res.body)
			assert.Equal(t, "wasm_fail_stream", closed.logged("refused").ResponseCodeDetails)
			assert.Contains(t, closed.plugin("a").Failure, c.reason)
			assert.Equal(t, 1, closed.logHas("requests are refused (FAIL_CLOSE)"))
			grpc := closed.do(closed.request("POST", "/", nil, "content-type", "application/grpc"))
			assert.Equal(t, "14", grpc.Header.Get("grpc-status"))
		})
	}
	t.Run("what can never be fetched ends the start", func(t *testing.T) {
		g, err := newGateway(quick(), wasmPluginAt("docker://r.example/p:1", "a", `{}`))
		if err == nil {
			g.Close()
		}
		require.ErrorContains(t, err, "a.yaml:1: WasmPlugin higress-system/a: spec.url")
		assert.ErrorContains(t, err, "write oci://r.example/p:1")
	})
	t.Run("an imagePullSecret that is none", func(t *testing.T) {
		secret := manifest.File{Name: "secret.yaml", Data: []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: pull, namespace: higress-system}\n" +
			"type: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: 'topsecret'}\n")}
		f := start(t, quick(), secret, wasmPluginAt("r.example/p:1", "a", `{}`, "imagePullSecret: pull", "failStrategy: FAIL_OPEN"))
		assert.Contains(t, f.plugin("a").Failure, "spec.imagePullSecret: Secret higress-system/pull: must be JSON")
		assert.NotContains(t, f.admin("GET", "/config_dump").body, "topsecret")
	})
}

func TestAPluginThatWasNotFetchedComesLater(t *testing.T) {
	for _, strategy := range []string{"FAIL_OPEN", "FAIL_CLOSE"} {
		r := newImageRegistry(t)
		r.close(unavailable)
		config := quick()
		config.RefetchInterval = time.Millisecond
		f := start(t, config, wasmPluginAt(r.host+"/guest:1", "a", `{name: a, mark: "1"}`, "failStrategy: "+strategy))
		require.NotEmpty(t, f.plugin("a").Failure)
		r.open()
		eventually(t, "the plugin works", func() bool { return f.get("/").Header.Get("x-by") == "a1" })
		assert.Empty(t, f.plugin("a").Failure)
	}
}

func TestAHangingRegistryDoesNotHoldUpTheStart(t *testing.T) {
	hanging, healthy := newImageRegistry(t), newImageRegistry(t)
	hanging.close(func(_ http.ResponseWriter, req *http.Request) bool {
		<-req.Context().Done()
		return true
	})
	config := Config{Concurrency: 1, FetchWait: 3 * time.Second, RefetchInterval: time.Millisecond} // a fetch has 30 s
	files := []manifest.File{wasmPluginAt(healthy.host+"/guest:1", "z", `{name: z, mark: "1"}`, "priority: 1")}
	const many = 9 // more than are fetched at once
	for i := range many {
		name := string(rune('a' + i))
		files = append(files, wasmPluginAt(hanging.host+"/guest:1", name, `{name: `+name+`}`, "failStrategy: FAIL_OPEN", "priority: 2"))
	}
	began := time.Now()
	f := start(t, config, files...)
	assert.Less(t, time.Since(began), 20*time.Second)
	assert.Equal(t, 1, f.logHas("fetching "+healthy.host+"/guest:1"), "the log says what the start waits for")
	assert.Equal(t, many, f.logHas("is skipped (FAIL_OPEN)"))
	assert.Contains(t, f.plugin("a").Failure, "not there 3s after the start, so the gateway starts without it and goes on trying")
	assert.Equal(t, "z1", f.get("/").Header.Get("x-by"), "another registry's module was not held up")
	hanging.open()
	eventually(t, "all plugins work", func() bool { return f.plugin("a").Failure == "" && f.plugin("i").Failure == "" })
}

func TestReloadsWhileARegistryIsDown(t *testing.T) {
	r := newImageRegistry(t)
	plugin := func(mark string) manifest.File {
		return wasmPluginAt("oci://"+r.host+"/guest:1", "a", `{name: a, mark: "`+mark+`"}`, "imagePullPolicy: Always")
	}
	up := backend(t, marked)
	bridge := services("up", "http", up)
	f := start(t, quick(), bridge, route("r", "/", "up.static:80"), plugin("1"))
	require.Equal(t, "a1 ", f.get("/").body)
	r.close(unavailable)

	asked := r.manifests.Load()
	err := f.ReloadWith(context.Background(), []manifest.File{bridge, route("r", "/", "up.static:80"), route("new", "/new", "up.static:80"), plugin("1")}, nil)
	require.NoError(t, err, "a plugin whose resource did not change is not pulled again")
	assert.Equal(t, asked, r.manifests.Load())
	assert.Equal(t, "a1 ", f.get("/new").body)

	err = f.ReloadWith(context.Background(), []manifest.File{bridge, route("r", "/", "up.static:80"), plugin("2")}, nil)
	require.ErrorContains(t, err, "the registry failed", "one that changed is, and the former one stays")
	assert.Contains(t, f.configDump().Problems, "the registry failed")
	assert.Equal(t, "a1 ", f.get("/new").body)

	r.open()
	require.NoError(t, f.ReloadWith(context.Background(), []manifest.File{bridge, route("r", "/", "up.static:80"), plugin("2")}, nil))
	assert.Equal(t, "a2 ", f.get("/").body)

	other := r.push(t, "guest:1", "moved")
	require.NoError(t, f.ReloadWith(context.Background(), []manifest.File{bridge, route("r", "/", "up.static:80"), plugin("3")}, nil))
	assert.Equal(t, "a3 ", f.get("/").body)
	assert.Equal(t, other, f.plugin("a").Image, "Always follows the tag when the resource changes")

	r.close(unavailable)
	err = f.ReloadWith(context.Background(), []manifest.File{bridge, route("r", "/", "up.static:80"), plugin("3"), wasmPluginAt(r.host+"/new:1", "b", `{name: b}`)}, nil)
	require.ErrorContains(t, err, "WasmPlugin higress-system/b", "a new plugin that must not be skipped is refused")
	assert.Equal(t, "a3 ", f.get("/").body)
}

func TestRequestsAreServedWhileAModuleIsFetched(t *testing.T) {
	r := newImageRegistry(t)
	f := start(t, quick(), wasmPluginAt("file://"+guestFile, "a", `{name: a, mark: "1"}`))
	asked, answer := make(chan struct{}, 10), make(chan struct{})
	r.close(func(_ http.ResponseWriter, req *http.Request) bool {
		asked <- struct{}{}
		<-answer
		return false
	})
	done := make(chan error, 1)
	go func() {
		done <- f.ReloadWith(context.Background(), []manifest.File{wasmPluginAt(r.host+"/guest:1", "a", `{name: a, mark: "2"}`)}, nil)
	}()
	receive(t, "the registry to be asked", asked)
	assert.Equal(t, "a1", f.get("/").Header.Get("x-by"), "the only worker serves requests")
	assert.Equal(t, http.StatusOK, f.admin("GET", "/config_dump").StatusCode)
	close(answer)
	require.NoError(t, receive(t, "the reload", done))
	assert.Equal(t, "a2", f.get("/").Header.Get("x-by"))
}

func TestClosingEndsAFetch(t *testing.T) {
	r := newImageRegistry(t)
	f := start(t, quick(), wasmPluginAt("file://"+guestFile, "a", `{name: a}`))
	asked := make(chan struct{}, 10)
	r.close(func(_ http.ResponseWriter, req *http.Request) bool {
		asked <- struct{}{}
		<-req.Context().Done()
		return true
	})
	done := make(chan error, 1)
	go func() {
		done <- f.ReloadWith(context.Background(), []manifest.File{wasmPluginAt(r.host+"/guest:1", "b", `{name: b}`)}, nil)
	}()
	receive(t, "the registry to be asked", asked)
	f.Close()
	assert.ErrorIs(t, receive(t, "the reload", done), context.Canceled)
}
