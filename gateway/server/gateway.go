package server

import (
	"context"
	"crypto/rand"
	"crypto/tls"
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

// worker is one event loop that serves streams.
type worker struct {
	loop    *loop.Loop
	plugins *plugin.Worker
	streams map[uint64]*exchange // by stream id; only touched on the loop
}

// Gateway is a running gateway. Its methods are safe for concurrent use.
type Gateway struct {
	config   Config
	log      *logger
	access   *accessLog
	runtime  *abi.Runtime
	host     *plugin.Host
	main     *loop.Loop
	workers  []*worker
	clusters *upstream.Manager
	embedded *embedded
	server   *codec.Server
	listener net.Listener
	admin    *http.Server
	adminLn  net.Listener
	started  time.Time

	state    atomic.Pointer[state]
	reload   sync.Mutex // one at a time
	modules  moduleCache
	streamID atomic.Uint64
	draining atomic.Bool
	stats    stats
	echoed   sync.Map // clusters for which the echo upstream was announced

	lastReload struct {
		sync.Mutex
		at       time.Time
		problems string
	}
}

// New makes a gateway, loads its manifests and listens. A manifest or plugin that does not load is the error. Serve it
// with Run; Close it in any case.
func New(ctx context.Context, config Config) (*Gateway, error) {
	config = config.withDefaults()
	level, err := parseLevel(config.LogLevel)
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		config: config, started: time.Now(),
		log:    &logger{out: config.Log},
		access: &accessLog{out: config.AccessLog, changed: make(chan struct{})},
	}
	if g.runtime, err = abi.NewRuntime(ctx, config.CacheDir); err != nil {
		return nil, err
	}
	g.clusters = upstream.NewManager(config.Upstream)
	g.host = plugin.NewHost(plugin.Options{Log: g.log.write})
	g.host.SetLogLevel(level)
	g.main = loop.New("main")
	g.host.AddWorker(g.main, g.clusters.NewWorker(g.main.Post))
	for i := range config.Concurrency {
		l := loop.New(fmt.Sprintf("worker-%d", i))
		g.workers = append(g.workers, &worker{loop: l, plugins: g.host.AddWorker(l, g.clusters.NewWorker(l.Post)), streams: map[uint64]*exchange{}})
	}
	if err := g.start(ctx); err != nil {
		g.Close()
		return nil, err
	}
	return g, nil
}

func (g *Gateway) start(ctx context.Context) (err error) {
	if g.embedded, err = startEmbedded(g.config); err != nil {
		return err
	}
	if err = g.Reload(ctx); err != nil {
		return err
	}
	g.server = codec.NewServer(codec.ServerConfig{NewStream: g.newExchange, OnProtocolError: g.onProtocolError})
	if g.listener, err = net.Listen("tcp", g.config.Listen); err != nil {
		return fmt.Errorf("listener: %w", err)
	}
	if g.config.Admin == "off" {
		return nil
	}
	if g.adminLn, err = net.Listen("tcp", g.config.Admin); err != nil {
		return fmt.Errorf("admin listener: %w", err)
	}
	g.admin = &http.Server{Handler: g.adminHandler(), ReadHeaderTimeout: 10 * time.Second}
	return nil
}

// Run serves until ctx is done, then drains: no new connections, running streams get up to drain to end.
func (g *Gateway) Run(ctx context.Context, drain time.Duration) error {
	if len(g.config.Manifests) > 0 {
		if err := manifest.Watch(ctx, g.config.Manifests, func() { g.reloadAndLog(ctx) }); err != nil {
			return fmt.Errorf("watch manifests: %w", err)
		}
	}
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
func (g *Gateway) RedisAddr() string { return g.embedded.redisAddr(g.config) }

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

// Close ends everything at once.
func (g *Gateway) Close() {
	if g.server != nil {
		g.server.Close()
	}
	for _, l := range []net.Listener{g.listener, g.adminLn} {
		if l != nil {
			l.Close()
		}
	}
	if g.admin != nil {
		g.admin.Close()
	}
	if s := g.state.Swap(nil); s != nil {
		s.close()
	}
	for _, w := range g.workers {
		w.loop.Stop()
	}
	g.main.Stop()
	g.clusters.Close()
	if g.embedded != nil {
		g.embedded.close()
	}
	g.runtime.Close(context.Background())
}

// workerOf spreads connections over the workers.
func (g *Gateway) workerOf(conn *codec.Conn) *worker {
	return g.workers[conn.ID%uint64(len(g.workers))]
}

// onProtocolError logs a request that the codec refused by itself.
func (g *Gateway) onProtocolError(conn *codec.Conn, refused *codec.RefusedError) {
	now := time.Now()
	g.stats.requests.Add(1)
	g.stats.count(refused.Status)
	g.log.write(abi.LogDebug, "refused a request from "+conn.RemoteAddr.String()+": "+refused.Error())
	g.access.write(AccessLogEntry{
		StartTime: now.UTC(), Protocol: conn.Protocol, ResponseCode: refused.Status, ResponseFlags: "DPE",
		ResponseCodeDetails: refused.Details, UpstreamServiceTime: -1,
		DownstreamRemote: addressText(conn.RemoteAddr), DownstreamLocal: addressText(conn.LocalAddr),
	})
}

func newRequestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func tlsVersion(version uint16) string {
	switch version {
	case tls.VersionTLS12:
		return "TLSv1.2"
	case tls.VersionTLS13:
		return "TLSv1.3"
	default:
		return tls.VersionName(version)
	}
}
