package httpcache

import (
	"slices"
	"strings"
)

// Varies returns the request headers that a response depends on, sorted and each once. all says that nothing may be
// assumed: Vary has a "*".
func Varies(h Headers) (names []string, all bool) {
	list, _ := h.Joined("vary")
	for list != "" {
		var name string
		name, list, _ = strings.Cut(list, ",")
		name = strings.ToLower(strings.Trim(name, " \t"))
		if name == "*" {
			return nil, true
		}
		if name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), false
}

// Select returns the lines of a request that those names stand for: one for each that is there, with all its values.
func Select(h Headers, names []string) Headers {
	var selected Headers
	for _, name := range names {
		if value, ok := h.Joined(name); ok {
			selected = append(selected, [2]string{name, value})
		}
	}
	return selected
}

// Fits tells whether a request selects the same response as the one that the entry was made for (RFC 9111, section 4.1).
func Fits(r *Request, e *Entry) bool {
	names, all := Varies(e.Headers)
	return !all && slices.Equal(Select(r.Headers, names), e.Selecting)
}
