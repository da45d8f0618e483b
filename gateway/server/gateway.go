package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/loop"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/plugin"
	"github.com/wasmplane/wasmplane/gateway/upstream"
)

// idleTimeout closes a downstream connection on which no request begins, Envoy's default.
const idleTimeout = time.Hour

// worker is one event loop that serves streams.
type worker struct {
	loop    *loop.Loop
	plugins *plugin.Worker
}

// Gateway is a running gateway. Its methods are safe for concurrent use.
type Gateway struct {
	config   Config
	log      *logger
	access   *accessLog
	runtime  *abi.Runtime
	host     *plugin.Host
	main     *worker
	workers  []*worker
	clusters *upstream.Manager
	embedded *embedded
	server   *codec.Server
	listener net.Listener
	admin    *http.Server
	adminLn  net.Listener
	started  time.Time

	state    atomic.Pointer[state] // set by the first Reload, within New
	hints    callHints
	streamID atomic.Uint64
	draining atomic.Bool
	stats    stats

	reload     sync.Mutex // held by one Reload at a time, and by Close
	closed     bool       // under reload
	sources    sources    // under reload
	modules    moduleCache
	refetch    refetch         // under reload
	echoed     map[string]bool // under reload: clusters for which the echo upstream was announced
	lastReload reloadOutcome

	background context.Context // of reloads that nobody waits for; ends with the first Close or the end of Run
	stopWatch  context.CancelFunc
}

// New makes a gateway, loads its manifests, watches them and listens. A manifest or plugin that does not load is the
// error. Serve it with Run; Close it in any case.
func New(ctx context.Context, config Config) (*Gateway, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	level, err := parseLevel(config.LogLevel)
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		config: config, started: time.Now(),
		log:     newLogger(config.Log, level),
		access:  &accessLog{out: config.AccessLog, changed: make(chan struct{})},
		sources: sources{inline: config.Inline, upstreams: config.Manifest.Upstreams},
		echoed:  map[string]bool{},
	}
	g.background, g.stopWatch = context.WithCancel(context.Background())
	g.modules = newModuleCache(config, g.log)
	g.hints.log = g.log
	if g.runtime, err = abi.NewRuntime(ctx, config.CacheDir); err != nil {
		return nil, err
	}
	g.clusters = upstream.NewManager(config.Upstream)
	g.host = plugin.NewHost(plugin.Options{Log: g.log.write})
	g.host.SetLogLevel(level)
	g.main = g.newWorker("main")
	for i := range config.Concurrency {
		g.workers = append(g.workers, g.newWorker(fmt.Sprintf("worker-%d", i)))
	}
	if err := g.start(ctx); err != nil {
		g.Close()
		return nil, err
	}
	return g, nil
}

func (g *Gateway) newWorker(name string) *worker {
	l := loop.New(name)
	calls := callouts{Callouts: g.clusters.NewWorker(l.Post), hints: &g.hints}
	return &worker{loop: l, plugins: g.host.AddWorker(l, calls)}
}

func (g *Gateway) start(ctx context.Context) (err error) {
	if g.embedded, err = startEmbedded(g.config); err != nil {
		return err
	}
	if err = g.load(ctx); err != nil {
		return err
	}
	g.server = codec.NewServer(codec.ServerConfig{
		NewStream: g.newExchange, OnProtocolError: g.onProtocolError, IdleTimeout: idleTimeout,
	})
	if g.listener, err = openListener(g.config); err != nil {
		return fmt.Errorf("listener: %w", err)
	}
	if g.config.Admin == adminOff {
		return nil
	}
	if g.adminLn, err = net.Listen("tcp", g.config.Admin); err != nil {
		return fmt.Errorf("admin listener: %w", err)
	}
	g.admin = &http.Server{Handler: g.adminHandler(), ReadHeaderTimeout: 10 * time.Second}
	return nil
}

// load reads the manifests for the first time. They are watched from before that, so that no change is missed.
func (g *Gateway) load(ctx context.Context) error {
	var watching error
	if len(g.config.Manifests) > 0 {
		watching = manifest.Watch(g.background, g.config.Manifests, func() { g.reloadAndLog(g.background) })
	}
	if err := g.Reload(ctx); err != nil {
		return err
	}
	if watching != nil {
		return fmt.Errorf("watch manifests: %w", watching)
	}
	return nil
}

