package ratelimit

import (
	"errors"
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// Rules are the limits of a configuration: one for all requests, or items that are tried in order.
type Rules struct {
	Name   string // rule_name, part of every counter's name; may be empty
	Global Rate   // global_threshold; its zero value if Items are set
	Items  []Item // rule_items
}

// ParseRules reads rule_name, and global_threshold or rule_items. unit is what is counted: rates are
// `<unit>_per_second` and so on.
func ParseRules(json gjson.Result, unit string) (Rules, error) {
	var rules Rules
	name := json.Get("rule_name")
	if !name.Exists() {
		return rules, errors.New("missing rule_name in config")
	}
	rules.Name = name.String()
	global, items := json.Get("global_threshold"), json.Get("rule_items")
	switch {
	case isSet(global) && isSet(items):
		return rules, errors.New("'global_threshold' and 'rule_items' cannot be set at the same time")
	case isSet(items):
		return rules, rules.parseItems(items, unit)
	case isSet(global):
		var err error
		if rules.Global, err = parseGlobalRate(global, unit); err != nil {
			return rules, fmt.Errorf("failed to parse global_threshold: %w", err)
		}
		return rules, nil
	}
	return rules, errors.New("at least one of 'global_threshold' or 'rule_items' must be set")
}

func isSet(value gjson.Result) bool { return value.Exists() && value.Type != gjson.Null }

func (r *Rules) parseItems(items gjson.Result, unit string) error {
	list := items.Array()
	if len(list) == 0 {
		return errors.New("config rule_items cannot be empty")
	}
	seen := map[[2]string]bool{}
	for _, entry := range list {
		item, err := parseItem(entry, unit)
		if err != nil {
			return fmt.Errorf("failed to parse rule_item in rule_items: %w", err)
		}
		id := [2]string{item.Type, item.Name}
		if seen[id] {
			log.Warn("duplicate rule found: " + item.Type + "='" + item.Name + "' in rule_items")
		}
		seen[id] = true
		r.Items = append(r.Items, item)
	}
	return nil
}
