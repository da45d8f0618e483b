package matcher

import "strings"

// routeService is one (route, service entry) pair of a RouteAndService rule.
type routeService struct{ route, service string }

// index finds the lowest rule number that matches a request. Every table maps to the lowest rule that has the key.
// The first… fields hold the lowest rule of a kind, so a kind that cannot win any more is not looked up, and the host
// is not asked for its value.
type index struct {
	exactHosts    map[string]int32
	subdomains    map[string]int32 // patterns `*.rest`, by `.rest`
	longestRest   int              // of the keys of subdomains
	hostSuffixes  trie             // other patterns `*rest`
	hostPrefixes  trie
	routes        map[string]int32
	routePrefixes trie
	services      map[string]int32
	routeServices map[routeService]int32

	firstHost, firstRoute, firstService, firstRouteService int32

	routeName, clusterName property // what the host has shown of them so far
}

func newIndex() *index {
	return &index{
		hostSuffixes: trie{reverse: true},
		firstHost:    noRule, firstRoute: noRule, firstService: noRule, firstRouteService: noRule,
		routeName:   property{plain: "route_name", xds: "xds\x00route_name"},
		clusterName: property{plain: "cluster_name", xds: "xds\x00cluster_name"},
	}
}

// addRule indexes a rule. Call it in ascending order of number.
func (x *index) addRule(number int32, c *conditions) {
	switch c.category {
	case Host:
		x.firstHost = min(x.firstHost, number)
		for _, h := range c.hosts {
			x.addHost(number, h)
		}
	case Route:
		x.firstRoute = min(x.firstRoute, number)
		x.routes = addKeys(x.routes, c.routes, number)
	case RoutePrefix:
		x.firstRoute = min(x.firstRoute, number)
		for _, p := range c.prefixes {
			x.routePrefixes.insert(p, number)
		}
	case Service:
		x.firstService = min(x.firstService, number)
		x.services = addKeys(x.services, c.services, number)
	case RouteAndService:
		x.firstRouteService = min(x.firstRouteService, number)
		if x.routeServices == nil {
			x.routeServices = map[routeService]int32{}
		}
		for _, r := range c.routes {
			for _, s := range c.services {
				x.routeServices = addKeys(x.routeServices, []routeService{{r, s}}, number)
			}
		}
	}
}

func (x *index) addHost(number int32, h HostMatcher) {
	if h.matchType == Prefix {
		x.hostPrefixes.insert(strings.ToLower(h.host), number)
		return
	}
	host := normalHost(h.host)
	switch {
	case h.matchType == Suffix && strings.HasPrefix(host, "."):
		x.subdomains = addKeys(x.subdomains, []string{host}, number)
		x.longestRest = max(x.longestRest, len(host))
	case h.matchType == Suffix:
		x.hostSuffixes.insert(host, number)
	default:
		x.exactHosts = addKeys(x.exactHosts, []string{host}, number)
	}
}

// addKeys leaves keys alone that an earlier rule already has.
func addKeys[K comparable](table map[K]int32, keys []K, number int32) map[K]int32 {
	if table == nil {
		table = make(map[K]int32, len(keys))
	}
	for _, k := range keys {
		if _, taken := table[k]; !taken {
			table[k] = number
		}
	}
	return table
}

// byHost returns the lowest rule below limit that matches the request's host, port already removed.
func (x *index) byHost(host string, limit int32) int32 {
	host = normalHost(host)
	if n, ok := x.exactHosts[host]; ok {
		limit = min(limit, n)
	}
	for i := max(0, len(host)-x.longestRest); i < len(host); i++ {
		if host[i] != '.' {
			continue
		}
		if n, ok := x.subdomains[host[i:]]; ok {
			limit = min(limit, n)
		}
	}
	limit = x.hostSuffixes.find(host, limit)
	return x.hostPrefixes.find(host, limit)
}

// byRoute returns the lowest rule below limit that matches the route name alone.
func (x *index) byRoute(route string, limit int32) int32 {
	if n, ok := x.routes[route]; ok {
		limit = min(limit, n)
	}
	return x.routePrefixes.find(route, limit)
}

// byCluster returns the lowest rule below limit that matches on the service, or on route and service. Only cluster
// names of the form `direction|port|subset|fqdn` can match.
func (x *index) byCluster(route, cluster string, limit int32) int32 {
	port, fqdn, ok := serviceOf(cluster)
	if !ok {
		return limit
	}
	var room [128]byte
	withPort := append(append(append(room[:0], fqdn...), ':'), port...)
	if x.firstService < limit {
		if n, ok := x.services[fqdn]; ok {
			limit = min(limit, n)
		}
		if n, ok := x.services[string(withPort)]; ok {
			limit = min(limit, n)
		}
	}
	if x.firstRouteService < limit {
		if n, ok := x.routeServices[routeService{route, fqdn}]; ok {
			limit = min(limit, n)
		}
		if n, ok := x.routeServices[routeService{route, string(withPort)}]; ok {
			limit = min(limit, n)
		}
	}
	return limit
}

// serviceOf takes port and fqdn out of a cluster name of four parts.
func serviceOf(cluster string) (port, fqdn string, ok bool) {
	_, rest, ok := strings.Cut(cluster, "|")
	if !ok {
		return "", "", false
	}
	port, rest, ok = strings.Cut(rest, "|")
	if !ok {
		return "", "", false
	}
	_, fqdn, ok = strings.Cut(rest, "|")
	if !ok || strings.IndexByte(fqdn, '|') >= 0 {
		return "", "", false
	}
	return port, fqdn, true
}

// normalHost is a host in the one form in which hosts are compared: lower case (RFC 9110 section 4.2.3), without the final
// dot of a fully qualified name. Otherwise "APP.example." would reach what a rule for "app.example" protects.
func normalHost(host string) string {
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// withoutPort removes the port from an authority. A colon inside the brackets of an IPv6 address is no port.
func withoutPort(authority string) string {
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 || strings.IndexByte(authority[colon:], ']') >= 0 {
		return authority
	}
	return authority[:colon]
}
