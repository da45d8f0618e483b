package server

import (
	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

// state is what is in force: made by Reload, never changed afterwards.
type state struct {
	snapshot *manifest.Snapshot
	chain    []*installed // in the order of the request path
	routes   map[*manifest.Route]*stream.Route
}

func newState(snapshot *manifest.Snapshot) *state {
	s := &state{snapshot: snapshot, routes: map[*manifest.Route]*stream.Route{}}
	for _, r := range snapshot.Routes.All() {
		s.routes[r] = streamRoute(r)
	}
	return s
}

func streamRoute(r *manifest.Route) *stream.Route {
	route := &stream.Route{Name: r.Name, Cluster: r.Cluster, VirtualHost: r.Host, Timeout: r.Timeout, RewriteHost: r.RewriteHost}
	if r.RewriteTarget != "" {
		route.RewritePath = r.Rewrite
	}
	return route
}

// filters returns the factories of a stream's filters. They must be used before the worker's loop runs anything else:
// a reload closes the plugins that it replaces there.
func (s *state) filters(w *worker) []stream.FilterFactory {
	factories := make([]stream.FilterFactory, 0, len(s.chain))
	for _, p := range s.chain {
		switch {
		case p.plugin != nil:
			factories = append(factories, p.plugin.Factory(w.plugins))
		case !p.manifest.FailOpen:
			factories = append(factories, newRefusal)
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
