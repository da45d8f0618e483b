package envoy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// RefusedError says why Envoy, or the check before it, refused a configuration.
type RefusedError struct {
	Text string // with what the plugin logged
}

// Error implements error.
func (e *RefusedError) Error() string { return e.Text }

// applyTimeout bounds how long a configuration may take; a large module can take seconds to compile.
const applyTimeout = time.Minute

// Gateway is an Envoy whose configuration changes while it runs: listener and clusters come from files that it watches.
// Its methods are safe for concurrent use.
type Gateway struct {
	*Process
	opts Options
	dir  string
	// moving gives every configuration a listener, and so a port, of its own.
	moving bool

	mu       sync.Mutex // held by one Apply at a time
	version  int
	current  *configuration
	refusals map[string]string // what Envoy said of a chain: it does not try one again
	mark     int               // of the log, where the last Apply began
	access   int               // the same of the access log
}

// configuration is what one Apply put in force.
type configuration struct {
	snapshot *manifest.Snapshot
	opts     Options
	name     string // of the listener
	listener object
	clusters []any
	address  string
}

// StartGateway runs an Envoy without listeners. With a port 0 in opts.Listen every configuration gets a port of its own;
// else all take the one that is given.
func StartGateway(ctx context.Context, binary string, opts Options, process ProcessOptions) (*Gateway, error) {
	opts = opts.withDefaults()
	dir, err := os.MkdirTemp("", "wasmplane-xds-")
	if err != nil {
		return nil, err
	}
	g := &Gateway{opts: opts, dir: dir, moving: strings.HasSuffix(opts.Listen, ":0"), refusals: map[string]string{}}
	if err := g.start(ctx, binary, process); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return g, nil
}

func (g *Gateway) start(ctx context.Context, binary string, process ProcessOptions) error {
	admin, err := socketAddress(g.opts.Admin)
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	for _, kind := range []string{listeners, clusters} {
		if err := g.write(kind, nil); err != nil {
			return err
		}
	}
	bootstrap, err := yaml.Marshal(object{
		"node":  node(),
		"admin": object{"address": admin},
		"dynamic_resources": object{
			"lds_config": object{"path_config_source": object{"path": g.file(listeners)}},
			"cds_config": object{"path_config_source": object{"path": g.file(clusters)}},
		},
	})
	if err != nil {
		return err
	}
	g.Process, err = Start(ctx, binary, bootstrap, process)
	return err
}

// Stop ends Envoy and waits until it is gone.
func (g *Gateway) Stop() {
	g.Process.Stop()
	os.RemoveAll(g.dir)
}

// Kinds of resources, as Envoy's statistics call what loads them.
const (
	listeners = "listener_manager.lds"
	clusters  = "cluster_manager.cds"
)

var resourceTypes = map[string]string{
	listeners: typeURL("envoy.config.listener.v3.Listener"),
	clusters:  typeURL("envoy.config.cluster.v3.Cluster"),
}

func (g *Gateway) file(kind string) string { return filepath.Join(g.dir, kind+".json") }

// write gives Envoy a new version of all resources of a kind. The file is replaced as a whole: that is what Envoy waits
// for.
func (g *Gateway) write(kind string, resources []any) error {
	g.version++
	typed := []any{}
	for _, r := range resources {
		resource := object{"@type": resourceTypes[kind]}
		for key, value := range r.(object) {
			resource[key] = value
		}
		typed = append(typed, resource)
	}
	data, err := json.Marshal(object{"version_info": strconv.Itoa(g.version), "resources": typed})
	if err != nil {
		return err
	}
	temporary := g.file(kind) + ".next"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, g.file(kind))
}

// update writes resources and waits until Envoy has taken them. A *RefusedError holds what it said if it has not.
func (g *Gateway) update(ctx context.Context, kind string, resources []any) error {
	mark := g.log.mark()
	if err := g.write(kind, resources); err != nil {
		return err
	}
	want := strconv.Itoa(g.version)
	for {
		stats, err := g.stats(ctx, updateStats)
		if err != nil {
			return g.gone(ctx, err)
		}
		if stats[kind+".version_text"] == want && settled(stats) {
			return nil
		}
		logged, changed, _ := g.log.since(mark)
		for _, line := range logged {
			if strings.Contains(line, "config update rejected") {
				return &RefusedError{Text: g.problems(mark)}
			}
		}
		select {
		case <-changed:
		case <-time.After(pollInterval):
		case <-ctx.Done():
			return fmt.Errorf("envoy did not take the configuration: %w", ctx.Err())
		}
	}
}

// updateStats are the statistics that tell how far an update is.
const updateStats = `^(listener_manager\.(lds\.version_text|total_listeners_warming)|cluster_manager\.(cds\.version_text|warming_clusters))$`

// settled reports whether nothing is warming up.
func settled(stats map[string]string) bool {
	return zero(stats["cluster_manager.warming_clusters"]) && zero(stats["listener_manager.total_listeners_warming"])
}

func zero(value string) bool { return value == "" || value == "0" }

