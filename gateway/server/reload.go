package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/upstream"
)

// sources are the parts of the configuration that ReloadWith replaces.
type sources struct {
	inline    []manifest.File
	upstreams map[string][]string
}

// reloadOutcome is what /config_dump tells of the last reload. It is safe for concurrent use.
type reloadOutcome struct {
	mu       sync.Mutex
	at       time.Time
	problems string
}

func (o *reloadOutcome) set(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.at, o.problems = time.Now(), ""
	if err != nil {
		o.problems = err.Error()
	}
}

func (o *reloadOutcome) get() (at time.Time, problems string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.at, o.problems
}

var errClosed = errors.New("the gateway is closed")

// Reload reads the manifests again and puts them in force as a whole, or not at all: then the error says why and what
// ran goes on. Streams that began before keep their plugins' configuration.
func (g *Gateway) Reload(ctx context.Context) error {
	g.reload.Lock()
	defer g.reload.Unlock()
	return g.reloadFrom(ctx, g.sources)
}

// ReloadWith replaces the manifests held in memory and the endpoints given from outside, and reloads. On an error the
// former ones stay.
func (g *Gateway) ReloadWith(ctx context.Context, inline []manifest.File, upstreams map[string][]string) error {
	g.reload.Lock()
	defer g.reload.Unlock()
	next := sources{inline: inline, upstreams: upstreams}
	if err := g.reloadFrom(ctx, next); err != nil {
		return err
	}
	g.sources = next
	return nil
}

// reloadAndLog is Reload for changed files.
func (g *Gateway) reloadAndLog(ctx context.Context) {
	err := g.Reload(ctx)
	switch {
	case ctx.Err() != nil || errors.Is(err, errClosed): // stopping
	case err != nil:
		g.log.errorf("the manifests did not load, the former configuration stays in force:\n%v", err)
	default:
		g.log.infof("manifests reloaded")
	}
}

// reloadFrom requires g.reload, as the next two.
func (g *Gateway) reloadFrom(ctx context.Context, from sources) error {
	if g.closed {
		return errClosed
	}
	err := g.tryReload(ctx, from)
	g.lastReload.set(err)
	return err
}

func (g *Gateway) tryReload(ctx context.Context, from sources) error {
	snapshot, err := g.readManifests(from)
	if err != nil {
		return err
	}
	old, next := g.state.Load(), newState(snapshot)
	var running []*installed
	if old != nil {
		running = old.chain
	}
	configs := g.clusterConfigs(snapshot)
	// A plugin may call out while it starts, so new clusters are there before. Those in force stay as they are until
	// the plugins are accepted.
	former := g.currentClusters()
	g.clusters.Update(withMissing(former, configs))
	restoreHints := g.hints.set(snapshot.NotPushed)
	builder := &chainBuilder{gateway: g, first: old == nil, old: running}
	err = builder.build(ctx, snapshot.Plugins)
	next.chain = builder.chain
	if err != nil {
		closeUnused(next.chain, running)
		g.clusters.Update(former)
		restoreHints()
		g.dropModules(ctx, running)
		return err
	}
	g.clusters.Update(configs)
	g.state.Store(next)
	g.announceEcho(snapshot)
	closeUnused(running, next.chain)
	g.dropModules(ctx, next.chain)
	g.modules.remember(next.chain)
	g.refetch.plan(g.background, next.chain, g.config.RefetchInterval, g.reloadAndLog)
	return nil
}

func (g *Gateway) readManifests(from sources) (*manifest.Snapshot, error) {
	files := append([]manifest.File(nil), from.inline...)
	if len(files) == 0 && len(g.config.Manifests) == 0 {
		files = []manifest.File{{Name: "built-in", Data: []byte(defaultManifest)}}
	}
	fromDisk, problems := manifest.Read(g.config.Manifests)
	options := g.config.Manifest
	options.Upstreams = from.upstreams
	snapshot, more := manifest.Parse(append(files, fromDisk...), options)
	problems = append(problems, more...)
	for _, p := range problems.Warnings() {
		g.log.warnf("%v", p)
	}
	if fatal := problems.Fatal(); len(fatal) > 0 {
		return nil, fatal
	}
	return snapshot, nil
}

// dropModules forgets the modules that no plugin of the chain uses. Plugins that were closed must have heard of it:
// until then their VMs may be made anew.
func (g *Gateway) dropModules(ctx context.Context, chain []*installed) {
	used := map[string]bool{}
	for _, p := range chain {
		used[p.digest] = true
	}
	if !g.modules.holdsOthers(used) {
		return
	}
	g.runLoopsEmpty()
	if err := g.modules.keep(ctx, used); err != nil {
		g.log.errorf("close a module: %v", err)
	}
}

func (g *Gateway) currentClusters() []upstream.Config {
	var configs []upstream.Config
	for _, c := range g.clusters.Clusters() {
		configs = append(configs, c.Config())
	}
	return configs
}

// withMissing adds those of more whose names configs does not have.
func withMissing(configs, more []upstream.Config) []upstream.Config {
	known := map[string]bool{}
	for _, c := range configs {
		known[c.Name] = true
	}
	out := append([]upstream.Config(nil), configs...)
	for _, c := range more {
		if !known[c.Name] {
			out = append(out, c)
		}
	}
	return out
}
