package manifest

import (
	"slices"
	"strings"
)

// RouteTable chooses the route of a request the way the gateway's route configuration does: the most specific host
// entry first (exact, then the longest wildcard, then "*"), within it exact paths before prefixes and longer before
// shorter, ties in the order of the manifests. It is safe for concurrent use.
type RouteTable struct {
	hosts map[string][]*Route // by exact host, "*.suffix" or "*"
	all   []*Route
}

func newRouteTable(routes []*Route) *RouteTable {
	t := &RouteTable{hosts: map[string][]*Route{}, all: routes}
	for _, r := range routes {
		t.hosts[r.Host] = append(t.hosts[r.Host], r)
	}
	for _, list := range t.hosts {
		slices.SortStableFunc(list, func(a, b *Route) int {
			if a.PathType != b.PathType {
				return strings.Compare(string(a.PathType), string(b.PathType)) // Exact < Prefix
			}
			return len(b.Path) - len(a.Path)
		})
	}
	return t
}

// All returns the routes in the order of the manifests.
func (t *RouteTable) All() []*Route { return t.all }

// Match returns the route for an authority and a path (a query is ignored), or nil. Only the most specific host entry
// that matches is searched, as in Envoy.
func (t *RouteTable) Match(authority, path string) *Route {
	path, _, _ = strings.Cut(path, "?")
	for _, r := range t.host(strings.ToLower(hostname(authority))) {
		if r.matches(path) {
			return r
		}
	}
	return nil
}

func (t *RouteTable) host(host string) []*Route {
	if list, ok := t.hosts[host]; ok && host != "" {
		return list
	}
	for rest := host; ; {
		i := strings.IndexByte(rest, '.')
		if i < 0 {
			return t.hosts["*"]
		}
		if list, ok := t.hosts["*"+rest[i:]]; ok {
			return list
		}
		rest = rest[i+1:]
	}
}

// matches compares a path. A prefix matches whole path elements, as the Ingress resource says.
func (r *Route) matches(path string) bool {
	if r.PathType == Exact {
		return path == r.Path
	}
	prefix := strings.TrimSuffix(r.Path, "/")
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

// hostname drops the port of an authority.
func hostname(authority string) string {
	if strings.HasPrefix(authority, "[") {
		if i := strings.IndexByte(authority, ']'); i >= 0 {
			return authority[:i+1]
		}
		return authority
	}
	host, _, _ := strings.Cut(authority, ":")
	return host
}

// Rewrite returns the path to send upstream for a request path. Only the matched part is replaced; the query stays.
func (r *Route) Rewrite(path string) string {
	if r.RewriteTarget == "" {
		return path
	}
	bare, query, hasQuery := strings.Cut(path, "?")
	rewritten := r.RewriteTarget
	if r.PathType == Prefix {
		rest := strings.TrimPrefix(bare, strings.TrimSuffix(r.Path, "/"))
		rewritten = strings.TrimSuffix(r.RewriteTarget, "/") + rest
		if rewritten == "" {
			rewritten = "/"
		}
	}
	if hasQuery {
		return rewritten + "?" + query
	}
	return rewritten
}
