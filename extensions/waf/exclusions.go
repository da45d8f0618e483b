package main

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// exclusions is the field exclude: rules, or parts of what they examine, that are taken out of the rule set. It comes
// after all rules.
type exclusions struct {
	ids     []string // numbers, or ranges as 920000-920999
	tags    []string
	targets []target
}

// target is a variable that some rules do not examine.
type target struct {
	id, tag  string // one of them
	variable string
}

func (e *exclusions) parse(parent field.Object) error {
	o, set, err := parent.Object("exclude")
	if err != nil || !set {
		return err
	}
	if err := onlyFields(o, "rule_ids", "tags", "targets"); err != nil {
		return err
	}
	ids := o.Get("rule_ids")
	if ids.Exists() && !ids.IsArray() {
		return o.FieldError("rule_ids", "must be a list")
	}
	for i, item := range ids.Array() {
		id, err := ruleIDs(o, field.Item("rule_ids", i), item)
		if err != nil {
			return err
		}
		e.ids = append(e.ids, id)
	}
	if e.tags, err = words(o, "tags", isTagByte); err != nil {
		return err
	}
	targets, _, err := o.Objects("targets")
	if err != nil {
		return err
	}
	for _, t := range targets {
		parsed, err := parseTarget(t)
		if err != nil {
			return err
		}
		e.targets = append(e.targets, parsed)
	}
	return nil
}

func parseTarget(o field.Object) (target, error) {
	var t target
	if err := onlyFields(o, "rule_id", "tag", "variable"); err != nil {
		return t, err
	}
	if o.Has("rule_id") == o.Has("tag") {
		return t, o.Error("needs one of rule_id and tag")
	}
	var err error
	if id := o.Get("rule_id"); id.Exists() {
		if t.id, err = ruleIDs(o, "rule_id", id); err != nil {
			return t, err
		}
	} else {
		list, err := words(o, "tag", isTagByte)
		if err != nil {
			return t, err
		}
		if len(list) != 1 {
			return t, o.FieldError("tag", "must be a string")
		}
		t.tag = list[0]
	}
	if t.variable, err = o.Required("variable"); err != nil {
		return t, err
	}
	if strings.ContainsAny(t.variable, " \t\r\n\"'`|,!&\\") {
		return t, o.FieldError("variable", "must be one variable, such as ARGS:comment")
	}
	return t, nil
}

// ruleIDs reads a rule's number, or a range of numbers.
func ruleIDs(o field.Object, key string, value gjson.Result) (string, error) {
	text := value.String()
	if value.Type == gjson.Number || value.Type == gjson.String {
		low, high, isRange := strings.Cut(text, "-")
		from, err := strconv.ParseUint(low, 10, 31)
		if err == nil && !isRange {
			return text, nil
		}
		to, err2 := strconv.ParseUint(high, 10, 31)
		if err == nil && err2 == nil && from <= to {
			return text, nil
		}
	}
	return "", o.FieldError(key, "must be the number of a rule, or a range such as 920000-920999")
}

// isTagByte reports whether a byte may be in a tag, such as OWASP_CRS or capec/1000/152/66.
func isTagByte(b byte) bool {
	return b > ' ' && b < 0x7f && strings.IndexByte("\"'`\\,", b) < 0
}

// directives returns the lines of the exclusions, or "".
func (e *exclusions) directives() string {
	var lines []string
	for _, id := range e.ids {
		lines = append(lines, "SecRuleRemoveById "+id)
	}
	for _, tag := range e.tags {
		lines = append(lines, "SecRuleRemoveByTag "+tag)
	}
	for _, t := range e.targets {
		if t.id != "" {
			lines = append(lines, "SecRuleUpdateTargetById "+t.id+` "!`+t.variable+`"`)
			continue
		}
		lines = append(lines, "SecRuleUpdateTargetByTag "+t.tag+` "!`+t.variable+`"`)
	}
	return strings.Join(lines, "\n")
}
