package matcher

import (
	"errors"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/internal/hostcall"
)

// ErrNoRouteInformation says that rules depend on the route or the cluster of a request and the host offers neither
// `route_name` nor `xds.route_name`, `cluster_name` nor `xds.cluster_name`: whether such a rule applies is unknown.
var ErrNoRouteInformation = errors.New("the host gives no route information")

// AuthoritySource supplies the request's `:authority`. It is asked at most once a look-up, and only when the rules
// need it.
type AuthoritySource interface {
	RequestAuthority() (string, error)
}

// hostAuthority reads `:authority` from the current stream.
type hostAuthority struct{}

func (hostAuthority) RequestAuthority() (string, error) {
	return proxywasm.GetHttpRequestHeader(":authority")
}

// GetMatchConfig finds the configuration for the current stream: the first matching rule's, else the global one, else
// nil. The pointer is shared: do not write through it. An error means that `:authority` could not be read although
// rules match on domains. Call it while the request headers are available.
func (m RuleMatcher[PluginConfig]) GetMatchConfig() (*PluginConfig, error) {
	config, err := m.Lookup(hostAuthority{})
	if errors.Is(err, ErrNoRouteInformation) {
		return config, nil
	}
	return config, err
}

// NeedsAuthority reports whether some rule matches on domains.
func (m RuleMatcher[PluginConfig]) NeedsAuthority() bool {
	return m.parsed != nil && m.parsed.index != nil && m.parsed.index.firstHost != noRule
}

// Lookup is GetMatchConfig with a given source of `:authority`. With ErrNoRouteInformation it also returns what
// applies if the rules in question do not match. With any other error the configuration is nil.
func (m RuleMatcher[PluginConfig]) Lookup(source AuthoritySource) (*PluginConfig, error) {
	p := m.parsed
	if p == nil {
		return nil, nil
	}
	rule := int32(noRule)
	var err error
	if p.index != nil {
		rule, err = p.index.lookup(source)
	}
	if err != nil && !errors.Is(err, ErrNoRouteInformation) {
		return nil, err
	}
	if rule != noRule {
		return &p.rules[rule].config, err
	}
	if p.hasGlobal {
		return &p.global, err
	}
	return nil, err
}

// lookup returns the lowest matching rule or noRule. The route name is read before the cluster name: reading it makes
// the host compute the route again after header edits, and the cluster name is stale until then.
func (x *index) lookup(source AuthoritySource) (rule int32, err error) {
	rule = noRule
	if x.firstHost != noRule {
		authority, err := source.RequestAuthority()
		if err != nil {
			return noRule, err
		}
		rule = x.byHost(withoutPort(authority), rule)
	}
	needCluster := min(x.firstService, x.firstRouteService)
	needRoute := min(x.firstRoute, x.firstRouteService)
	var route string
	routeKnown := false
	if needRoute < rule {
		if route, routeKnown, err = x.routeName.read(); err != nil {
			return noRule, err
		}
		rule = x.byRoute(route, rule)
		if !routeKnown && needRoute < rule {
			return rule, ErrNoRouteInformation
		}
	}
	if needCluster >= rule {
		return rule, nil
	}
	cluster, known, err := x.clusterName.read()
	if err != nil {
		return noRule, err
	}
	if !known && !routeKnown {
		// A route without a cluster (redirect, direct response) is not a host without route information.
		if _, routeKnown, err = x.routeName.read(); err != nil {
			return noRule, err
		}
		if !routeKnown {
			return rule, ErrNoRouteInformation
		}
	}
	return x.byCluster(route, cluster, rule), nil
}

// property is a value that hosts offer under one of two paths. It remembers which one its host has, and that it has one:
// a host that gave the route of an earlier request and gives none for this one has no route for it.
type property struct {
	plain, xds hostcall.Path
	prefersXDS bool
	offered    bool
}

// read returns the value, and known=false when the host has it under neither path and never had.
func (p *property) read() (value string, known bool, err error) {
	first, second := p.plain, p.xds
	if p.prefersXDS {
		first, second = second, first
	}
	value, err = hostcall.Property(first)
	if err == types.ErrorStatusNotFound {
		value, err = hostcall.Property(second)
		if err == types.ErrorStatusNotFound {
			return "", p.offered, nil
		}
		p.prefersXDS = p.prefersXDS != (err == nil)
	}
	p.offered = p.offered || err == nil
	return value, err == nil, err
}
