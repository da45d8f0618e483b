package catalog

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestIgnored(t *testing.T) {
	p := &Plugin{Config: map[string]any{
		"properties": map[string]any{
			"tag":   map[string]any{"x-uses": "span-tags"},
			"plain": map[string]any{},
			"keep":  map[string]any{"x-uses": "reroute-control", "default": false},
			"list":  map[string]any{"items": map[string]any{"$ref": "#/$defs/item"}},
		},
		"$defs": map[string]any{"item": map[string]any{"properties": map[string]any{"limit": map[string]any{"x-uses": "buffer-limits"}}}},
	}}
	config := map[string]any{
		"plain": 1, "tag": nil, "keep": false,
		"list":    []any{map[string]any{}, map[string]any{"limit": 5}},
		"_rules_": []any{map[string]any{"tag": "a", "_match_route_": []any{"r"}}},
	}
	assert.Equal(t, []string{
		"list[1].limit: asks for buffer limits of a stream",
		"_rules_[0].tag: asks for tags of the trace span",
	}, p.Ignored(config))
	assert.Equal(t, []Wish{{-1, "list[1].limit", "buffer limits of a stream"}, {0, "tag", "tags of the trace span"}}, p.Wishes(config))
	assert.Equal(t, []Wish{{0, "tag", "tags of the trace span"}}, p.Wishes(map[string]any{"_rules_": map[string]any{"tag": "a"}}), "a rule that stands alone")
	assert.Empty(t, p.Ignored(nil))
}

func TestUnconditional(t *testing.T) {
	p := &Plugin{Uses: []string{"span-tags", "reroute-control", "buffer-limits"},
		Config:     map[string]any{"$defs": map[string]any{"item": map[string]any{"properties": map[string]any{"limit": map[string]any{"x-uses": "buffer-limits"}}}}},
		RuleConfig: map[string]any{"anyOf": []any{map[string]any{"properties": map[string]any{"keep": map[string]any{"x-uses": "reroute-control"}}}}},
	}
	assert.Equal(t, []string{"tags of the trace span"}, p.Unconditional())
}
