package main

import (
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// maxParameters is how many parameters a request may have. Each costs some memory until they are sorted.
const maxParameters = 100_000

// parameter is one of the query or of the form, decoded.
type parameter struct{ name, value string }

// parameters collects those of the query, then those of the form, sorted by name; of one name only the first. repeated
// tells that some are left out for that. ok is false if there are too many.
func parameters(query, form string) (list []parameter, repeated, ok bool) {
	for _, text := range [...]string{query, form} {
		if strings.Count(text, "&")+len(list) > maxParameters {
			return nil, false, false
		}
		list = collect(list, text)
	}
	slices.SortStableFunc(list, func(a, b parameter) int { return strings.Compare(a.name, b.name) })
	all := len(list)
	list = slices.CompactFunc(list, func(a, b parameter) bool { return a.name == b.name })
	return list, len(list) < all, true
}

// collect decodes percent-encoding; "+" and malformed escapes stay as they are. What has no "=" is a name that is not
// decoded.
func collect(list []parameter, text string) []parameter {
	for pair := range query.Pairs(text) {
		p := parameter{name: pair.Name}
		if pair.HasValue {
			p = parameter{query.Lenient(pair.Name), query.Lenient(pair.Value)}
		}
		list = append(list, p)
	}
	return list
}

// isAmbiguous tells whether other parameters than these are signed by the same text: there are separators in them, or
// bytes that stand for themselves and for something encoded.
func isAmbiguous(text string) bool {
	if strings.IndexByte(text, '+') >= 0 {
		return true
	}
	for pair := range query.Pairs(text) {
		name, okName := query.Percent(pair.Name)
		value, okValue := query.Percent(pair.Value)
		if !okName || !okValue || !pair.HasValue && name != pair.Name {
			return true
		}
		if strings.ContainsAny(name, "&=\n") || strings.ContainsAny(value, "&\n") {
			return true
		}
	}
	return false
}
