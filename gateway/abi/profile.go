package abi

// Profile is the host that a VM believes to run on. Everything in which the two differ is decided by the methods below.
type Profile int

const (
	// Higress is the Higress gateway 2.2: Envoy 1.36 with the fork's additions.
	Higress Profile = iota
	// Envoy is a stock Envoy 1.36 or later.
	Envoy
)

// String returns the profile's name as the command line spells it.
func (p Profile) String() string {
	if p == Envoy {
		return "envoy"
	}
	return "higress"
}

// MaxVersion is the newest ABI version that the host knows.
func (p Profile) MaxVersion() Version {
	if p == Envoy {
		return Version021
	}
	return Version02100
}

// RequestHeadersInLaterPhases reports whether a guest may still read request headers after it passed them on.
func (p Profile) RequestHeadersInLaterPhases() bool { return p == Higress }

// RepliesReplace reports whether a guest's local reply may replace an earlier one of the same stream whose headers are
// not out yet. Otherwise only the guest's first one counts.
func (p Profile) RepliesReplace() bool { return p == Envoy }

// PropertyEffects reports whether setting certain properties acts on the stream or the VM (clear_route_cache, buffer
// limits, trace_span_tag, wasm_need_rebuild) rather than only being stored.
func (p Profile) PropertyEffects() bool { return p == Higress }

// forkProperties are properties that only the fork answers. Stock Envoy has xds.route_name and xds.cluster_name.
var forkProperties = map[string]bool{"route_name": true, "cluster_name": true, "plugin_vm_memory": true}

// HasProperty reports whether the host knows the property whose path starts with name.
func (p Profile) HasProperty(name string) bool {
	return p == Higress || !forkProperties[name]
}

var forkForeignFunctions = map[string]bool{
	"get_log_level":                                 true,
	"inject_encoded_data_to_filter_chain":           true,
	"inject_encoded_data_to_filter_chain_on_header": true,
	"set_global_max_requests_per_io_cycle":          true,
}

// HasForeignFunction reports whether the host may offer the foreign function of that name.
func (p Profile) HasForeignFunction(name string) bool {
	return p == Higress || !forkForeignFunctions[name]
}

var forkImports = map[string]bool{
	"proxy_redis_init":                          true,
	"proxy_redis_call":                          true,
	"proxy_inject_encoded_data_to_filter_chain": true,
	"proxy_get_upstream_hosts":                  true,
	"proxy_set_upstream_override_host":          true,
}

// offers reports whether the host offers an env import of that name.
func (p Profile) offers(name string) bool {
	return p == Higress || !forkImports[name]
}

// keepsStopIteration reports whether action 1 of a headers callback means StopIteration. allow is Envoy's
// allow_on_headers_stop_iteration.
func (p Profile) keepsStopIteration(v Version, allow bool) bool {
	return v >= Version02100 || allow
}
