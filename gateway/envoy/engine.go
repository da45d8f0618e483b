package envoy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/wasmplane/wasmplane/gateway/cases"
	"github.com/wasmplane/wasmplane/gateway/certificate"
	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// Engine runs cases on a stock Envoy: one process for all configurations of a file, one after the other. Its methods are
// called one at a time, except for Address and AccessLog. Close must be called in the end.
type Engine struct {
	binary string
	redis  string
	notes  string // warnings about the manifests of the last Apply

	bridges map[string]*RedisBridge // in front of Redis servers, by their address; until Close
	// certificate is shown to TLS clients; made when it is first needed.
	certificate *certificate.Pair

	second *Engine // nil until it is asked for

	mu      sync.Mutex
	gateway *Gateway // nil while there is nothing to run
}

// Second implements cases.Pairing: another process.
func (e *Engine) Second(context.Context) (cases.Engine, error) {
	if e.second == nil {
		e.second = NewEngine(e.binary, e.redis)
	}
	return e.second, nil
}

var _ cases.Engine = (*Engine)(nil)

// NewEngine returns an engine that starts the Envoy at binary when there is something to run. redis is the address of
// the server behind services with redis: true, "" for none.
func NewEngine(binary, redis string) *Engine { return &Engine{binary: binary, redis: redis} }

// Close ends the process, if there is one, and what stands in front of Redis servers.
func (e *Engine) Close() {
	e.stop()
	if e.second != nil {
		e.second.Close()
	}
	for _, b := range e.bridges {
		b.Close()
	}
	e.bridges = nil
}

func (e *Engine) stop() {
	if g := e.running(); g != nil {
		g.Stop()
		e.set(nil)
	}
}

func (e *Engine) running() *Gateway {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.gateway
}

func (e *Engine) set(g *Gateway) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gateway = g
}

// Name implements cases.Engine, as the methods below.
func (e *Engine) Name() string { return "envoy" }

// Prepare starts a fresh process: nothing that another file's plugin left in its VMs or in shared data is there.
func (e *Engine) Prepare(ctx context.Context, configurations []cases.Configuration) error {
	e.stop()
	if len(configurations) == 0 {
		return nil
	}
	_, err := e.start(ctx)
	return err
}

func (e *Engine) start(ctx context.Context) (*Gateway, error) {
	options := Options{Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", LogRequestHeaders: true, TrustedCA: SystemCA()}
	gateway, err := StartGateway(ctx, e.binary, options, ProcessOptions{LogLevel: "debug"})
	if err != nil {
		return nil, err
	}
	e.set(gateway)
	return gateway, nil
}

func (e *Engine) Apply(ctx context.Context, c cases.Configuration) error {
	g, err := e.revived(ctx)
	if err != nil {
		return err
	}
	if c.Upstreams, err = e.withBridges(c); err != nil {
		return err
	}
	if c.TLS && e.certificate == nil {
		if e.certificate, err = certificate.SelfSigned("localhost", "127.0.0.1", "::1"); err != nil {
			return err
		}
	}
	snapshot, err := e.parse(c)
	if err != nil {
		g.begin()
		return &cases.LoadError{Text: err.Error()}
	}
	options := g.opts
	options.ProxyProtocol = c.ProxyProtocol
	if c.TLS {
		options.Certificate = e.certificate
	}
	err = g.apply(ctx, snapshot, options)
	var refused *RefusedError
	if errors.As(err, &refused) {
		return &cases.LoadError{Text: refused.Text}
	}
	return err
}

// parse reads a configuration's manifests.
func (e *Engine) parse(c cases.Configuration) (*manifest.Snapshot, error) {
	options := manifest.Options{Upstreams: map[string][]string{}}
	for service, endpoint := range c.Upstreams {
		options.Upstreams[service] = []string{endpoint}
		if endpoint == "" {
			options.Upstreams[service] = nil
		}
	}
	snapshot, problems := manifest.Parse([]manifest.File{{Name: c.Name, Data: c.Manifests}}, options)
	e.notes = ""
	for _, p := range problems.Warnings() {
		e.notes += "warning " + p.Error() + "\n"
	}
	if fatal := problems.Fatal(); len(fatal) > 0 {
		return nil, fatal
	}
	return snapshot, nil
}

// revived returns the process, or a new one in place of one that died or whose VM has failed, with the configuration
// that was in force: a stock Envoy does not recover a VM of a plugin that fails closed, and cases must not depend on
// each other.
func (e *Engine) revived(ctx context.Context) (*Gateway, error) {
	old := e.running()
	if old != nil && old.healthy(ctx) {
		return old, nil
	}
	e.stop()
	g, err := e.start(ctx)
	if err != nil || old == nil || old.current == nil {
		return g, err
	}
	return g, g.apply(ctx, old.current.snapshot, old.current.opts)
}

func (e *Engine) Address() string {
	if g := e.running(); g != nil {
		return g.Address()
	}
	return ""
}

// AccessLog gives the line the form of the local gateway's.
func (e *Engine) AccessLog(ctx context.Context, requestID string) (map[string]any, error) {
	g := e.running()
	if g == nil {
		return nil, errors.New("no configuration is in force")
	}
	mark, plugins := g.applied()
	var found map[string]any
	_, err := g.Process.access.await(ctx, mark, func(line string) bool {
		if !strings.Contains(line, requestID) {
			return false
		}
		entry := map[string]any{}
		if json.Unmarshal([]byte(line), &entry) != nil || entry["request_id"] != requestID {
			return false
		}
		found = entry
		return true
	})
	if err != nil {
		return nil, fmt.Errorf("access log has no line of request %s: %w", requestID, err)
	}
	normalise(found, plugins)
	return found, nil
}

func (e *Engine) Log() string {
	g := e.running()
	if g == nil {
		return e.notes
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	g.catchUp(ctx)
	return e.notes + g.logged()
}

func (e *Engine) RedisAddress() string { return e.redis }

// begin sets the marks of an Apply.
func (g *Gateway) begin() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mark, g.access = g.log.mark(), g.Process.access.mark()
}

// applied returns the access log's mark of the last Apply and the filter names of the chain in force.
func (g *Gateway) applied() (mark int, plugins []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.current != nil {
		for _, p := range g.current.snapshot.Plugins {
			plugins = append(plugins, p.FilterName())
		}
	}
	return g.access, plugins
}

// logged returns what was logged since the last Apply began.
func (g *Gateway) logged() string {
	g.mu.Lock()
	mark := g.mark
	g.mu.Unlock()
	found, _, _ := g.log.since(mark)
	if len(found) == 0 {
		return ""
	}
	return strings.Join(found, "\n") + "\n"
}

// vmFailed is what Envoy logs when a guest traps: from then on it does not enter the VM again.
var vmFailed = regexp.MustCompile(`(?m)^\w+ Function: \w+ failed: `)

// catchUp gives the reader of the log the time of an exchange with Envoy: what was logged before is in the pipe then.
func (g *Gateway) catchUp(ctx context.Context) {
	_, _ = g.get(ctx, "/ready") // only the time matters
}

// healthy reports whether the process lives and no VM has trapped since the last Apply began.
func (g *Gateway) healthy(ctx context.Context) bool {
	g.catchUp(ctx)
	select {
	case <-g.done:
		return false
	default:
	}
	return !vmFailed.MatchString(g.logged())
}
