package envoy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// generateRoutes makes a config.route.v3.RouteConfiguration: a virtual host for each host of the manifests. Envoy takes
// the most specific one as manifest.RouteTable does.
func generateRoutes(table *manifest.RouteTable, name string) (object, error) {
	var hosts []string
	var failures []error
	byHost := map[string][]any{}
	for _, r := range ordered(table.All()) {
		route, err := generateRoute(r)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		if !slices.Contains(hosts, r.Host) {
			hosts = append(hosts, r.Host)
		}
		byHost[r.Host] = append(byHost[r.Host], route)
	}
	slices.Sort(hosts)
	virtualHosts := []any{}
	for _, host := range hosts {
		virtualHosts = append(virtualHosts, object{"name": host, "domains": []any{host}, "routes": byHost[host]})
	}
	return object{
		"name":          name,
		"virtual_hosts": virtualHosts,
		// A route to a cluster that does not exist answers 503, it does not keep the rest from loading.
		"validate_clusters":            false,
		"ignore_port_in_host_matching": true,
	}, errors.Join(failures...)
}

// ordered sorts routes as manifest.RouteTable tries them: exact paths before prefixes, longer before shorter, ties in the
// order of the manifests. Envoy takes the first that matches.
func ordered(routes []*manifest.Route) []*manifest.Route {
	sorted := slices.Clone(routes)
	slices.SortStableFunc(sorted, func(a, b *manifest.Route) int {
		if a.PathType != b.PathType {
			return strings.Compare(string(a.PathType), string(b.PathType)) // Exact < Prefix
		}
		return len(b.Path) - len(a.Path)
	})
	return sorted
}

// generateRoute makes a config.route.v3.Route.
func generateRoute(r *manifest.Route) (object, error) {
	if strings.ContainsAny(r.Path, "?#") {
		return nil, refusal(r.Source, "Ingress "+r.Name, "spec.rules", "path %q has a question mark or a hash, which Envoy's prefix matches cannot hold", r.Path)
	}
	action := object{"cluster": r.Cluster, "timeout": seconds(r.Timeout)}
	if r.RewriteHost != "" {
		action["host_rewrite_literal"] = r.RewriteHost
	}
	rewrite(action, r)
	return object{"name": r.Name, "match": routeMatch(r), "route": action}, nil
}

// routeMatch compares whole path elements, as the Ingress resource says. Envoy's path_separated_prefix does so; it
// cannot be "/".
func routeMatch(r *manifest.Route) object {
	if r.PathType == manifest.Exact {
		return object{"path": r.Path}
	}
	if prefix := strings.TrimSuffix(r.Path, "/"); prefix != "" {
		return object{"path_separated_prefix": prefix}
	}
	return object{"prefix": "/"}
}

// rewrite does what manifest.Route.Rewrite does. Envoy's prefix_rewrite replaces the matched text and no more, so where
// one of the two is "/" the slash between them needs an expression.
func rewrite(action object, r *manifest.Route) {
	if r.RewriteTarget == "" {
		return
	}
	if r.PathType == manifest.Exact {
		action["prefix_rewrite"] = r.RewriteTarget
		return
	}
	prefix, target := strings.TrimSuffix(r.Path, "/"), strings.TrimSuffix(r.RewriteTarget, "/")
	switch {
	case prefix != "" && target != "":
		action["prefix_rewrite"] = target
	case target != "":
		action["regex_rewrite"] = regexRewrite("^/", target+"/")
	case prefix != "":
		action["regex_rewrite"] = regexRewrite(fmt.Sprintf("^%s(/|$)", regexp.QuoteMeta(prefix)), "/")
	}
}

// regexRewrite replaces what an RE2 expression matches by a text.
func regexRewrite(expression, text string) object {
	return object{"pattern": object{"regex": expression}, "substitution": strings.ReplaceAll(text, `\`, `\\`)}
}
