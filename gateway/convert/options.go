package convert

import (
	"context"
	"fmt"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/catalog"
)

// Options say what the resources cannot: where the result applies, and what things are called there.
type Options struct {
	// Target is what the result applies to. Envoy Gateway needs one.
	Target *Target
	// Namespace of the result; empty means that of the source.
	Namespace string
	// Name of the result where several plugins become one resource; empty means "wasm-plugins".
	Name string
	// URL replaces the module's URL, and SHA256 its digest, 64 hexadecimal digits: the digest of another URL does not count.
	// They are for one plugin only.
	URL, SHA256 string
	// EnvoyBuild says that URLs of plugins with Redis name their builds for stock Envoy, which a digest does not tell.
	EnvoyBuild bool
	// AllowUnknown converts plugins that are not among Plugins, unchecked.
	AllowUnknown bool
	// Routes and Services are the names by which the other gateway knows what rules match: of Ingresses and services as
	// in Higress, to those of its routes and services.
	Routes, Services map[string][]string
	// Plugins are the known plugins by name.
	Plugins map[string]*catalog.Plugin
	// Load asks compiled plugins about configurations; nil asks none. See validate.Options.
	Load func(ctx context.Context, p *catalog.Plugin, wasm string, configuration []byte) (complaints []string, err error)
}

// Target names the resource that a result applies to.
type Target struct{ Kind, Name string }

// ParseTarget reads KIND/NAME.
func ParseTarget(text string) (*Target, error) {
	kind, name, ok := strings.Cut(text, "/")
	if !ok || kind == "" || name == "" || strings.Contains(name, "/") {
		return nil, fmt.Errorf("must be KIND/NAME, not %q", text)
	}
	return &Target{Kind: kind, Name: name}, nil
}

// ParseNames reads OLD=NEW pairs; a name that stands on the left twice has two new ones.
func ParseNames(pairs []string) (map[string][]string, error) {
	names := map[string][]string{}
	for _, pair := range pairs {
		was, is, ok := strings.Cut(pair, "=")
		if !ok || was == "" || is == "" {
			return nil, fmt.Errorf("must be OLD=NEW, not %q", pair)
		}
		names[was] = append(names[was], is)
	}
	return names, nil
}
