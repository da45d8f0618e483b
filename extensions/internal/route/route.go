// Package route tells which route a request takes.
package route

import "github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

// Name returns the name of the route that the current request takes, "" if none does or the host does not tell.
func Name() string { return nameIn(proxywasm.GetProperty) }

// nameIn asks as Higress and as stock Envoy name it, which has it as xds.route_name only.
func nameIn(property func(path []string) ([]byte, error)) string {
	for _, path := range [...][]string{{"route_name"}, {"xds", "route_name"}} {
		if name, err := property(path); err == nil && len(name) > 0 {
			return string(name)
		}
	}
	return ""
}
