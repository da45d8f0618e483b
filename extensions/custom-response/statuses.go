package main

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/status"
)

// replacements are the rules for responses. An exact status goes before a pattern, a pattern with more digits before one
// with fewer; for one status, rules with conditions go before the one without; otherwise the configuration's order holds.
type replacements struct{ entries []entry }

type entry struct {
	status string // "404", "4xx"; anything else never matches
	digits int    // that are fixed; exact statuses have more than any pattern
	rule   *rule
}

const exact = 4

func (r *replacements) empty() bool { return len(r.entries) == 0 }

// add takes the statuses of a rule. A status or pattern may be there twice only with different conditions.
func (r *replacements) add(o field.Object, to *rule, statuses []string) error {
	for _, text := range statuses {
		e := entry{status: strings.ToLower(text), digits: exact, rule: to}
		if _, err := strconv.Atoi(text); err != nil {
			if err := checkPattern(text); err != nil {
				return o.Error(err.Error())
			}
			e.digits = len(text) - strings.Count(e.status, "x")
		}
		for _, other := range r.entries {
			if other.status == e.status && !other.rule.limitsResponses() && !to.limitsResponses() {
				return o.Error("enableOnStatus can only use once")
			}
		}
		r.entries = append(r.entries, e)
	}
	slices.SortStableFunc(r.entries, func(a, b entry) int {
		if order := cmp.Compare(b.digits, a.digits); order != 0 {
			return order
		}
		return cmp.Compare(unconditional(a), unconditional(b))
	})
	return nil
}

func unconditional(e entry) int {
	if e.rule.limitsResponses() {
		return 0
	}
	return 1
}

func checkPattern(text string) error {
	problem := ""
	switch {
	case len(text) != 3:
		problem = "length must be 3"
	case strings.Trim(strings.ToLower(text), "0123456789x") != "":
		problem = "must contain only digits and x/X"
	case strings.ToLower(text) == "xxx":
		problem = "must contain at least one digit"
	default:
		return nil
	}
	return errors.New("invalid enable_on_status " + strconv.Quote(text) + ": " + problem)
}

// find returns the rule for a response; nil if none fits.
func (r *replacements) find(code string, s *situation) *rule {
	for _, e := range r.entries {
		if status.Matches(e.status, code) && e.rule.response(s) {
			return e.rule
		}
	}
	return nil
}
