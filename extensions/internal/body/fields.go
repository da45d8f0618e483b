package body

import (
	"errors"
	"slices"
)

// Fields is a form's body: names with values, in the order of the text. It shares the text, which must stay as it is.
type Fields interface {
	// Values returns a name's values, decoded; nil if there are none.
	Values(name string) ([]string, error)
	// Edit returns the form in which the given names have the given values: first in the places that they had, then at the
	// end. Names without values are removed. Everything else keeps its bytes and its place.
	Edit(values map[string][]string) ([]byte, error)
}

// maxFields bounds what is kept of a form beside its text.
const maxFields = 10_000

var errTooManyFields = errors.New("form has more than 10000 fields")

// edit tells, one field after the other, what becomes of it.
type edit struct {
	values map[string][]string
	seen   map[string]int
}

// next returns the new value of the next field of a name. edited is false for names that stay; kept is false for a field
// that is to go.
func (e *edit) next(name string) (value string, kept, edited bool) {
	list, edited := e.values[name]
	if !edited {
		return "", false, false
	}
	n := e.seen[name]
	e.seen[name] = n + 1
	if n >= len(list) {
		return "", false, true
	}
	return list[n], true, true
}

// rest calls add for the values that found no place, in the order of their names.
func (e *edit) rest(add func(name, value string)) {
	names := make([]string, 0, len(e.values))
	for name := range e.values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		list := e.values[name]
		for _, value := range list[min(e.seen[name], len(list)):] {
			add(name, value)
		}
	}
}
