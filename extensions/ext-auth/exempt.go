package main

import (
	"errors"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/authority"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/wildcard"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// exemptions say which requests need no verdict. The zero value exempts none.
type exemptions struct {
	blacklist bool // the rules say which requests need one, not which do not
	rules     []matchRule
}

// matchRule is one item of match_list. All conditions that it has must hold; one without any never matches.
type matchRule struct {
	domain  wildcard.Pattern // in lower case; nil: any domain
	methods []string         // in upper case; nil: any method
	path    *pattern         // nil: any path
}

func (e *exemptions) parse(o field.Object) error {
	items, set, err := o.Objects("match_list")
	if err != nil || !set {
		return err
	}
	kind := o.Get("match_type")
	if !kind.Exists() {
		return errors.New("missing match_type in config")
	}
	e.blacklist = kind.Str == "blacklist"
	if kind.Type != gjson.String || !e.blacklist && kind.Str != "whitelist" {
		return errors.New("invalid match_type in config, must be 'whitelist' or 'blacklist'")
	}
	if e.blacklist && len(items) == 0 {
		log.Warn(o.Place("match_list") + ": is an empty blacklist, so no request is checked")
	}
	for _, item := range items {
		rule, err := parseMatchRule(item)
		if err != nil {
			return err
		}
		e.rules = append(e.rules, rule)
	}
	return nil
}

func parseMatchRule(o field.Object) (r matchRule, err error) {
	domain, _, err := o.String("match_rule_domain")
	if err != nil {
		return r, err
	}
	if domain != "" {
		r.domain = wildcard.Parse(authority.Canonical(domain))
	}
	if r.methods, _, err = o.Strings("match_rule_method"); err != nil {
		return r, err
	}
	for i, method := range r.methods {
		r.methods[i] = strings.ToUpper(method)
	}
	kind, typed, err := o.String("match_rule_type")
	if err != nil {
		return r, err
	}
	path, set, err := o.String("match_rule_path")
	if err != nil || !set && !typed {
		return r, err
	}
	p, problem := newPattern(kind, path)
	if problem != "" {
		return r, o.FieldError("match_rule_type", problem)
	}
	r.path = &p
	return r, nil
}

// exempts tells whether a request needs no verdict. A path that cannot be decoded exempts nothing. Where a path has several
// readings, one that needs a verdict is enough.
func (e *exemptions) exempts(r *request) bool {
	if len(e.rules) == 0 {
		return e.blacklist
	}
	host := authority.Canonical(r.authority)
	var paths []string
	for i := range e.rules {
		rule := &e.rules[i]
		if rule.path == nil && rule.domain == nil && len(rule.methods) == 0 {
			continue
		}
		if rule.domain != nil && !rule.domain.Matches(host) || len(rule.methods) > 0 && !rule.hasMethod(r.method) {
			continue
		}
		if rule.path == nil {
			return !e.blacklist
		}
		if paths == nil {
			if paths = readings(r.path); paths == nil {
				return false
			}
		}
		if e.blacklist && rule.fitsAny(paths) {
			return false
		}
		if !e.blacklist && rule.fitsAll(paths) {
			return true
		}
	}
	return e.blacklist
}

func (r *matchRule) hasMethod(method string) bool {
	for _, m := range r.methods {
		if strings.EqualFold(m, method) {
			return true
		}
	}
	return false
}

func (r *matchRule) fitsAny(paths []string) bool {
	for _, path := range paths {
		if r.path.fits(path) {
			return true
		}
	}
	return false
}

func (r *matchRule) fitsAll(paths []string) bool {
	for _, path := range paths {
		if !r.path.fits(path) {
			return false
		}
	}
	return true
}
