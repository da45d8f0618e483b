package main

import (
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
)

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	independent.Global
	conditional []*commandSet // in order
	fallback    *commandSet   // nil: none
}

// commandSet is what is done to a request and its response, and to which requests.
type commandSet struct {
	conditions []condition // all must hold
	commands   []command
	keepRoute  bool
	responses  bool // a command works on responses
}

// parseConfig reads a configuration. Sets and lists that have another type count as absent or empty, as they always have.
func parseConfig(o field.Object, config *Config) error {
	if set := o.Get("defaultConfig"); set.IsObject() {
		fallback, err := parseSet(set)
		if err != nil {
			return fmt.Errorf("defaultConfig.%w", err)
		}
		config.fallback = fallback
	}
	for i, item := range list(o.Get("conditionalConfigs")) {
		place := field.Item("conditionalConfigs", i)
		set, err := parseSet(item)
		if err != nil {
			return fmt.Errorf("%s.%w", place, err)
		}
		if set.conditions, err = parseConditions(item); err != nil {
			return fmt.Errorf("%s.%w", place, err)
		}
		config.conditional = append(config.conditional, set)
	}
	return nil
}

func parseSet(json gjson.Result) (*commandSet, error) {
	set := &commandSet{keepRoute: json.Get("disableReroute").Bool()}
	for i, item := range list(json.Get("commands")) {
		c, err := parseCommand(item)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field.Item("commands", i), err)
		}
		set.commands = append(set.commands, c)
		set.responses = set.responses || c.target.kind == responseHeader
	}
	return set, nil
}

func parseConditions(json gjson.Result) (all []condition, err error) {
	for i, item := range list(json.Get("conditions")) {
		c, err := parseCondition(item)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field.Item("conditions", i), err)
		}
		all = append(all, c)
	}
	return all, nil
}

// list are the items of a list; nothing else has items.
func list(json gjson.Result) []gjson.Result {
	if !json.IsArray() {
		return nil
	}
	return json.Array()
}

// choose returns the commands for a request, nil if there are none.
func (c *Config) choose(m *message) *commandSet {
	chosen := c.fallback
	for _, set := range c.conditional {
		if allHold(set.conditions, m) {
			chosen = set
			break
		}
	}
	if chosen == nil || len(chosen.commands) == 0 {
		return nil
	}
	return chosen
}
