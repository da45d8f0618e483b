// Package matcher decides which configuration of a plugin applies to a request: the first rule, in configuration
// order, whose route, domain, service or route prefix matches, else the global configuration, else none.
//
// Rules are indexed when the plugin starts, so the cost of a look-up depends on the length of the names involved and
// not on the number of rules. What the index asks of the host is only what the rules need: no rules, no host call.
package matcher

// Keys of a rule in the plugin configuration.
const (
	RULES_KEY              = "_rules_"
	MATCH_ROUTE_KEY        = "_match_route_"
	MATCH_DOMAIN_KEY       = "_match_domain_"
	MATCH_SERVICE_KEY      = "_match_service_"
	MATCH_ROUTE_PREFIX_KEY = "_match_route_prefix_"
)

// Category says what a rule matches on. A rule has exactly one.
type Category int

// The categories. A rule with routes and services is a RouteAndService rule and needs both to match.
const (
	Route Category = iota
	Host
	Service
	RoutePrefix
	RouteAndService
)

// MatchType says how a domain pattern is compared.
type MatchType int

// The match types: `abc*` is a Prefix, `*.abc` a Suffix, everything else Exact.
const (
	Prefix MatchType = iota
	Exact
	Suffix
)
