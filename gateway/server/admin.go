package server

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/wasmplane/wasmplane/gateway/fetch"
	"github.com/wasmplane/wasmplane/gateway/manifest"
)

//go:embed console.html
var consolePage []byte

// adminHandler serves Envoy's admin endpoints, as far as the local gateway has what they show, and the console page.
func (g *Gateway) adminHandler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector{g})
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(consolePage)
	})
	mux.HandleFunc("GET /ready", g.serveReady)
	mux.HandleFunc("GET /server_info", g.serveInfo)
	mux.HandleFunc("GET /config_dump", g.serveConfigDump)
	mux.HandleFunc("GET /clusters", g.serveClusters)
	mux.HandleFunc("GET /stats", g.serveStats)
	mux.Handle("GET /stats/prometheus", metrics)
	mux.HandleFunc("GET /logging", g.serveLogging)
	mux.HandleFunc("POST /logging", g.serveLogging)
	mux.HandleFunc("GET /log", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, g.log.recent()) })
	mux.HandleFunc("GET /access_log", func(w http.ResponseWriter, _ *http.Request) {
		entries, _ := g.access.recent()
		writeJSON(w, entries)
	})
	return sameSite(mux)
}

// sameSite refuses what a web page elsewhere may have made a browser send: the endpoints show configurations and change
// levels. On a loopback listener the Host must name this machine (a page's own name may resolve to it), and an Origin
// must be the console's own.
func sameSite(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		if local != nil && isLoopback(local.String()) && !namesThisMachine(r.Host) {
			http.Error(w, "the Host header must be localhost or an IP address", http.StatusForbidden)
			return
		}
		origin := r.Header.Get("Origin")
		if _, host, _ := strings.Cut(origin, "://"); origin != "" && host != r.Host {
			http.Error(w, "requests from other origins are refused", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isLoopback(address string) bool {
	ap, err := netip.ParseAddrPort(address)
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

func namesThisMachine(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || host == "localhost"
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", " ")
	encoder.SetEscapeHTML(false)
	encoder.Encode(v)
}

func (g *Gateway) serveReady(w http.ResponseWriter, _ *http.Request) {
	if g.draining.Load() {
		http.Error(w, "DRAINING", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "LIVE")
}

func (g *Gateway) serveInfo(w http.ResponseWriter, _ *http.Request) {
	state := "LIVE"
	if g.draining.Load() {
		state = "DRAINING"
	}
	writeJSON(w, map[string]any{
		"state": state, "uptime_current_epoch": time.Since(g.started).Round(time.Second).String(),
		"profile": g.config.Profile.String(), "concurrency": len(g.workers), "listener": g.Addr(),
	})
}

type dumpedPlugin struct {
	Name          string          `json:"name"`
	Source        string          `json:"source"`
	URL           string          `json:"url"`
	SHA256        string          `json:"sha256,omitempty"` // of the module
	Image         string          `json:"image_digest,omitempty"`
	Phase         string          `json:"phase"`
	Priority      *int64          `json:"priority,omitempty"`
	FailStrategy  string          `json:"fail_strategy"`
	Configuration json.RawMessage `json:"configuration,omitempty"`
	Failure       string          `json:"failure,omitempty"` // why the plugin is skipped, or refuses requests
}

type dumpedRoute struct {
	Name     string `json:"name"`
	Host     string `json:"host"`
	Path     string `json:"path"`
	PathType string `json:"path_type"`
	Cluster  string `json:"cluster"`
	Source   string `json:"source"`
}

// serveConfigDump shows what is in force, and why the last reload is not.
func (g *Gateway) serveConfigDump(w http.ResponseWriter, _ *http.Request) {
	state := g.state.Load()
	dump := struct {
		Plugins    []dumpedPlugin      `json:"plugins"` // in the order of the request path
		Routes     []dumpedRoute       `json:"routes"`
		Clusters   []*manifest.Cluster `json:"clusters"`
		NotPushed  []*manifest.Cluster `json:"clusters_not_pushed"` // no route refers to them
		Files      []string            `json:"files"`
		LastReload time.Time           `json:"last_reload"`
		Problems   string              `json:"last_reload_problems,omitempty"`
	}{Plugins: []dumpedPlugin{}, Routes: []dumpedRoute{}, Clusters: state.snapshot.Clusters, NotPushed: state.snapshot.NotPushed, Files: state.snapshot.Files}
	for _, p := range state.chain {
		m := p.manifest
		strategy := "FAIL_CLOSE"
		if m.FailOpen {
			strategy = "FAIL_OPEN"
		}
		image := ""
		if p.fetched != nil {
			image = p.fetched.Image
		}
		dump.Plugins = append(dump.Plugins, dumpedPlugin{
			Name: m.FilterName(), Source: m.Source, URL: fetch.Redacted(m.URL), SHA256: p.digest, Image: image, Phase: m.Phase.String(), Priority: m.Priority,
			FailStrategy: strategy, Configuration: m.Configuration, Failure: p.failure,
		})
	}
	for _, r := range state.snapshot.Routes.All() {
		dump.Routes = append(dump.Routes, dumpedRoute{r.Name, r.Host, r.Path, string(r.PathType), r.Cluster, r.Source})
	}
	dump.LastReload, dump.Problems = g.lastReload.get()
	writeJSON(w, dump)
}

// serveClusters prints one "cluster::endpoint::name::value" a line, as Envoy does.
func (g *Gateway) serveClusters(w http.ResponseWriter, _ *http.Request) {
	for _, c := range g.clusters.Clusters() {
		fmt.Fprintf(w, "%s::rq_total::%d\n%s::rq_active::%d\n%s::rq_error::%d\n",
			c.Name(), c.Requests.Load(), c.Name(), c.Active.Load(), c.Name(), c.Failures.Load())
		if err := c.ResolveError(); err != nil {
			fmt.Fprintf(w, "%s::resolve_error::%v\n", c.Name(), err)
		}
		for _, address := range c.Addresses() {
			fmt.Fprintf(w, "%s::%s::health_flags::healthy\n", c.Name(), address)
		}
	}
}

// serveStats shows all numbers, or with ?filter=REGEX those whose names it matches.
func (g *Gateway) serveStats(w http.ResponseWriter, r *http.Request) {
	filter, err := regexp.Compile(r.URL.Query().Get("filter"))
	if err != nil {
		http.Error(w, "filter: "+err.Error(), http.StatusBadRequest)
		return
	}
	g.writeStats(w, filter)
}

// serveLogging shows and sets the log levels: POST /logging?level=debug for gateway and plugins, ?wasm=debug for plugins
// alone.
func (g *Gateway) serveLogging(w http.ResponseWriter, r *http.Request) {
	for _, key := range []string{"level", "wasm"} {
		name := r.URL.Query().Get(key)
		if name == "" {
			continue
		}
		if r.Method != http.MethodPost {
			http.Error(w, "changing a level needs POST", http.StatusMethodNotAllowed)
			return
		}
		level, err := parseLevel(name)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		g.host.SetLogLevel(level)
		if key == "level" {
			g.log.setLevel(level)
		}
	}
	fmt.Fprintf(w, "active loggers:\n  main: %s\n  wasm: %s\n", g.log.level(), g.host.LogLevel())
}
