package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/plugin"
	"github.com/wasmplane/wasmplane/gateway/stream"
	"github.com/wasmplane/wasmplane/gateway/upstream"
)

// installed is a plugin of the chain. plugin is nil for one that could not be loaded and fails open.
type installed struct {
	manifest *manifest.Plugin
	digest   string
	plugin   *plugin.Plugin
	failure  string
}

// state is what is in force: made by Reload, never changed afterwards.
type state struct {
	snapshot *manifest.Snapshot
	chain    []*installed
	routes   map[*manifest.Route]*stream.Route
}

// filters returns the factories of a stream's filters.
func (s *state) filters(w *worker) []stream.FilterFactory {
	factories := make([]stream.FilterFactory, 0, len(s.chain))
	for _, p := range s.chain {
		if p.plugin != nil {
			factories = append(factories, p.plugin.Factory(w.plugins))
		}
	}
	return factories
}

// route implements stream.RouteFunc.
func (s *state) route(h *header.Map, _ *stream.Info) *stream.Route {
	r := s.snapshot.Routes.Match(h.Value(":authority"), h.Value(":path"))
	if r == nil {
		return nil
	}
	return s.routes[r]
}

func (s *state) close() {
	for _, p := range s.chain {
		if p.plugin != nil {
			p.plugin.Close()
		}
	}
}

// Reload reads the manifests again and puts them in force as a whole, or not at all: then the error says why and what
// ran goes on. Running streams keep the configuration they began with.
func (g *Gateway) Reload(ctx context.Context) error {
	g.reload.Lock()
	defer g.reload.Unlock()
	err := g.tryReload(ctx)
	g.lastReload.Lock()
	defer g.lastReload.Unlock()
	g.lastReload.at, g.lastReload.problems = time.Now(), ""
	if err != nil {
		g.lastReload.problems = err.Error()
	}
	return err
}

// ReloadWith replaces the manifests held in memory and the endpoints given from outside, and reloads. On an error the
// former ones stay.
func (g *Gateway) ReloadWith(ctx context.Context, inline []manifest.File, upstreams map[string][]string) error {
	g.reload.Lock()
	formerInline, formerUpstreams := g.config.Inline, g.config.Manifest.Upstreams
	g.config.Inline, g.config.Manifest.Upstreams = inline, upstreams
	g.reload.Unlock()
	err := g.Reload(ctx)
	if err != nil {
		g.reload.Lock()
		g.config.Inline, g.config.Manifest.Upstreams = formerInline, formerUpstreams
		g.reload.Unlock()
	}
	return err
}

func (g *Gateway) reloadAndLog(ctx context.Context) {
	if err := g.Reload(ctx); err != nil {
		g.log.errorf("the manifests did not load, the former configuration stays in force:\n%v", err)
		return
	}
	g.log.infof("manifests reloaded")
}

func (g *Gateway) tryReload(ctx context.Context) error {
	snapshot, err := g.readManifests()
	if err != nil {
		return err
	}
	next := &state{snapshot: snapshot, routes: map[*manifest.Route]*stream.Route{}}
	for _, r := range snapshot.Routes.All() {
		next.routes[r] = streamRoute(r)
	}
	old := g.state.Load()
	// Clusters come first: a plugin may call out while it starts. What only the old configuration had stays until the
	// new one is in force.
	configs := g.clusterConfigs(snapshot)
	g.clusters.Update(g.withFormer(configs))
	kept := map[*installed]bool{}
	if err := g.loadPlugins(ctx, snapshot, old, next, kept); err != nil {
		for _, p := range next.chain {
			if p.plugin != nil && !kept[p] {
				p.plugin.Close()
			}
		}
		if old != nil {
			g.clusters.Update(g.clusterConfigs(old.snapshot))
		}
		return err
	}
	g.state.Store(next)
	g.clusters.Update(configs)
	if old == nil {
		return nil
	}
	for _, p := range old.chain {
		if p.plugin != nil && !kept[p] {
			p.plugin.Close()
		}
	}
	return nil
}

func (g *Gateway) readManifests() (*manifest.Snapshot, error) {
	files := append([]manifest.File(nil), g.config.Inline...)
	if len(files) == 0 && len(g.config.Manifests) == 0 {
		files = []manifest.File{{Name: "built-in", Data: []byte(defaultManifest)}}
	}
	fromDisk, problems := manifest.Read(g.config.Manifests)
	snapshot, more := manifest.Parse(append(files, fromDisk...), g.config.Manifest)
	problems = append(problems, more...)
	for _, p := range problems.Warnings() {
		g.log.warnf("%v", p)
	}
	if fatal := problems.Fatal(); len(fatal) > 0 {
		return nil, fatal
	}
	return snapshot, nil
}

// loadPlugins fills the chain. A plugin that did not change keeps its root contexts and their state.
func (g *Gateway) loadPlugins(ctx context.Context, snapshot *manifest.Snapshot, old, next *state, kept map[*installed]bool) error {
	var failures []error
	for _, m := range snapshot.Plugins {
		p, err := g.install(ctx, m, old, kept)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: WasmPlugin %s/%s: %w", m.Source, m.Namespace, m.Name, err))
			continue
		}
		next.chain = append(next.chain, p)
	}
	return errors.Join(failures...)
}

