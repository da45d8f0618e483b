package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/module"
)

// usesKeyword marks a property of a configuration schema that has no effect on hosts without what it names, unless it has
// its default; see Uses.
const usesKeyword = "x-uses"

// Ignored lists the fields of a configuration that a stock Envoy would accept and not honour, each with what it asks for:
// "headerKey: asks for tags of the trace span".
func (p *Plugin) Ignored(config map[string]any) []string {
	w := usesWalk{root: p.Config}
	w.object(p.Config, config, "")
	rule := usesWalk{root: p.Config}
	if p.RuleConfig != nil {
		rule.root = p.RuleConfig
	}
	rules, _ := config["_rules_"].([]any)
	for i, item := range rules {
		if object, ok := item.(map[string]any); ok {
			rule.object(rule.root, object, fmt.Sprintf("_rules_[%d].", i))
		}
	}
	return append(w.found, rule.found...)
}

// usesWalk goes through a configuration beside its schema.
type usesWalk struct {
	root  map[string]any
	found []string
}

func (w *usesWalk) object(schema, value map[string]any, prefix string) {
	properties, _ := w.resolve(schema)["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(value)) {
		property, _ := properties[name].(map[string]any)
		if what, marked := property[usesKeyword].(string); marked && value[name] != nil && fmt.Sprint(value[name]) != fmt.Sprint(property["default"]) {
			w.found = append(w.found, prefix+name+": asks for "+module.HigressOnly[what])
		}
		w.value(property, value[name], prefix+name)
	}
}

func (w *usesWalk) value(schema map[string]any, value any, place string) {
	switch v := value.(type) {
	case map[string]any:
		w.object(schema, v, place+".")
	case []any:
		items, _ := w.resolve(schema)["items"].(map[string]any)
		for i, item := range v {
			w.value(items, item, fmt.Sprintf("%s[%d]", place, i))
		}
	}
}

// resolve follows a reference into the schema's own definitions.
func (w *usesWalk) resolve(schema map[string]any) map[string]any {
	reference, _ := schema["$ref"].(string)
	name, ok := strings.CutPrefix(reference, "#/$defs/")
	if !ok {
		return schema
	}
	definitions, _ := w.root["$defs"].(map[string]any)
	definition, _ := definitions[name].(map[string]any)
	return definition
}
