package body

import (
	"errors"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// ParseForm reads an application/x-www-form-urlencoded body. Malformed escapes and semicolons are errors: backends read
// them in different ways.
func ParseForm(text string) (Fields, error) {
	for pair := range query.Pairs(text) {
		if strings.IndexByte(pair.Name, ';') >= 0 || strings.IndexByte(pair.Value, ';') >= 0 {
			return nil, errors.New("invalid semicolon separator in form")
		}
		if _, ok := query.Form(pair.Name); !ok {
			return nil, errors.New("invalid escape in form")
		}
		if _, ok := query.Form(pair.Value); !ok {
			return nil, errors.New("invalid escape in form")
		}
	}
	return form(text), nil
}

type form string

func (f form) Values(name string) ([]string, error) {
	var values []string
	for pair := range query.Pairs(string(f)) {
		if pair == (query.Pair{}) {
			continue
		}
		if decoded, _ := query.Form(pair.Name); decoded != name {
			continue
		}
		if len(values) == maxFields {
			return nil, errTooManyFields
		}
		value, _ := query.Form(pair.Value)
		values = append(values, value)
	}
	return values, nil
}

func (f form) Edit(values map[string][]string) ([]byte, error) {
	e := edit{values, map[string]int{}}
	out := make([]byte, 0, len(f)+len(f)/8)
	divide := func() {
		if len(out) > 0 {
			out = append(out, '&')
		}
	}
	add := func(name, value string) {
		divide()
		out = query.AppendEscaped(out, name)
		out = append(out, '=')
		out = query.AppendEscaped(out, value)
	}
	for pair := range query.Pairs(string(f)) {
		if pair == (query.Pair{}) {
			divide()
			continue
		}
		name, _ := query.Form(pair.Name)
		value, kept, edited := e.next(name)
		old, _ := query.Form(pair.Value)
		switch {
		case !edited || kept && old == value:
			divide()
			out = append(out, pair.Name...)
			if pair.HasValue {
				out = append(append(out, '='), pair.Value...)
			}
		case kept:
			add(name, value)
		}
	}
	e.rest(add)
	return out, nil
}
