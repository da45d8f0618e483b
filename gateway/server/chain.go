package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/fetch"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/plugin"
)

// installed is a plugin of the chain. plugin is nil for one that could not be loaded; by its fail strategy it is skipped,
// or requests are refused.
type installed struct {
	manifest *manifest.Plugin
	digest   string        // of the module, hexadecimal
	fetched  *fetch.Module // without its Code
	plugin   *plugin.Plugin
	failure  string // why plugin is nil
	awaited  bool   // plugin is nil because its module could not be fetched, which is tried again
}

func (p *installed) close() {
	if p.plugin != nil {
		p.plugin.Close()
	}
}

// same reports whether the running plugin is what m and a module ask for: then it goes on, with its VMs' state. Place
// in the chain and source may differ.
func (p *installed) same(m *manifest.Plugin, digest string) bool {
	return p.plugin != nil && p.digest == digest && p.manifest.FilterName() == m.FilterName() &&
		p.manifest.RootID == m.RootID && p.manifest.FailOpen == m.FailOpen &&
		bytes.Equal(p.manifest.Configuration, m.Configuration) && slices.Equal(p.manifest.Env, m.Env)
}

// chainBuilder installs the plugins of a snapshot, taking over what runs already.
type chainBuilder struct {
	gateway *Gateway
	first   bool // there is no configuration in force
	old     []*installed
	fetched map[*manifest.Plugin]pulled
	chain   []*installed
}

// build fills the chain. The error joins what is wrong with each plugin.
func (b *chainBuilder) build(ctx context.Context, plugins []*manifest.Plugin) error {
	var failures []error
	b.fetched = b.fetch(ctx, plugins)
	for _, m := range plugins {
		p, err := b.install(ctx, m)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: WasmPlugin %s/%s: %w", m.Source, m.Namespace, m.Name, err))
			continue
		}
		b.chain = append(b.chain, p)
	}
	return errors.Join(failures...)
}

// fetch gets the plugins' modules. Closing the gateway ends it, too. A gateway that starts serves nobody meanwhile, so it
// waits a while and no longer: what is not there by then is what could not be fetched, and is tried again.
func (b *chainBuilder) fetch(ctx context.Context, plugins []*manifest.Plugin) map[*manifest.Plugin]pulled {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.gateway.background, cancel)()
	if wait := b.gateway.config.FetchWait; b.first {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, wait, fmt.Errorf("not there %v after the start, so the gateway starts without it and goes on trying", wait))
		defer stop()
	}
	return b.gateway.modules.fetchAll(ctx, plugins)
}

func (b *chainBuilder) install(ctx context.Context, m *manifest.Plugin) (*installed, error) {
	g := b.gateway
	p, err := b.load(ctx, m)
	if err == nil {
		return p, nil
	}
	awaited := errors.Is(err, errNotFetched) && ctx.Err() == nil
	switch {
	case b.runs(m):
		return nil, err
	case m.FailOpen:
		// Envoy puts a filter that does nothing in the place of one that never loaded.
		g.log.errorf("plugin %s does not load and is skipped (FAIL_OPEN): %v", m.FilterName(), err)
	case awaited && (b.first || b.awaits(m)):
		g.log.errorf("plugin %s cannot be fetched, requests are refused (FAIL_CLOSE): %v", m.FilterName(), err)
	default:
		return nil, err
	}
	return &installed{manifest: m, failure: err.Error(), awaited: awaited}, nil
}

func (b *chainBuilder) load(ctx context.Context, m *manifest.Plugin) (*installed, error) {
	g := b.gateway
	got := b.fetched[m]
	if got.err != nil {
		return nil, got.err
	}
	module, err := g.modules.compile(ctx, g.runtime, g.config.Profile, m, got.Module)
	if err != nil {
		return nil, err
	}
	fetched := *got.Module
	fetched.Code = nil // it is compiled
	for _, p := range b.old {
		if p.same(m, fetched.SHA256) {
			return &installed{manifest: m, digest: fetched.SHA256, fetched: &fetched, plugin: p.plugin}, nil
		}
	}
	loaded, err := g.host.Load(ctx, plugin.Spec{
		Name: m.FilterName(), RootID: m.RootID, Env: environment(m.Env), Configuration: m.Configuration,
		Module: module, FailOpen: m.FailOpen,
		KeepStopIteration: g.config.Profile == abi.Envoy, // as package envoy configures it
	})
	if err != nil {
		return nil, err
	}
	from := fetch.Redacted(m.URL)
	if fetched.Image != "" {
		from += " (" + fetched.Image + ")"
	}
	g.log.infof("plugin %s loaded: %s", m.FilterName(), from)
	return &installed{manifest: m, digest: fetched.SHA256, fetched: &fetched, plugin: loaded}, nil
}

// runs reports whether a former configuration of the plugin is in force.
func (b *chainBuilder) runs(m *manifest.Plugin) bool {
	return slices.ContainsFunc(b.old, func(p *installed) bool {
		return p.plugin != nil && p.manifest.FilterName() == m.FilterName()
	})
}

// awaits reports whether the plugin is in force without its module.
func (b *chainBuilder) awaits(m *manifest.Plugin) bool {
	return slices.ContainsFunc(b.old, func(p *installed) bool {
		return p.awaited && p.manifest.FilterName() == m.FilterName()
	})
}

// closeUnused closes the plugins of one chain that the other one has not taken over.
func closeUnused(chain, other []*installed) {
	for _, p := range chain {
		if !slices.ContainsFunc(other, func(o *installed) bool { return o.plugin == p.plugin }) {
			p.close()
		}
	}
}

// environment resolves a plugin's variables. HOST takes the gateway's own variable.
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
