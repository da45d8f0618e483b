package envoy

import (
	"net/url"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// generateFilters makes the HTTP filters: the plugins in chain order, then the router.
func generateFilters(plugins []*manifest.Plugin, opts Options) ([]any, error) {
	filters, err := collect(plugins, func(p *manifest.Plugin) (any, error) {
		if err := check(p); err != nil {
			return nil, err
		}
		return pluginFilter(p, opts), nil
	})
	if err != nil {
		return nil, err
	}
	return append(filters, object{
		"name":         "envoy.filters.http.router",
		"typed_config": object{"@type": typeURL("envoy.extensions.filters.http.router.v3.Router")},
	}), nil
}

// pluginFilter makes the wasm filter of a plugin. No vm id is set, as in Higress: plugins with the same module share a
// VM on each thread, and all plugins share their data.
func pluginFilter(p *manifest.Plugin, opts Options) object {
	vm := object{
		"runtime": "envoy.wasm.runtime.v8",
		"code":    object{"local": object{"filename": filename(p, opts)}},
	}
	if env := environment(p.Env); len(env) > 0 {
		vm["environment_variables"] = env
	}
	config := object{
		"name":      p.FilterName(),
		"root_id":   p.RootID,
		"vm_config": vm,
		// Without it, StopIteration in the header callbacks of ABI 0.2.1 holds the body back too.
		"allow_on_headers_stop_iteration": true,
	}
	// FAIL_OPEN as failure_policy answers 503 to the request in which the guest traps; the older field lets it pass, as
	// Higress does (seen on 1.36.4 and 1.39.3).
	if p.FailOpen {
		config["fail_open"] = true
	} else {
		config["failure_policy"] = "FAIL_CLOSED"
	}
	if len(p.Configuration) > 0 {
		config["configuration"] = object{"@type": typeURL("google.protobuf.StringValue"), "value": string(p.Configuration)}
	}
	return object{
		"name":         p.FilterName(),
		"typed_config": object{"@type": typeURL("envoy.extensions.filters.http.wasm.v3.Wasm"), "config": config},
	}
}

func filename(p *manifest.Plugin, opts Options) string {
	if opts.Filename != nil {
		return opts.Filename(p)
	}
	u, err := url.Parse(p.URL)
	if err != nil {
		return p.URL // check has refused it
	}
	return u.Path
}

// environment is a VM's environment_variables. HOST takes Envoy's own variable of that name.
func environment(vars []manifest.EnvVar) object {
	values := object{}
	host := []any{}
	for _, v := range vars {
		if v.ValueFrom == "HOST" {
			host = append(host, v.Name)
			continue
		}
		values[v.Name] = v.Value
	}
	env := object{}
	if len(values) > 0 {
		env["key_values"] = values
	}
	if len(host) > 0 {
		env["host_env_keys"] = host
	}
	return env
}
