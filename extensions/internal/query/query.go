// Package query reads the query of a request's path, whatever the path before it is like. Parameters are divided by "&"
// alone: a semicolon is part of a name or value. Nothing in a query is an error: what to do with malformed escapes is
// the caller's choice of a decoder.
package query

import (
	"iter"
	"strings"
)

// Of returns the query of a path: what follows the first "?", up to a "#". ok is false where there is no "?".
func Of(path string) (query string, ok bool) {
	bare, query, ok := strings.Cut(path, "?")
	if !ok || strings.IndexByte(bare, '#') >= 0 {
		return "", false
	}
	query, _, _ = strings.Cut(query, "#")
	return query, true
}

// Pair is one parameter as it was received, without decoding.
type Pair struct {
	Name, Value string
	HasValue    bool // there is a "=", so the value may be there and empty
}

// Pairs yields the parameters of a query, the empty ones between two "&" too. An empty query has none. The same rules
// hold for a form's body.
func Pairs(query string) iter.Seq[Pair] {
	return func(yield func(Pair) bool) {
		for more := query != ""; more; {
			var text string
			text, query, more = strings.Cut(query, "&")
			var p Pair
			p.Name, p.Value, p.HasValue = strings.Cut(text, "=")
			if !yield(p) {
				return
			}
		}
	}
}

// Param is one parameter, decoded.
type Param struct {
	Name, Value string
	// Plain is the value with "+" left as it is, and "" where that makes no difference. Go's form decoding takes "+" for a
	// space, the C++ plugins of Higress do not.
	Plain string
}

// Params returns the parameters of a path's query, decoded as forms are. Those with a malformed escape or an empty name
// are left out, and only those.
func Params(path string) []Param {
	query, _ := Of(path)
	if query == "" {
		return nil
	}
	var params []Param
	for pair := range Pairs(query) {
		name, okName := Form(pair.Name)
		value, okValue := Form(pair.Value)
		if !okName || !okValue || name == "" {
			continue
		}
		p := Param{Name: name, Value: value}
		if strings.IndexByte(pair.Value, '+') >= 0 {
			p.Plain, _ = Percent(pair.Value)
		}
		params = append(params, p)
	}
	return params
}

// Without returns the path without the parameters of which remove tells so, given their names decoded as in forms, or as
// they are where that is impossible. Everything else keeps its bytes. A query of which nothing is left is taken off.
func Without(path string, remove func(name string) bool) string {
	whole, fragment, hasFragment := strings.Cut(path, "#")
	bare, query, ok := strings.Cut(whole, "?")
	if !ok {
		return path
	}
	var kept strings.Builder
	kept.WriteString(bare)
	divider := byte('?')
	for more := true; more; {
		var text string
		text, query, more = strings.Cut(query, "&")
		raw, _, _ := strings.Cut(text, "=")
		name, decoded := Form(raw)
		if !decoded {
			name = raw
		}
		if remove(name) {
			continue
		}
		kept.WriteByte(divider)
		kept.WriteString(text)
		divider = '&'
	}
	if hasFragment {
		kept.WriteByte('#')
		kept.WriteString(fragment)
	}
	return kept.String()
}
