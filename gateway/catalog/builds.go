package catalog

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/module"
)

// EnvoyWasm is where a plugin's build for hosts without Redis call-outs is, if it has one.
func (p *Plugin) EnvoyWasm() string { return filepath.Join(p.Dir, module.EnvoyFile) }

// WasmFor is the file with the build that a URL names: plugin.wasm, or plugin.envoy.wasm of a plugin that has that second
// build, where NamesEnvoyBuild says so, or envoy does.
func (p *Plugin) WasmFor(url string, envoy bool) string {
	if (envoy || NamesEnvoyBuild(url)) && (slices.Contains(p.Requires, "redis") || isFile(p.EnvoyWasm())) {
		return p.EnvoyWasm()
	}
	return p.Wasm()
}

// NamesEnvoyBuild reports whether a URL is that of a build for hosts without Redis call-outs: the file as wasmplane build
// writes it, or an image with a tag as wasmplane image push --envoy makes it, with or without a digest. A digest alone
// does not tell.
func NamesEnvoyBuild(url string) bool {
	scheme, rest, found := strings.Cut(url, "://")
	if found && scheme != "oci" {
		path, _, _ := strings.Cut(rest, "?")
		return strings.HasSuffix(path, "/"+module.EnvoyFile)
	}
	if !found {
		rest = url
	}
	reference, _, _ := strings.Cut(rest, "@")
	_, tag, tagged := strings.Cut(reference[strings.LastIndexByte(reference, '/')+1:], ":")
	return tagged && strings.HasSuffix(tag, "-envoy")
}
