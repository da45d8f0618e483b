package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/plugin"
)

// installed is a plugin of the chain. plugin is nil for one that could not be loaded and fails open.
type installed struct {
	manifest *manifest.Plugin
	digest   string // of the module, hexadecimal
	plugin   *plugin.Plugin
	failure  string // why plugin is nil
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
	old     []*installed
	chain   []*installed
}

// build fills the chain. The error joins what is wrong with each plugin.
func (b *chainBuilder) build(ctx context.Context, plugins []*manifest.Plugin) error {
	var failures []error
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

func (b *chainBuilder) install(ctx context.Context, m *manifest.Plugin) (*installed, error) {
	g := b.gateway
	p, err := b.load(ctx, m)
	if err == nil {
		return p, nil
	}
	if m.FailOpen && !b.runs(m) {
		// Envoy puts a filter that does nothing in the place of one that never loaded.
		g.log.errorf("plugin %s does not load and is skipped (FAIL_OPEN): %v", m.FilterName(), err)
		return &installed{manifest: m, failure: err.Error()}, nil
	}
	return nil, err
}

func (b *chainBuilder) load(ctx context.Context, m *manifest.Plugin) (*installed, error) {
	g := b.gateway
	module, digest, err := g.modules.load(ctx, g.runtime, g.config.Profile, m)
	if err != nil {
		return nil, err
	}
	for _, p := range b.old {
		if p.same(m, digest) {
			return &installed{manifest: m, digest: digest, plugin: p.plugin}, nil
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
	g.log.infof("plugin %s loaded: %s", m.FilterName(), m.URL)
	return &installed{manifest: m, digest: digest, plugin: loaded}, nil
}

// runs reports whether a former configuration of the plugin is in force.
func (b *chainBuilder) runs(m *manifest.Plugin) bool {
	return slices.ContainsFunc(b.old, func(p *installed) bool {
		return p.plugin != nil && p.manifest.FilterName() == m.FilterName()
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
