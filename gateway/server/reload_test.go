package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/fetch"
	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// marked answers with the marks of the plugins that a request passed.
func marked(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, r.Header.Get("x-seen")+" "+r.Header.Get("x-a-answer"))
}

func TestChangedFilesTakeEffectWithoutDroppingStreams(t *testing.T) {
	proceed := make(chan struct{})
	up := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			io.WriteString(w, "begin ")
			http.NewResponseController(w).Flush()
			<-proceed
			io.WriteString(w, "end")
			return
		}
		marked(w, r)
	})
	dir := t.TempDir()
	write := func(f manifest.File) {
		t.Helper()
		require.NoError(t, os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600))
	}
	write(services("up", "http", up))
	write(route("r", "/", "up.static:80"))
	write(wasmPlugin("a", `{name: a, mark: "1"}`))
	f := start(t, Config{Manifests: []string{dir}})
	res, err := f.h1.Do(f.request("GET", "/slow", nil, "x-a", "upper"))
	require.NoError(t, err)
	defer res.Body.Close()
	assert.Equal(t, "a1", res.Header.Get("x-by"))

	write(wasmPlugin("a", `{name: a, mark: "2"}`))
	eventually(t, "the change takes effect", func() bool { return f.get("/").body == "a2 " })
	assert.Equal(t, 1, f.logHas("manifests reloaded"))
	close(proceed)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err, "a running stream is not dropped")
	assert.Equal(t, "BEGIN END", string(body), "and keeps its plugin")

	write(manifest.File{Name: "broken.yaml", Data: []byte("kind: [")})
	eventually(t, "the problem is shown", func() bool { return strings.Contains(f.configDump().Problems, "broken.yaml") })
	assert.Equal(t, "a2 ", f.get("/").body, "what ran goes on")
	assert.Equal(t, 1, f.logHas("the former configuration stays in force"))
	require.NoError(t, os.Remove(filepath.Join(dir, "broken.yaml")))
	eventually(t, "the problem is gone", func() bool { return f.configDump().Problems == "" })

	write(manifest.File{Name: "r.yaml", Data: route("r", "/other", "up.static:80").Data})
	eventually(t, "the route is gone", func() bool { return f.get("/").StatusCode == 404 })
	assert.Equal(t, "a2 ", f.get("/other").body)
}

func TestARefusedReloadChangesNothing(t *testing.T) {
	up, other := backend(t, marked), backend(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "other") })
	absent := unused(t)
	f := start(t, Config{Concurrency: 1, Fetch: fetch.Options{Attempts: 1}}, services("up", "http", up), route("r", "/", "up.static:80"), wasmPlugin("a", `{name: a, mark: "1"}`, "failStrategy: FAIL_OPEN"))
	passed := 0
	count := func() string {
		passed++
		return fmt.Sprintf("a1 %d", passed)
	}
	for _, c := range []struct {
		name string
		file manifest.File
		want []string
	}{
		{"a manifest that is not one", manifest.File{Name: "x.yaml", Data: []byte("kind: [")}, []string{"x.yaml"}},
		{"a bad field", wasmPlugin("b", `{name: b}`, "phase: LATER"), []string{"b.yaml", "WasmPlugin higress-system/b", "spec.phase"}},
		{"a configuration that the plugin refuses", wasmPlugin("b", `{name: b, refuse: because of this}`), []string{"b.yaml", "b", "refuse: because of this"}},
		{"a module that is not there", wasmPluginAt("file:///not/there.wasm", "b", `{}`), []string{"spec.url", "/not/there.wasm", "no such file"}},
		{"a module that is none", wasmPluginAt("file:///etc/passwd", "b", `{}`), []string{"spec.url", "not a wasm module"}},
		{"a module that cannot be fetched", wasmPluginAt("oci://"+absent+"/p:1", "b", `{}`), []string{"spec.url", absent + "/p:1", "the registry cannot be reached"}},
		{"a module from the web", wasmPluginAt("http://"+absent+"/p.wasm", "b", `{}`), []string{"spec.url", "http://" + absent + "/p.wasm", "connection refused"}},
		{"an unknown scheme", wasmPluginAt("ftp://example.com/p.wasm", "b", `{}`), []string{"spec.url", "must be a file, http, https or oci URL"}},
		{"a file URL with a host", wasmPluginAt("file://p.wasm", "b", `{}`), []string{"spec.url", "three slashes"}},
		{"another digest", wasmPlugin("b", `{name: b}`, "sha256: "+strings.Repeat("ab", 32)), []string{"spec.sha256", "the module's digest is"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, count(), f.get("/", "x-a", "count").body)
			// The bad file comes with good changes: other endpoints, another plugin, another route.
			next := []manifest.File{services("up", "http", other, "new", "http", other), route("r", "/", "up.static:80"),
				route("new", "/new", "new.static:80"), wasmPlugin("a", `{name: a, mark: "2"}`, "failStrategy: FAIL_OPEN"), c.file}
			err := f.ReloadWith(context.Background(), next, nil)
			require.Error(t, err)
			problems := f.configDump().Problems
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
				assert.Contains(t, problems, want)
			}
			assert.Equal(t, count(), f.get("/", "x-a", "count").body, "plugin, its memory and the endpoints are the former ones")
			assert.Equal(t, "a1 ", f.get("/new").body, "the route, too")
			assert.NotContains(t, f.admin("GET", "/clusters").body, "new.static")
			assert.Len(t, f.modules.modules, 1)
			require.NoError(t, f.Reload(context.Background()), "the former manifests are read again")
			assert.Equal(t, count(), f.get("/", "x-a", "count").body)
		})
	}
}

