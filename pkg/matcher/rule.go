package matcher

import (
	"errors"
	"sort"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// HostMatcher is one entry of `_match_domain_`.
type HostMatcher struct {
	matchType MatchType
	host      string // without the asterisk
}

// conditions are the match lists of one rule.
type conditions struct {
	category Category
	routes   []string
	hosts    []HostMatcher
	services []string
	prefixes []string
}

// RuleConfig is one rule: its conditions and the configuration that applies where they hold.
type RuleConfig[PluginConfig any] struct {
	conditions
	config PluginConfig
}

// GenerateHashKey returns a text that two rules share exactly when they have the same category and the same set of
// match values, in whatever order.
func (r *RuleConfig[PluginConfig]) GenerateHashKey() string { return r.conditions.key() }

func (c *conditions) key() string {
	var values []string
	add := func(kind string, list []string) {
		for _, value := range list {
			values = append(values, kind+value)
		}
	}
	switch c.category {
	case Host:
		for _, h := range c.hosts {
			values = append(values, strconv.Itoa(int(h.matchType))+":"+h.host)
		}
	case Route:
		add("", c.routes)
	case Service:
		add("", c.services)
	case RoutePrefix:
		add("", c.prefixes)
	case RouteAndService:
		add("r:", c.routes)
		add("s:", c.services)
	}
	sort.Stable(sort.StringSlice(values)) // package slices, and so sort.Strings, brings 19 KB for this place alone
	key := append(strconv.AppendInt(nil, int64(c.category), 10), '|')
	for i, value := range values {
		if i > 0 {
			key = append(key, ',')
		}
		key = strconv.AppendQuote(key, value)
	}
	return string(key)
}

var errNoCondition = errors.New("there is at least one of  '_match_route_', '_match_domain_', '_match_service_' and " +
	"'_match_route_prefix_' can present in configuration.")

// parseConditions reads the match lists of a rule and settles its category.
func parseConditions(rule gjson.Result) (conditions, error) {
	c := conditions{
		routes:   matchValues(rule, MATCH_ROUTE_KEY),
		services: matchValues(rule, MATCH_SERVICE_KEY),
		prefixes: matchValues(rule, MATCH_ROUTE_PREFIX_KEY),
	}
	for _, v := range rule.Get(MATCH_DOMAIN_KEY).Array() {
		c.hosts = append(c.hosts, parseHost(strings.Clone(v.String())))
	}
	switch {
	case len(c.routes) > 0 && len(c.services) > 0:
		c.category = RouteAndService
	case len(c.routes) > 0:
		c.category = Route
	case len(c.hosts) > 0:
		c.category = Host
	case len(c.services) > 0:
		c.category = Service
	case len(c.prefixes) > 0:
		c.category = RoutePrefix
	default:
		return c, errNoCondition
	}
	return c, nil
}

// matchValues copies the values, so that the index does not keep the whole configuration text alive.
func matchValues(rule gjson.Result, key string) []string {
	var values []string
	for _, v := range rule.Get(key).Array() {
		if s := v.String(); s != "" {
			values = append(values, strings.Clone(s))
		}
	}
	return values
}

func parseHost(pattern string) HostMatcher {
	if rest, ok := strings.CutPrefix(pattern, "*"); ok {
		return HostMatcher{matchType: Suffix, host: rest}
	}
	if rest, ok := strings.CutSuffix(pattern, "*"); ok {
		return HostMatcher{matchType: Prefix, host: rest}
	}
	return HostMatcher{matchType: Exact, host: pattern}
}
