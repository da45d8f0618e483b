package main

import (
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/cookie"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// rule says which users get the deployment of its name.
type rule struct {
	name       string
	users      map[string]bool
	tagKey     string // a cookie
	tags       map[string]bool
	conditions []condition // one of them is enough
}

func parseRules(o field.Object) ([]*rule, error) {
	var rules []*rule
	for i, item := range o.Get("rules").Array() {
		r := &rule{
			name:   item.Get("name").String(),
			users:  setOf(item.Get("grayKeyValue")),
			tagKey: item.Get("grayTagKey").String(),
			tags:   setOf(item.Get("grayTagValue")),
		}
		var err error
		if r.conditions, err = parseConditions(o, i, item); err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func setOf(list gjson.Result) map[string]bool {
	set := map[string]bool{}
	for _, item := range list.Array() {
		set[item.String()] = true
	}
	return set
}

// match tells whether the rule's deployment is for this visit.
func (r *rule) match(v *visit) bool {
	return v.user != "" && r.users[v.user] || r.hasTag(v) || r.anyCondition(v)
}

// feature is what pages are told about the rule: a tag counts only where users do not.
func (r *rule) feature(v *visit) bool {
	if r.anyCondition(v) {
		return true
	}
	if len(r.users) > 0 && v.user != "" {
		return r.users[v.user]
	}
	return r.hasTag(v)
}

func (r *rule) hasTag(v *visit) bool {
	if r.tagKey == "" || len(r.tags) == 0 {
		return false
	}
	value, ok := cookie.First(v.headers, r.tagKey)
	return ok && r.tags[value]
}

func (r *rule) anyCondition(v *visit) bool {
	for i := range r.conditions {
		if r.conditions[i].match(v) {
			return true
		}
	}
	return false
}