func TestUnchangedPluginsKeepTheirMemory(t *testing.T) {
	up := backend(t, marked)
	f := start(t, Config{Concurrency: 1}, services("up", "http", up), route("r", "/", "up.static:80"), wasmPlugin("a", `{name: a}`))
	require.Equal(t, "a 1", f.get("/", "x-a", "count").body)
	loads := f.stat("wasm.wazero.created")

	reload := func(files ...manifest.File) {
		t.Helper()
		require.NoError(t, f.ReloadWith(context.Background(), append(files, services("up", "http", up), route("r", "/", "up.static:80")), nil))
	}
	reload(wasmPlugin("a", `{name: a}`, "priority: 7", "phase: AUTHN"))
	assert.Equal(t, "a 2", f.get("/", "x-a", "count").body)
	assert.Equal(t, loads, f.stat("wasm.wazero.created"), "nothing was loaded")
	assert.Equal(t, "AUTHN", f.configDump().Plugins[0].Phase, "its new place is shown")

	reload(wasmPlugin("a", `{name: a, mark: "2"}`))
	assert.Equal(t, "a2 3", f.get("/", "x-a", "count").body, "a new configuration lives in the same VM")

	reload()
	assert.Equal(t, " ", f.get("/", "x-a", "count").body)
	assert.Empty(t, f.configDump().Plugins)
	assert.Empty(t, f.modules.modules, "the module is dropped")
	eventually(t, "the VMs are closed", func() bool { return f.stat("wasm.wazero.active") == "0" })

	reload(wasmPlugin("a", `{name: a}`))
	assert.Equal(t, "a 1", f.get("/", "x-a", "count").body)
}

func TestPluginsThatDoNotLoadAtTheStart(t *testing.T) {
	for _, c := range []struct{ name, url, config, reason string }{
		{"no module", "file:///not/there.wasm", `{}`, "no such file"},
		{"refused configuration", "file://" + guestFile, `{name: a, refuse: because of this}`, "error: refuse: because of this"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := newGateway(Config{}, wasmPluginAt(c.url, "a", c.config))
			require.ErrorContains(t, err, c.reason)
			assert.ErrorContains(t, err, "a.yaml:1: WasmPlugin higress-system/a: ")

			f := start(t, Config{}, wasmPluginAt(c.url, "a", c.config, "failStrategy: FAIL_OPEN"), wasmPlugin("b", `{name: b}`),
				services("up", "http", backend(t, marked)), route("r", "/", "up.static:80"))
			assert.Equal(t, "b ", f.get("/").body)
			plugins := f.configDump().Plugins
			require.Len(t, plugins, 2)
			assert.Equal(t, "higress-system.a", plugins[0].Name)
			assert.Equal(t, "FAIL_OPEN", plugins[0].FailStrategy)
			assert.Contains(t, plugins[0].Failure, c.reason)
			assert.Empty(t, plugins[1].Failure)
			assert.Equal(t, 1, f.logHas("plugin higress-system.a does not load and is skipped (FAIL_OPEN)"))

			require.NoError(t, f.ReloadWith(context.Background(), []manifest.File{wasmPlugin("a", `{name: a}`)}, nil))
			assert.Empty(t, f.configDump().Plugins[0].Failure, "once it loads it runs")
		})
	}
}

