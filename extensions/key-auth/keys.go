package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// key is a non-empty value found at a place.
type key struct {
	value    string
	plain    string // a parameter's value with "+" left as it is; "" where that makes no difference
	place    int
	inParam  bool
	unusable bool // too long, or the header is there again with another value
}

// findKeys appends to found what stands at the places of the configuration: at each the header of that name if it is not
// empty, else every value of the parameter.
func findKeys(c *credentials, headers [][2]string, found []key) []key {
	var params []query.Param
	parsed := false
	for i := range c.places {
		p := &c.places[i]
		if p.header != "" {
			value, state := consumers.Credential(headers, p.header)
			if state != consumers.Absent {
				found = append(found, key{value: value, place: i, unusable: state == consumers.Unusable})
				continue
			}
		}
		if p.param == "" {
			continue
		}
		if !parsed {
			params, parsed = query.Params(httpheader.First(headers, ":path")), true
		}
		for _, q := range params {
			if q.Name == p.param && q.Value != "" {
				found = append(found, key{value: q.Value, plain: q.Plain, place: i, inParam: true,
					unusable: len(q.Value) > consumers.MaxCredential})
			}
		}
	}
	return found
}

// identify returns the index of the credential that the request's keys stand for.
func (c *credentials) identify(found []key) (int, verdict) {
	if len(found) == 0 {
		return -1, verdictNone
	}
	for i := range found {
		if found[i].unusable {
			return -1, verdictUnknown
		}
	}
	if !c.firstMatch && severalValues(c, found) {
		return -1, verdictSeveral
	}
	best := -1
	for i := range found {
		if index := c.match(&found[i]); index >= 0 && (best < 0 || index < best) {
			best = index
		}
	}
	if best < 0 {
		return -1, verdictUnknown
	}
	return best, verdictKnown
}

// severalValues reports whether two keys differ. A scheme word before one of them makes no difference, nor does a "+" that
// one of them has and that may stand for a space in the other.
func severalValues(c *credentials, found []key) bool {
	first := &found[0]
	value := withoutScheme(first.value, c.places[first.place].scheme)
	for i := range found[1:] {
		k := &found[1+i]
		other := withoutScheme(k.value, c.places[k.place].scheme)
		same := other == value || first.plain != "" && first.plain == other ||
			k.plain != "" && (k.plain == value || k.plain == first.plain)
		if !same {
			return true
		}
	}
	return false
}

// match looks a key up as it is, without its scheme word, and with "+" not taken for a space, and returns the credential
// that belongs to its place, or -1.
func (c *credentials) match(k *key) int {
	forms := [3]string{k.value, "", k.plain}
	if scheme := c.places[k.place].scheme; scheme != "" {
		if bare := withoutScheme(k.value, scheme); bare != k.value {
			forms[1] = bare
		}
	}
	for _, form := range forms {
		if form == "" {
			continue
		}
		if i := c.lookUp(form); i >= 0 && c.list[i].isAt(k.place) {
			return i
		}
	}
	return -1
}

func (s *credential) isAt(place int) bool {
	for _, p := range s.places {
		if p == place {
			return true
		}
	}
	return false
}

func withoutScheme(value, scheme string) string {
	if scheme == "" {
		return value
	}
	bare, _ := consumers.CutScheme(value, scheme)
	return bare
}
