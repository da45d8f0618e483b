package main

import (
	"regexp"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// selection says which headers are meant, by their names without case. The zero selection has none.
type selection struct {
	names    map[string]bool
	patterns []pattern
}

// has tells whether a name, in lower case, is selected.
func (s *selection) has(name string) bool {
	if s.names[name] {
		return true
	}
	for i := range s.patterns {
		if s.patterns[i].fits(name) {
			return true
		}
	}
	return false
}

func (s *selection) empty() bool { return len(s.names) == 0 && len(s.patterns) == 0 }

// parseSelection reads a list of string matchers. set is false where the field is absent.
func parseSelection(o field.Object, key string) (s selection, set bool, err error) {
	items, set, err := o.Objects(key)
	if err != nil {
		return s, set, err
	}
	for _, item := range items {
		kind, text := "", ""
		for _, k := range kinds {
			if text = item.Get(k).String(); text != "" {
				kind = k
				break
			}
		}
		if kind == "exact" {
			if s.names == nil {
				s.names = map[string]bool{}
			}
			s.names[strings.ToLower(text)] = true
			continue
		}
		if kind == "regex" {
			text = "(?i)" + text
		} else {
			text = strings.ToLower(text)
		}
		p, problem := newPattern(kind, text)
		if problem != "" {
			return s, set, item.Error(problem)
		}
		s.patterns = append(s.patterns, p)
	}
	return s, set, nil
}

// kinds of patterns, the first of which counts where a matcher has several.
var kinds = [...]string{"exact", "prefix", "suffix", "contains", "regex"}

// pattern is one way to compare a text.
type pattern struct {
	kind       string
	text       string
	expression *regexp.Regexp // of the kind regex
}

// newPattern returns what is wrong with it, "" if nothing is.
func newPattern(kind, text string) (p pattern, problem string) {
	switch kind {
	case "exact", "prefix", "suffix", "contains":
		return pattern{kind: kind, text: text}, ""
	case "regex":
		expression, err := regexp.Compile(text)
		if err != nil {
			return p, err.Error()
		}
		return pattern{kind: kind, text: text, expression: expression}, ""
	}
	return p, "unknown string matcher type"
}

// fits compares a text with the pattern. An expression may match any part of it.
func (p *pattern) fits(text string) bool {
	switch p.kind {
	case "exact":
		return text == p.text
	case "prefix":
		return strings.HasPrefix(text, p.text)
	case "suffix":
		return strings.HasSuffix(text, p.text)
	case "contains":
		return strings.Contains(text, p.text)
	}
	return p.expression.MatchString(text)
}