func TestTheEchoUpstreamStandsIn(t *testing.T) {
	const service = `
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: default}
spec: {ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: default}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]}}]}
`
	up := backend(t, marked)
	file := manifest.File{Name: "shop.yaml", Data: []byte(service)}
	f := start(t, Config{}, file)
	const said = "cluster outbound|80||shop.default.svc.cluster.local has no endpoints: the echo upstream stands in"
	assert.Contains(t, f.get("/some/path").body, "/some/path")
	assert.Equal(t, f.EchoAddr(), f.logged(f.lastRequestID()).UpstreamHost)
	require.NoError(t, f.Reload(context.Background()))
	assert.Equal(t, 1, f.logHas(said), "it is said once")

	require.NoError(t, f.ReloadWith(context.Background(), []manifest.File{file}, map[string][]string{"shop.default": {up}}))
	assert.Equal(t, " ", f.get("/").body, "endpoints from outside take its place")
	require.NoError(t, f.ReloadWith(context.Background(), nil, nil))
	assert.Contains(t, f.get("/default").body, "/default", "without manifests everything is echoed")
}

func (f *fixture) lastRequestID() string {
	var id string
	eventually(f.t, "a request is logged", func() bool {
		entries, _ := f.access.recent()
		if len(entries) > 0 {
			id = entries[len(entries)-1].RequestID
		}
		return id != ""
	})
	return id
}

func TestACallOutToAClusterThatIsNotPushed(t *testing.T) {
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: auth, namespace: default}\nspec: {ports: [{port: 80}]}\n"
	files := []manifest.File{{Name: "auth.yaml", Data: []byte(service)}, services("up", "http", backend(t, marked)),
		route("r", "/", "up.static:80"), wasmPlugin("a", `{name: a}`)}
	const cluster = "outbound|80||auth.default.svc.cluster.local"
	f := start(t, Config{}, files...)
	for range 2 {
		assert.Equal(t, "a error status returned by host: bad argument", f.get("/", "x-a", "call "+cluster+" /").body)
		assert.Equal(t, "a error status returned by host: bad argument", f.get("/", "x-a", "redis "+cluster+" PING").body)
	}
	f.get("/", "x-a", "call outbound|80||unknown.static /")
	assert.Equal(t, 1, f.logHas("not pushed"), "it is said once, and not of clusters that nobody defined")
	assert.Equal(t, 1, f.logHas(cluster+" and was refused: the service (auth.yaml:1)"))
	assert.Equal(t, 1, f.logHas("--push-all-clusters"))
	assert.Contains(t, f.admin("GET", "/config_dump").body, `"clusters_not_pushed"`)

	pushed := start(t, Config{Manifest: manifest.Options{PushAllClusters: true}}, files...)
	assert.Equal(t, "a 200", pushed.get("/", "x-a", "call "+cluster+" /").body)
}

func TestAPluginMayCallANewClusterWhileItStarts(t *testing.T) {
	f := start(t, Config{Concurrency: 1})
	require.NoError(t, f.ReloadWith(context.Background(), []manifest.File{services("up", "http", backend(t, marked)),
		wasmPlugin("a", `{name: a, call: "outbound|80||up.static"}`)}, nil))
	assert.Zero(t, f.logHas("start call: error"))
	eventually(t, "main thread and worker got their answers", func() bool { return f.logHas("start call answered: 200") >= 2 })
}

func TestConfigurationsThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		config Config
		want   string
	}{
		"workers":     {Config{Concurrency: -1}, "concurrency: must not be negative, not -1"},
		"buffer":      {Config{BufferLimit: -1}, "buffer limit: must not be negative, not -1"},
		"log level":   {Config{LogLevel: "loud"}, `must be one of trace, debug, info, warning, error, critical, off, not "loud"`},
		"service":     {Config{Services: map[string]string{"redis": "redis"}}, `services: "redis" must be HOST:PORT`},
		"kind":        {Config{Services: map[string]string{"a.static:1": "mysql"}}, `services[a.static:1]: must be echo or redis, not "mysql"`},
		"no manifest": {Config{Manifests: []string{"/not/there"}}, "/not/there: no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newGateway(c.config)
			assert.ErrorContains(t, err, c.want)
		})
	}
	ln := listen(t)
	_, err := New(context.Background(), Config{Listen: ln.Addr().String(), Admin: "off"})
	assert.ErrorContains(t, err, "listener: ")
	_, err = New(context.Background(), Config{Listen: "127.0.0.1:0", Admin: ln.Addr().String()})
	assert.ErrorContains(t, err, "admin listener: ")
	assert.Contains(t, fmt.Sprint(err), "in use")
}
