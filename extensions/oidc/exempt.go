package main

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/authority"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
	"github.com/wasmplane/wasmplane/extensions/internal/wildcard"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// exemption tells which requests need no login.
type exemption struct {
	rules []exemptRule
	// listed is what a request is if a rule matches it: exempt (whitelist) or not (blacklist).
	listed bool
	off    bool // nothing is exempt
}

// exemptRule matches by domain and path.
type exemptRule struct {
	domain wildcard.Pattern // in lower case
	path   func(decoded string) bool
}

func parseExemption(r *reader) exemption {
	e := exemption{}
	switch r.text("match_type", "whitelist") {
	case "whitelist":
		e.listed = true
	case "blacklist":
	default:
		log.Error("match_type: must be whitelist or blacklist; every request needs login")
		e.off = true
	}
	list, _, err := r.Objects("match_list")
	r.check(err)
	for _, item := range list {
		e.add(r, item)
	}
	if !e.off && !e.listed && len(list) == 0 {
		r.fault("match_list: must not be empty with match_type blacklist: no request would need login")
	}
	return e
}

// add reads a rule. One that never matches is an error where it leaves requests without login, and else a remark in the
// log.
func (e *exemption) add(r *reader, item field.Object) {
	rule, problem := parseExemptRule(r, item)
	switch {
	case problem == "":
		e.rules = append(e.rules, rule)
	case e.listed || e.off:
		log.Error(item.Error(problem).Error() + "; the rule never matches")
	default:
		r.fault(item.Error(problem).Error())
	}
}

func parseExemptRule(r *reader, item field.Object) (rule exemptRule, problem string) {
	own := &reader{Object: field.Of(folded(item.JSON()))}
	domain, path, kind := own.text("match_rule_domain", ""), own.text("match_rule_path", ""), own.text("match_rule_type", "")
	for _, fault := range own.faults {
		r.fault(item.Path() + "." + fault)
	}
	if domain == "" || path == "" || kind == "" {
		return rule, "match_rule_domain, match_rule_path and match_rule_type are all required"
	}
	rule.domain = wildcard.Parse(authority.Canonical(domain))
	switch kind {
	case "exact":
		rule.path = func(decoded string) bool { return decoded == path }
	case "prefix":
		rule.path = func(decoded string) bool { return strings.HasPrefix(decoded, path) }
	case "regex":
		pattern, err := regexp.Compile(path)
		if err != nil {
			return rule, "match_rule_path: " + err.Error()
		}
		rule.path = pattern.MatchString
	default:
		return rule, "match_rule_type: must be exact, prefix or regex, not " + strconv.Quote(kind)
	}
	return rule, ""
}

// exempts tells whether a request needs no login. A path that another component may read as another path is never
// exempt.
func (e *exemption) exempts(host, path string) bool {
	if e.off || e.listed && len(e.rules) == 0 {
		return false
	}
	decoded, ok := plainPath(path)
	if !ok {
		return false
	}
	host = authority.Canonical(host)
	for i := range e.rules {
		rule := &e.rules[i]
		matches := rule.domain.Matches(host) || !e.listed && rule.domain.Matches(authority.Host(host))
		if matches && rule.path(decoded) {
			return e.listed
		}
	}
	return !e.listed
}

// plainPath decodes a path without its query. ok is false where there is more than one way to read it: broken escapes,
// empty and dot segments (also before path parameters), backslashes, control characters, escapes within escapes,
// fragments.
func plainPath(path string) (decoded string, ok bool) {
	path, _, _ = strings.Cut(path, "?")
	decoded, ok = query.Percent(path)
	if !ok || decoded == "" || decoded[0] != '/' || strings.ContainsAny(decoded, "\\#%") || httpheader.HasControl(decoded) {
		return "", false
	}
	segments := strings.Split(decoded[1:], "/")
	for i, segment := range segments {
		name, _, parameters := strings.Cut(segment, ";")
		if name == "." || name == ".." || name == "" && (i < len(segments)-1 || parameters) {
			return "", false
		}
	}
	return decoded, true
}
