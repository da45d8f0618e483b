package main

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// table says which name takes the place of another.
type table struct {
	exact    map[string]string
	patterns []pattern // in the order in which they are tried
	fallback string    // "" leaves names as they are
}

// pattern is the target of all names with a prefix, or of those that an expression matches.
type pattern struct {
	prefix     string
	expression *regexp.Regexp // nil: it is a prefix
	target     string         // "" leaves the name as it is
}

func parseTable(o field.Object) (t table, err error) {
	order, err := o.Enum("prefixOrder", "bytes", "longest")
	if err != nil {
		return t, err
	}
	mapping := o.JSON().Get("modelMapping")
	if !mapping.Exists() {
		return t, nil
	}
	if !mapping.IsObject() {
		return t, o.Error("modelMapping must be an object")
	}
	targets := map[string]string{}
	var keys []string
	mapping.ForEach(func(key, target gjson.Result) bool {
		name := key.String()
		if _, known := targets[name]; !known {
			keys = append(keys, name)
		}
		targets[name] = target.String()
		return true
	})
	slices.Sort(keys)
	t.exact = map[string]string{}
	for _, key := range keys {
		target := targets[key]
		switch {
		case key == "*":
			t.fallback = target
		case strings.HasPrefix(key, "~"):
			expression, err := regexp.Compile(key[1:])
			if err != nil {
				return t, o.FieldError(`modelMapping["`+key+`"]`, err.Error())
			}
			t.patterns = append(t.patterns, pattern{expression: expression, target: target})
		case strings.HasSuffix(key, "*"):
			t.patterns = append(t.patterns, pattern{prefix: key[:len(key)-1], target: target})
		default:
			t.exact[key] = target
		}
	}
	if order == "longest" {
		slices.SortStableFunc(t.patterns, func(a, b pattern) int {
			if a.expression != nil || b.expression != nil {
				return boolOrder(a.expression != nil) - boolOrder(b.expression != nil)
			}
			return cmp.Compare(len(b.prefix), len(a.prefix))
		})
	}
	return t, nil
}

// boolOrder puts what is true behind what is not.
func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// name returns the name that takes the place of another, or that name itself. "" is the name of a request without one.
func (t *table) name(asked string) string {
	target := t.target(asked)
	if target == "" {
		return asked
	}
	return target
}

func (t *table) target(asked string) string {
	if target, ok := t.exact[asked]; ok {
		return target
	}
	for i := range t.patterns {
		p := &t.patterns[i]
		switch {
		case p.expression == nil && strings.HasPrefix(asked, p.prefix):
			return p.target
		case p.expression != nil && p.expression.MatchString(asked):
			if p.target == "" {
				return ""
			}
			return p.expression.ReplaceAllString(asked, p.target)
		}
	}
	return t.fallback
}
