package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

// namespace is where WasmPlugins and, by default, Ingresses are.
const namespace = "higress-system"

// resource is the name of the plugin's WasmPlugin.
func (p *ChainedPlugin) resource() string {
	if p.As != "" {
		return p.As
	}
	return p.Name
}

// manifests renders a case's resources as YAML documents.
func (c *Case) manifests(plugin Plugin, resolve func(string) (Plugin, error)) ([]byte, error) {
	own, err := wasmPlugin(plugin.Name, plugin, &c.Settings)
	if err != nil {
		return nil, err
	}
	docs := []any{own}
	for i := range c.Plugins {
		link := &c.Plugins[i]
		if resolve == nil {
			return nil, fmt.Errorf("plugins[%d]: no plugin %q", i, link.Name)
		}
		further, err := resolve(link.Name)
		if err != nil {
			return nil, fmt.Errorf("plugins[%d]: %w", i, err)
		}
		if link.resource() == plugin.Name {
			return nil, fmt.Errorf("plugins[%d].as: %q is the plugin under test", i, plugin.Name)
		}
		link.place(&further, plugin)
		doc, err := wasmPlugin(link.resource(), further, &link.Settings)
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	for i := range c.routes {
		docs = append(docs, c.routes[i].ingress())
	}
	var out bytes.Buffer
	for i, doc := range docs {
		text, err := yaml.Marshal(doc)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out.WriteString("---\n")
		}
		out.Write(text)
	}
	return out.Bytes(), nil
}

// place sets where the further plugin stands in the chain: its own place unless the case says otherwise.
func (p *ChainedPlugin) place(further *Plugin, tested Plugin) {
	if p.Phase != "" {
		further.Phase = p.Phase
	}
	if p.Priority != nil {
		further.Priority = p.Priority
	}
	if p.Position == "" {
		return
	}
	priority := 0
	if tested.Priority != nil {
		priority = *tested.Priority
	}
	if p.Position == "before" {
		priority++
	} else {
		priority--
	}
	further.Phase, further.Priority = tested.Phase, &priority
	if tested.Priority == nil && p.Position == "after" {
		// A plugin without priority is the last of its phase; only another one without, and a later name, is behind it.
		further.Priority = nil
	}
}

type document struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   map[string]any `json:"metadata"`
	Spec       map[string]any `json:"spec"`
}

func wasmPlugin(name string, p Plugin, s *Settings) (*document, error) {
	module, err := filepath.Abs(p.Wasm)
	if err != nil {
		return nil, err
	}
	spec := map[string]any{"url": "file://" + module}
	if p.Phase != "" {
		spec["phase"] = p.Phase
	}
	if p.Priority != nil {
		spec["priority"] = *p.Priority
	}
	if strategy := firstOf(s.FailStrategy, p.FailStrategy); strategy != "" {
		spec["failStrategy"] = strategy
	}
	setRaw(spec, "pluginConfig", s.Config)
	setRaw(spec, "defaultConfig", s.DefaultConfig)
	if s.DefaultConfigDisable {
		spec["defaultConfigDisable"] = true
	}
	if len(s.MatchRules) > 0 {
		spec["matchRules"] = s.MatchRules
	}
	return &document{
		APIVersion: "extensions.higress.io/v1alpha1", Kind: "WasmPlugin",
		Metadata: map[string]any{"name": name, "namespace": namespace}, Spec: spec,
	}, nil
}

func setRaw(spec map[string]any, name string, raw json.RawMessage) {
	if len(raw) > 0 {
		spec[name] = raw
	}
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func (r *Route) ingress() *document {
	ns, name, ok := strings.Cut(r.Name, "/")
	if !ok {
		ns, name = namespace, r.Name
	}
	annotations := map[string]string{"higress.io/destination": r.backend()}
	for key, value := range r.Annotations {
		annotations[key] = value
	}
	rule := map[string]any{"http": map[string]any{"paths": []any{map[string]any{
		"path": firstOf(r.Path, "/"), "pathType": firstOf(r.PathType, "Prefix"),
		"backend": map[string]any{"resource": map[string]any{
			"apiGroup": "networking.higress.io", "kind": "McpBridge", "name": "default",
		}},
	}}}}
	if r.Host != "" && r.Host != "*" {
		rule["host"] = r.Host
	}
	return &document{
		APIVersion: "networking.k8s.io/v1", Kind: "Ingress",
		Metadata: map[string]any{"name": name, "namespace": ns, "annotations": annotations},
		Spec:     map[string]any{"rules": []any{rule}},
	}
}

var notInLabel = regexp.MustCompile(`[^a-z0-9]+`)

// label is a unique DNS label for the case of that index.
func (c *Case) label(index int) string {
	words := strings.Trim(notInLabel.ReplaceAllString(strings.ToLower(c.Name), "-"), "-")
	label := fmt.Sprintf("case-%03d-%s", index+1, words)
	return strings.TrimRight(label[:min(len(label), 63)], "-")
}