// gone explains an admin endpoint that does not answer.
func (g *Gateway) gone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	select {
	case <-g.done:
		return g.failure()
	case <-time.After(time.Second):
		return err
	}
}

// Apply puts a snapshot in force for new requests, or returns a *RefusedError: then what was in force stays.
func (g *Gateway) Apply(ctx context.Context, s *manifest.Snapshot) error {
	return g.apply(ctx, s, g.opts)
}

// apply is Apply with other options for what is generated.
func (g *Gateway) apply(ctx context.Context, s *manifest.Snapshot, opts Options) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mark, g.access = g.log.mark(), g.Process.access.mark()
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	next, err := g.configuration(s, opts)
	if err != nil {
		return &RefusedError{Text: err.Error()}
	}
	err = g.try(ctx, next)
	if err == nil {
		g.current = next
		return g.settle(ctx)
	}
	var refused *RefusedError
	if !errors.As(err, &refused) {
		return err
	}
	if failure := g.settle(ctx); failure != nil {
		return failure
	}
	return err
}

// configuration translates a snapshot.
func (g *Gateway) configuration(s *manifest.Snapshot, opts Options) (*configuration, error) {
	c := &configuration{snapshot: s, opts: opts, name: listenerName}
	if g.moving {
		c.name += "-" + strconv.Itoa(g.version)
	}
	var listenerErr, clustersErr error
	c.listener, listenerErr = generateListener(s, opts, c.name)
	c.clusters, clustersErr = generateClusters(s, opts)
	return c, errors.Join(listenerErr, clustersErr)
}

// try adds a configuration to the one in force. A plugin may call out while it starts, so new clusters come first.
func (g *Gateway) try(ctx context.Context, next *configuration) error {
	before := g.current
	if before == nil {
		before = &configuration{snapshot: &manifest.Snapshot{}}
	}
	if err := g.update(ctx, clusters, merge(next.clusters, before.clusters)); err != nil {
		return err
	}
	chain, err := chainKey(next.snapshot.Plugins)
	if err != nil {
		return err
	}
	created, err := g.stats(ctx, `^listener_manager\.listener_create_success$`)
	if err != nil {
		return g.gone(ctx, err)
	}
	added := []any{next.listener}
	if g.moving && before.listener != nil {
		added = append(added, before.listener)
	}
	err = g.update(ctx, listeners, added)
	var refused *RefusedError
	if errors.As(err, &refused) {
		if earlier, ok := g.refusals[chain]; ok && !strings.Contains(refused.Text, "wasm log") {
			refused.Text = earlier // Envoy remembers a chain that it refused and does not ask the plugin again
		}
		g.refusals[chain] = refused.Text
	}
	if err != nil {
		return err
	}
	return g.awaitListener(ctx, next, created)
}

// chainKey is the same for chains that are the same to Envoy, wherever their resources stand.
func chainKey(plugins []*manifest.Plugin) (string, error) {
	chain := make([]manifest.Plugin, len(plugins))
	for i, p := range plugins {
		chain[i] = *p
		chain[i].Source = ""
	}
	key, err := json.Marshal(chain)
	return string(key), err
}

// awaitListener waits until the workers accept connections for a configuration.
func (g *Gateway) awaitListener(ctx context.Context, c *configuration, before map[string]string) error {
	const created = "listener_manager.listener_create_success"
	start, _ := strconv.Atoi(before[created])
	for {
		address, err := g.listenerAddress(ctx, c.name)
		if err != nil {
			return g.gone(ctx, err)
		}
		stats, err := g.stats(ctx, "^"+created+"$")
		if err != nil {
			return g.gone(ctx, err)
		}
		now, _ := strconv.Atoi(stats[created])
		if address != "" && (!g.moving && g.current != nil || now >= start+g.concurrency) {
			c.address = address
			return nil
		}
		select {
		case <-time.After(pollInterval):
		case <-ctx.Done():
			return fmt.Errorf("envoy does not listen: %w", ctx.Err())
		}
	}
}

// settle leaves what is in force now, and nothing else.
func (g *Gateway) settle(ctx context.Context) error {
	current := g.current
	if current == nil {
		current = &configuration{}
	}
	var remaining []any
	if current.listener != nil {
		remaining = []any{current.listener}
	}
	if err := g.update(ctx, listeners, remaining); err != nil {
		return fmt.Errorf("return to one listener: %w", err)
	}
	if err := g.update(ctx, clusters, current.clusters); err != nil {
		return fmt.Errorf("return to the clusters in force: %w", err)
	}
	return nil
}

// merge returns resources, and those of more whose names are not among them.
func merge(resources, more []any) []any {
	merged := append([]any(nil), resources...)
	names := map[any]bool{}
	for _, r := range resources {
		names[r.(object)["name"]] = true
	}
	for _, r := range more {
		if !names[r.(object)["name"]] {
			merged = append(merged, r)
		}
	}
	return merged
}

// Address is where the configuration in force takes requests, "host:port"; "" before the first.
func (g *Gateway) Address() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.current == nil {
		return ""
	}
	return g.current.address
}
