package ratelimit

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Keys are the limit keys of one source, in the order of the configuration. They are read-only once built.
type Keys interface {
	// Match returns the index of the first key that the value fits, -1 if it fits none.
	Match(v Value) int
}

// KeyList is Keys under construction.
type KeyList interface {
	Keys
	// Add takes one more key, of the next index, from 0. Its error says what is wrong with the key.
	Add(key string) error
}

// exactKeys are compared with the whole value.
type exactKeys struct {
	first map[string]int
	count int
}

// Add implements KeyList.
func (k *exactKeys) Add(key string) error {
	if k.first == nil {
		k.first = map[string]int{}
	}
	if _, there := k.first[key]; !there {
		k.first[key] = k.count
	}
	k.count++
	return nil
}

// Match implements Keys.
func (k *exactKeys) Match(v Value) int {
	if i, ok := k.first[v.Text]; ok {
		return i
	}
	return -1
}

// patternKeys are `*` or `regexp:` with an unanchored RE2 pattern. A value equal to a key's text fits it, too.
type patternKeys struct {
	field    string // of the configuration, for errors
	patterns []pattern
}

type pattern struct {
	text string
	re   *regexp.Regexp // nil: every value fits
}

const regexpPrefix = "regexp:"

// Add implements KeyList.
func (k *patternKeys) Add(key string) error {
	if key == "*" {
		k.patterns = append(k.patterns, pattern{text: key})
		return nil
	}
	expression, ok := strings.CutPrefix(key, regexpPrefix)
	if !ok {
		return errors.New("the '" + k.field + "' restriction must start with 'regexp:' or be exactly '*'")
	}
	re, err := regexp.Compile(expression)
	if err != nil {
		return fmt.Errorf("failed to compile regex for key '%s': %w", key, err)
	}
	k.patterns = append(k.patterns, pattern{key, re})
	return nil
}

// Match implements Keys.
func (k *patternKeys) Match(v Value) int {
	for i := range k.patterns {
		p := &k.patterns[i]
		if p.re == nil || p.text == v.Text || p.re.MatchString(v.Text) {
			return i
		}
	}
	return -1
}
