package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/fetch"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/oci"
)

// moduleCache fetches modules and holds compiled ones by digest. It is not safe for concurrent use: one reload at a time
// has it.
type moduleCache struct {
	fetcher *fetch.Fetcher
	modules map[string]*abi.Module
	// pulled is what the resources in force were given, by filter name: a plugin is pulled again when its resource
	// changes, not when others do.
	pulled map[string]pulled
}

// pulled is what a resource's url gave.
type pulled struct {
	revision string // of the resource
	*fetch.Module
	err error
}

func newModuleCache(c Config, log *logger) moduleCache {
	options := c.Fetch
	if options.CacheDir == "" && c.CacheDir != "" {
		options.CacheDir = filepath.Join(c.CacheDir, "fetched")
	}
	options.Starting = func(address string) { log.infof("fetching %s", address) }
	options.Retrying = func(address string, err error, after time.Duration) {
		log.warnf("fetching %s failed, next attempt in %v: %v", address, after, err)
	}
	return moduleCache{fetcher: fetch.New(options), modules: map[string]*abi.Module{}, pulled: map[string]pulled{}}
}

// errNotFetched marks the failure to fetch a module from elsewhere, which may pass by itself.
var errNotFetched = errors.New("the module was not fetched")

// fetchAll gets the modules of all plugins, several at a time of a host, so that a host that hangs does not hold up others.
func (c *moduleCache) fetchAll(ctx context.Context, plugins []*manifest.Plugin) map[*manifest.Plugin]pulled {
	const atOnce = 4
	type answer struct {
		of *manifest.Plugin
		pulled
	}
	answers, hosts := make(chan answer), map[string]chan struct{}{}
	for _, p := range plugins {
		former, known := c.pulled[p.FilterName()]
		host := fetch.Host(p.URL)
		if hosts[host] == nil {
			hosts[host] = make(chan struct{}, atOnce)
		}
		slots := hosts[host]
		go func() {
			if known && former.revision == p.Revision && fetch.Remote(p.URL) {
				answers <- answer{p, former}
				return
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			m, err := c.fetch(ctx, p)
			answers <- answer{p, pulled{p.Revision, m, err}}
		}()
	}
	all := map[*manifest.Plugin]pulled{}
	for range plugins {
		a := <-answers
		all[a.of] = a.pulled
	}
	return all
}

// fetch gets a plugin's module. It may be called from several goroutines.
func (c *moduleCache) fetch(ctx context.Context, p *manifest.Plugin) (*fetch.Module, error) {
	source := fetch.Source{URL: p.URL, SHA256: p.SHA256, Policy: p.PullPolicy}
	if p.DockerConfig != nil {
		var err error
		if source.Logins, err = oci.ParseLogins(p.DockerConfig); err != nil {
			return nil, fmt.Errorf("spec.imagePullSecret: Secret %s/%s: %w", p.Namespace, p.PullSecret, err)
		}
	}
	m, err := c.fetcher.Fetch(ctx, source)
	var digest *fetch.DigestError
	switch {
	case err == nil:
		return m, nil
	case errors.As(err, &digest):
		err = fmt.Errorf("spec.sha256: %w", err)
	default:
		err = fmt.Errorf("spec.url: %w", err)
	}
	if fetch.Remote(p.URL) && !fetch.Definite(err) {
		err = &notFetchedError{err}
	}
	return nil, err
}

// notFetchedError is an errNotFetched that reads like its cause.
type notFetchedError struct{ error }

// Unwrap returns the cause.
func (e *notFetchedError) Unwrap() error { return e.error }

// Is makes it an errNotFetched.
func (e *notFetchedError) Is(target error) bool { return target == errNotFetched }

// compile compiles a module once.
func (c *moduleCache) compile(ctx context.Context, host *abi.Runtime, profile abi.Profile, p *manifest.Plugin, fetched *fetch.Module) (*abi.Module, error) {
	if m := c.modules[fetched.SHA256]; m != nil {
		return m, nil
	}
	m, err := host.Compile(experimental.WithCompilationWorkers(ctx, runtime.NumCPU()), fetched.Code, profile)
	if err != nil {
		return nil, fmt.Errorf("spec.url: %s: %w", fetch.Redacted(p.URL), err)
	}
	c.modules[fetched.SHA256] = m
	return m, nil
}

// holdsOthers reports whether there are modules besides those given by digest.
func (c *moduleCache) holdsOthers(used map[string]bool) bool {
	for digest := range c.modules {
		if !used[digest] {
			return true
		}
	}
	return false
}

// keep closes all modules but those given by digest. VMs made from them go on.
func (c *moduleCache) keep(ctx context.Context, used map[string]bool) error {
	var failures []error
	for digest, m := range c.modules {
		if used[digest] {
			continue
		}
		delete(c.modules, digest)
		failures = append(failures, m.Close(ctx))
	}
	return errors.Join(failures...)
}

// remember keeps what the plugins in force were given.
func (c *moduleCache) remember(chain []*installed) {
	clear(c.pulled)
	for _, p := range chain {
		if p.fetched != nil {
			c.pulled[p.manifest.FilterName()] = pulled{revision: p.manifest.Revision, Module: p.fetched}
		}
	}
}
