package main

import (
	"fmt"
	"maps"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/wasmplane/wasmplane/gateway/catalog"
)

// higressCategories are the categories of the Higress console, by those of plugin.yaml.
var higressCategories = map[string]string{
	"auth": "auth", "security": "security", "traffic": "flow-control", "transformation": "protocol", "ai": "ai",
}

// higressSpec renders spec.yaml, a plugin's description for the Higress console (higress.cn/docs/latest/user/wasm-image-spec).
func higressSpec(p *catalog.Plugin, version string) ([]byte, error) {
	category, ok := higressCategories[p.Category]
	if !ok {
		category = "custom"
	}
	info := map[string]any{
		"name": p.Name, "title": p.Title, "category": category, "version": version, "description": p.Description,
		"contact": map[string]any{"name": "wasmplane", "url": projectSource},
	}
	phase := p.Phase
	if phase == "" {
		phase = "UNSPECIFIED_PHASE"
	}
	spec := map[string]any{"phase": phase}
	if p.Priority != nil {
		spec["priority"] = *p.Priority
	}
	if p.Config != nil {
		spec["configSchema"] = map[string]any{"openAPIV3Schema": openAPI(p.Config, exampleOf(p))}
	}
	if p.RuleConfig != nil {
		spec["routeConfigSchema"] = map[string]any{"openAPIV3Schema": openAPI(p.RuleConfig, nil)}
	}
	text, err := yaml.Marshal(map[string]any{"apiVersion": "1.0.0", "info": info, "spec": spec})
	if err != nil {
		return nil, fmt.Errorf("spec.yaml: %w", err)
	}
	return text, nil
}

func exampleOf(p *catalog.Plugin) map[string]any {
	if len(p.Examples) == 0 || len(p.Examples[0].Config) == 0 {
		return nil
	}
	example := maps.Clone(p.Examples[0].Config)
	delete(example, "_rules_") // the console has rules in forms of their own
	return example
}

// openAPI turns a JSON schema into one that stands alone: OpenAPI has no $defs, so what is referred to is put in place.
func openAPI(schema, example map[string]any) map[string]any {
	defs, _ := schema["$defs"].(map[string]any)
	out, _ := inlined(schema, defs, nil).(map[string]any)
	delete(out, "$defs")
	if len(example) > 0 {
		out["example"] = example
	}
	return out
}

// inlined copies a part of a schema with its references resolved. One that leads back to itself becomes any value.
func inlined(node any, defs map[string]any, within []string) any {
	switch node := node.(type) {
	case []any:
		list := make([]any, len(node))
		for i, item := range node {
			list[i] = inlined(item, defs, within)
		}
		return list
	case map[string]any:
		out := map[string]any{}
		for key, value := range node {
			if key != "$ref" && key != "$defs" {
				out[key] = inlined(value, defs, within)
			}
		}
		ref, _ := node["$ref"].(string)
		name, ok := strings.CutPrefix(ref, "#/$defs/")
		if !ok {
			return out
		}
		for _, outer := range within {
			if outer == name {
				return out
			}
		}
		target, _ := inlined(defs[name], defs, append(within[:len(within):len(within)], name)).(map[string]any)
		for key, value := range target {
			if _, set := out[key]; !set {
				out[key] = value
			}
		}
		return out
	default:
		return node
	}
}
