package validate

import (
	"fmt"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/catalog"
)

// Recognized says which plugin a WasmPlugin installs.
type Recognized struct {
	// Plugin is nil where nobody knows.
	Plugin *catalog.Plugin
	// ByPluginName says that the pluginName told, because the URL names one that is not known: a mirror under another name.
	ByPluginName bool

	name, hint string
}

// Unknown is why there is no Plugin, and what would help.
func (r Recognized) Unknown() string {
	text := fmt.Sprintf("there is no plugin %q here", r.name)
	if r.hint != "" {
		text += fmt.Sprintf(" (if it is %s under another name, say so by pluginName: %[1]s)", r.hint)
	}
	return text
}

// Recognize finds the plugin that a WasmPlugin installs among those that are known, by name. The URL has the first word: it
// is what is executed. Of several URLs, of the same module in several places, the first one with a known name counts. Where
// there is none, such as with a mirror of its own naming, pluginName may name a plugin. The resource's own name counts only
// where neither says anything: it is chosen freely, and a plugin of somebody else must not be judged as ours because its
// resource is called like that.
func Recognize(known map[string]*catalog.Plugin, urls []string, pluginName, resourceName string) Recognized {
	name := ""
	for _, url := range urls {
		inURL := nameInURL(url)
		if p := known[inURL]; p != nil {
			return Recognized{Plugin: p, name: inURL}
		}
		if name == "" {
			name = inURL
		}
	}
	if p := known[pluginName]; p != nil {
		return Recognized{Plugin: p, ByPluginName: name != "", name: pluginName}
	}
	switch {
	case name == "" && pluginName == "":
		return Recognized{Plugin: known[resourceName], name: resourceName}
	case name == "":
		name = pluginName
	}
	unknown := Recognized{name: name}
	if known[resourceName] != nil {
		unknown.hint = resourceName
	}
	return unknown
}

// nameInURL is the last part of a URL's path without tag or digest, or the folder of a file named plugin.wasm; "" where
// there is none.
func nameInURL(url string) string {
	_, path, hasScheme := strings.Cut(url, "://")
	if !hasScheme {
		path = url
	}
	path, _, _ = strings.Cut(path, "@")
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	last := parts[len(parts)-1]
	if name, isFile := strings.CutSuffix(last, ".wasm"); isFile {
		if last != "plugin.wasm" && last != "plugin.envoy.wasm" {
			return name
		}
		if len(parts) < 2 {
			return ""
		}
		last = parts[len(parts)-2]
	}
	if !strings.HasPrefix(url, "http") || !hasScheme {
		last, _, _ = strings.Cut(last, ":")
	}
	return last
}