func (g *Gateway) install(ctx context.Context, m *manifest.Plugin, old *state, kept map[*installed]bool) (*installed, error) {
	module, digest, err := g.modules.load(ctx, g.runtime, g.config.Profile, m)
	if err == nil {
		if same := findInstalled(old, m, digest); same != nil {
			kept[same] = true
			return same, nil
		}
		var loaded *plugin.Plugin
		loaded, err = g.host.Load(ctx, plugin.Spec{
			Name: m.FilterName(), RootID: m.RootID, Env: environment(m.Env), Configuration: m.Configuration,
			Module: module, FailOpen: m.FailOpen,
		})
		if err == nil {
			g.log.infof("plugin %s loaded: %s", m.FilterName(), m.URL)
			return &installed{manifest: m, digest: digest, plugin: loaded}, nil
		}
	}
	if m.FailOpen && (old == nil || !hasPlugin(old, m)) {
		// Envoy puts a filter that does nothing in the place of one that never loaded.
		g.log.errorf("plugin %s does not load and is skipped (FAIL_OPEN): %v", m.FilterName(), err)
		return &installed{manifest: m, failure: err.Error()}, nil
	}
	return nil, err
}

// findInstalled returns the running plugin that has the same module and the same configuration.
func findInstalled(old *state, m *manifest.Plugin, digest string) *installed {
	if old == nil {
		return nil
	}
	for _, p := range old.chain {
		if p.plugin != nil && p.digest == digest && p.manifest.FilterName() == m.FilterName() &&
			p.manifest.RootID == m.RootID && p.manifest.FailOpen == m.FailOpen &&
			string(p.manifest.Configuration) == string(m.Configuration) && reflect.DeepEqual(p.manifest.Env, m.Env) {
			return p
		}
	}
	return nil
}

func hasPlugin(s *state, m *manifest.Plugin) bool {
	for _, p := range s.chain {
		if p.plugin != nil && p.manifest.FilterName() == m.FilterName() {
			return true
		}
	}
	return false
}

func environment(vars []manifest.EnvVar) map[string]string {
	env := map[string]string{}
	for _, v := range vars {
		value := v.Value
		if v.ValueFrom == "HOST" {
			value = os.Getenv(v.Name)
		}
		env[v.Name] = value
	}
	return env
}

func streamRoute(r *manifest.Route) *stream.Route {
	route := &stream.Route{Name: r.Name, Cluster: r.Cluster, VirtualHost: r.Host, Timeout: r.Timeout, RewriteHost: r.RewriteHost}
	if r.RewriteTarget != "" {
		route.RewritePath = r.Rewrite
	}
	return route
}

// clusterConfigs turns a snapshot's clusters into upstream ones and adds those that the gateway brings along.
func (g *Gateway) clusterConfigs(s *manifest.Snapshot) []upstream.Config {
	known := map[string]bool{}
	var configs []upstream.Config
	for _, c := range s.Clusters {
		config := upstream.Config{Name: c.Name, HTTP2: c.Protocol == manifest.HTTP2, TLS: c.TLS, SNI: c.SNI, Endpoints: c.Endpoints}
		if len(c.Endpoints) == 0 && g.embedded.echoAddr != "" {
			if _, said := g.echoed.LoadOrStore(c.Name, true); !said {
				g.log.infof("cluster %s has no endpoints: the echo upstream stands in", c.Name)
			}
			config.Endpoints, config.TLS = []string{g.embedded.echoAddr}, false
		}
		known[c.Name] = true
		configs = append(configs, config)
	}
	add := func(name, address string) {
		if !known[name] && address != "" {
			known[name] = true
			configs = append(configs, upstream.Config{Name: name, Endpoints: []string{address}})
		}
	}
	add(manifest.ClusterName(80, EchoService), g.embedded.echoAddr)
	add(manifest.ClusterName(6379, RedisService), g.embedded.redisAddr(g.config))
	for service, kind := range g.config.Services {
		if name, ok := manifest.ClusterOf(service); ok {
			add(name, map[string]string{"echo": g.embedded.echoAddr, "redis": g.embedded.redisAddr(g.config)}[kind])
		}
	}
	return configs
}

// withFormer adds the clusters of the running configuration that the next one does not have.
func (g *Gateway) withFormer(next []upstream.Config) []upstream.Config {
	known := map[string]bool{}
	for _, c := range next {
		known[c.Name] = true
	}
	out := append([]upstream.Config(nil), next...)
	for _, c := range g.clusters.Clusters() {
		if !known[c.Name()] {
			out = append(out, c.Config())
		}
	}
	return out
}

// Services that exist without a manifest, as if an McpBridge had them.
const (
	EchoService  = "echo.static"  // port 80, the echo upstream
	RedisService = "redis.static" // port 6379, the embedded Redis or the one given with --redis
)

// defaultManifest routes everything to the echo upstream.
const defaultManifest = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: default
  namespace: higress-system
  annotations: {higress.io/destination: "echo.static:80"}
spec:
  defaultBackend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}
`

// describe names a plugin for people.
func (p *installed) describe() string {
	return strings.TrimPrefix(p.manifest.FilterName(), manifest.DefaultNamespace+".")
}