// Run serves until ctx is done, then drains: no new connections, running streams get up to drain to end, the manifests
// are not watched any more. A Close meanwhile ends it without an error.
func (g *Gateway) Run(ctx context.Context, drain time.Duration) error {
	failed := make(chan error, 2)
	go func() { failed <- g.server.Serve(g.listener) }()
	if g.admin != nil {
		go func() { failed <- g.admin.Serve(g.adminLn) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	if errors.Is(err, codec.ErrServerClosed) || errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	g.stopWatch()
	g.draining.Store(true)
	bounded, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	if shutdown := g.server.Shutdown(bounded); shutdown != nil && !errors.Is(shutdown, context.DeadlineExceeded) {
		err = errors.Join(err, shutdown)
	}
	if g.admin != nil {
		g.admin.Close()
	}
	return err
}

// Addr returns the listener's address.
func (g *Gateway) Addr() string { return g.listener.Addr().String() }

// AdminAddr returns the address of the admin endpoints, "" when there are none.
func (g *Gateway) AdminAddr() string {
	if g.adminLn == nil {
		return ""
	}
	return g.adminLn.Addr().String()
}

// RedisAddr returns the address of the Redis behind redis.static:6379.
func (g *Gateway) RedisAddr() string { return g.embedded.redisAddr }

// EchoAddr returns the address of the echo upstream, "" when it is off.
func (g *Gateway) EchoAddr() string { return g.embedded.echoAddr }

// Log returns the last lines of the gateway's log.
func (g *Gateway) Log() []LogLine { return g.log.recent() }

// WaitAccessLog returns the newest access log entry of a request, waiting until it is written or ctx is done.
func (g *Gateway) WaitAccessLog(ctx context.Context, requestID string) (AccessLogEntry, error) {
	for {
		entries, changed := g.access.recent()
		for i := len(entries) - 1; i >= 0; i-- {
			if entries[i].RequestID == requestID {
				return entries[i], nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return AccessLogEntry{}, fmt.Errorf("access log has no line of request %s: %w", requestID, ctx.Err())
		}
	}
}

// Close ends everything at once and waits for it. Running streams are reset. Closing again does nothing.
func (g *Gateway) Close() {
	g.stopWatch()
	g.reload.Lock()
	defer g.reload.Unlock()
	if g.closed {
		return
	}
	g.closed = true
	g.refetch.stop()
	g.modules.fetcher.Close()
	g.closeListeners()
	// From here on nothing new gets to the workers. What did so before runs first: it may begin streams.
	g.runLoopsEmpty()
	if s := g.state.Load(); s != nil {
		for _, p := range s.chain {
			p.close()
		}
	}
	for _, w := range g.allWorkers() {
		w.loop.Stop()
	}
	g.clusters.Close()
	if g.embedded != nil {
		g.embedded.close()
	}
	g.runtime.Close(context.Background())
}

func (g *Gateway) closeListeners() {
	if g.admin != nil {
		g.admin.Close()
	}
	if g.server != nil {
		g.server.Close()
	}
	for _, l := range []net.Listener{g.listener, g.adminLn} {
		if l != nil {
			l.Close() // of a gateway that was never Run
		}
	}
}

func (g *Gateway) allWorkers() []*worker { return append([]*worker{g.main}, g.workers...) }

// runLoopsEmpty waits until everything that was posted to the loops before has run.
func (g *Gateway) runLoopsEmpty() {
	var wait sync.WaitGroup
	for _, w := range g.allWorkers() {
		wait.Go(func() { w.loop.Do(func() {}) })
	}
	wait.Wait()
}

// workerOf spreads connections over the workers. All streams of a connection have the same one, as in Envoy.
func (g *Gateway) workerOf(conn *codec.Conn) *worker {
	return g.workers[conn.ID%uint64(len(g.workers))]
}

// onProtocolError logs a request that the codec refused by itself.
func (g *Gateway) onProtocolError(conn *codec.Conn, refused *codec.RefusedError) {
	now := time.Now()
	g.stats.requests.Add(1)
	g.stats.count(refused.Status)
	g.log.logf(abi.LogDebug, "refused a request from %s: %v", conn.RemoteAddr, refused)
	g.access.write(AccessLogEntry{
		StartTime: now.UTC(), Protocol: conn.Protocol, ResponseCode: refused.Status, ResponseFlags: "DPE",
		ResponseCodeDetails: refused.Details, RequestDuration: -1, UpstreamServiceTime: -1,
		DownstreamRemote: addressText(conn.RemoteAddr), DownstreamLocal: addressText(conn.LocalAddr),
	})
}
