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

// Wish is a field of a configuration that asks the host for something which a stock Envoy accepts and does not do.
type Wish struct {
	// Rule is the index of the rule in _rules_ that the field is in, -1 for the global configuration.
	Rule  int
	Field string // path within the rule, or within the configuration
	What  string // such as "tags of the trace span"
}

// Wishes lists the fields of a whole configuration that a stock Envoy would not honour.
func (p *Plugin) Wishes(config map[string]any) []Wish {
	w := usesWalk{root: p.Config, rule: -1}
	w.object(p.Config, config, "")
	if p.RuleConfig != nil {
		w.root = p.RuleConfig
	}
	rules, _ := config["_rules_"].([]any)
	if rule, single := config["_rules_"].(map[string]any); single {
		rules = []any{rule}
	}
	for i, item := range rules {
		if object, ok := item.(map[string]any); ok {
			w.rule = i
			w.object(w.root, object, "")
		}
	}
	return w.found
}

// Ignored words the wishes of a configuration: "headerKey: asks for tags of the trace span".
func (p *Plugin) Ignored(config map[string]any) []string {
	var out []string
	for _, wish := range p.Wishes(config) {
		field := wish.Field
		if wish.Rule >= 0 {
			field = fmt.Sprintf("_rules_[%d].%s", wish.Rule, field)
		}
		out = append(out, field+": asks for "+wish.What)
	}
	return out
}

// Unconditional lists what the plugin asks for whatever its configuration says: of what it uses, that which no field of its
// schemas stands for.
func (p *Plugin) Unconditional() []string {
	var out []string
	for _, what := range p.Uses {
		if !marks(p.Config, what) && !marks(p.RuleConfig, what) {
			out = append(out, module.HigressOnly[what])
		}
	}
	return out
}

// marks reports whether a part of a schema has the keyword with this value.
func marks(node any, what string) bool {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			if key == usesKeyword && value == what || marks(value, what) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(node, func(item any) bool { return marks(item, what) })
	}
	return false
}

// usesWalk goes through a configuration beside its schema.
type usesWalk struct {
	root  map[string]any
	rule  int
	found []Wish
}

func (w *usesWalk) object(schema, value map[string]any, prefix string) {
	properties, _ := w.resolve(schema)["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(value)) {
		property, _ := properties[name].(map[string]any)
		if what, marked := property[usesKeyword].(string); marked && value[name] != nil && fmt.Sprint(value[name]) != fmt.Sprint(property["default"]) {
			w.found = append(w.found, Wish{w.rule, prefix + name, module.HigressOnly[what]})
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
