package validate

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/resource"
)

// rulesKey holds the rules of a whole configuration.
const rulesKey = "_rules_"

// matchKeys say in a rule of a whole configuration what it applies to.
var matchKeys = []string{"_match_route_", "_match_domain_", "_match_service_", "_match_route_prefix_"}

// part is a configuration that the plugin's parser sees by itself.
type part struct {
	field    string
	value    map[string]any
	rule     bool
	disabled bool // it is written down, and not in force
}

// configuration checks each part against its schema, then asks the plugin about the whole.
func (p *wasmPlugin) configuration(ctx context.Context, plugin *catalog.Plugin) {
	if plugin.FailStrategy == "FAIL_CLOSE" && p.spec.FailStrategy == "FAIL_OPEN" {
		p.note("spec.failStrategy", "%s is made for FAIL_CLOSE: with FAIL_OPEN requests pass unchecked while it does not run", plugin.Name)
	}
	schemas, err := p.validator.schemasOf(plugin)
	if err != nil {
		p.note("spec.url", "the configuration is not checked: %v", err)
		return
	}
	before := len(p.problems.Fatal())
	for _, part := range p.parts() {
		for _, v := range schemas.check(part) {
			field := resource.Join(part.field, v.path)
			if part.disabled || v.note {
				p.note(field, "%s", v.message)
				continue
			}
			p.fail(field, "%s", v.message)
		}
		if number, path := imprecise(part.value, nil); path != nil {
			p.fail(resource.Join(part.field, path), "Higress passes numbers on as doubles: %d arrives as %s; write it as text", number, strconv.FormatFloat(float64(number), 'f', -1, 64))
		}
	}
	if len(p.problems.Fatal()) == before {
		p.ask(ctx, plugin)
	}
}

// parts cuts the resource's configuration into the global one and those of the rules.
func (p *wasmPlugin) parts() []part {
	if p.spec.PluginConfig != nil {
		return p.whole("spec.pluginConfig", p.doc.Spec()["pluginConfig"], false)
	}
	var out []part
	rules, _ := p.doc.Spec()["matchRules"].([]any)
	for i := range rules {
		rule, _ := rules[i].(map[string]any)
		config, _ := rule["config"].(map[string]any)
		field := fmt.Sprintf("spec.matchRules[%d]", i)
		if config != nil {
			field += ".config"
		}
		out = append(out, part{field: field, value: config, rule: true, disabled: p.spec.MatchRules[i].ConfigDisable})
	}
	defaults, _ := p.doc.Spec()["defaultConfig"].(map[string]any)
	if len(defaults) == 0 && (p.spec.DefaultConfigDisable || len(out) > 0) {
		return out // nothing is delivered besides the rules
	}
	return append(p.whole("spec.defaultConfig", defaults, p.spec.DefaultConfigDisable), out...)
}

// whole cuts a configuration that may have _rules_.
func (p *wasmPlugin) whole(field string, value any, disabled bool) []part {
	config, _ := value.(map[string]any)
	if config == nil {
		field = "spec"
	}
	var out []part
	rules, hasRules := config[rulesKey].([]any)
	if rule, single := config[rulesKey].(map[string]any); single {
		rules, hasRules = []any{rule}, true
	}
	if !hasRules || len(config) > 1 {
		out = append(out, part{field: field, value: config, disabled: disabled})
	}
	for i := range rules {
		name := fmt.Sprintf("%s.%s[%d]", field, rulesKey, i)
		rule, ok := rules[i].(map[string]any)
		if !ok {
			p.fail(name, "must be an object")
			continue
		}
		if !matchesAnything(rule) {
			p.fail(name, "has none of _match_route_, _match_domain_, _match_service_ and _match_route_prefix_")
		}
		if !disabled {
			p.wholeRule(name, rule)
		}
		out = append(out, part{field: name, value: rule, rule: true, disabled: disabled})
	}
	return out
}

func matchesAnything(rule map[string]any) bool {
	for _, key := range matchKeys {
		if _, ok := rule[key]; ok {
			return true
		}
	}
	return false
}

// imprecise finds a whole number that a double cannot hold.
func imprecise(value any, path []string) (int64, []string) {
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			if n, found := imprecise(item, append(path[:len(path):len(path)], key)); found != nil {
				return n, found
			}
		}
	case []any:
		for i, item := range v {
			if n, found := imprecise(item, append(path[:len(path):len(path)], strconv.Itoa(i))); found != nil {
				return n, found
			}
		}
	case int64:
		if f := float64(v); f >= math.MaxInt64 || int64(f) != v {
			return v, path
		}
	}
	return 0, nil
}
