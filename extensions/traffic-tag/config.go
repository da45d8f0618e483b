package main

import (
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	independent.Global
	groups   []group
	weights  weights
	fallback *tag     // nil: none
	strip    []string // with override: the names of all tags, lower case; what the client sent of them goes
}

// group is a tag and the requests that get it.
type group struct {
	tag        tag
	all        bool // all conditions must hold, not one
	conditions []condition
}

// parseConfig reads a configuration. In the older fields numbers and switches count as texts, as they always have.
func parseConfig(o field.Object, config *Config) error {
	if len(o.JSON().Map()) == 0 {
		log.Error("plugin config is empty")
		return nil
	}
	groups, _, err := o.Objects("conditionGroups")
	if err != nil {
		return err
	}
	for _, item := range groups {
		g, err := parseGroup(item)
		if err != nil {
			return err
		}
		config.groups = append(config.groups, g)
	}
	if t := newTag(text(o, "defaultTagKey"), text(o, "defaultTagVal")); t.complete() {
		config.fallback = &t
	}
	if config.weights, err = parseWeights(o); err != nil {
		return err
	}
	override, _, err := o.Bool("override")
	if err != nil || !override {
		return err
	}
	for _, t := range config.tags() {
		if strings.HasPrefix(t.name, ":") {
			return o.FieldError("override", "a request cannot be without "+t.name)
		}
		if httpheader.IsNameOrPseudo(t.name) && !slices.Contains(config.strip, t.name) {
			config.strip = append(config.strip, t.name)
		}
	}
	return nil
}

func parseGroup(o field.Object) (group, error) {
	g := group{tag: newTag(text(o, "headerName"), text(o, "headerValue"))}
	logic := text(o, "logic")
	g.all = strings.EqualFold(logic, "and")
	if !g.tag.complete() || !g.all && !strings.EqualFold(logic, "or") {
		return g, o.Error("invalid condition group: " + o.JSON().Raw + ", HeaderName: " + text(o, "headerName") +
			", HeaderValue: " + g.tag.value + ", Logic: " + logic)
	}
	conditions, _, err := o.Objects("conditions")
	if err != nil {
		return g, err
	}
	for _, item := range conditions {
		c, err := parseCondition(item)
		if err != nil {
			return g, err
		}
		g.conditions = append(g.conditions, c)
	}
	return g, nil
}

// tags are all that the configuration can add.
func (c *Config) tags() (all []*tag) {
	for i := range c.groups {
		all = append(all, &c.groups[i].tag)
	}
	for i := range c.weights.groups {
		all = append(all, &c.weights.groups[i].tag)
	}
	if c.fallback != nil {
		all = append(all, c.fallback)
	}
	return all
}

// text is a field as text, "" where it is absent.
func text(o field.Object, key string) string { return o.Get(key).String() }
