package main

import (
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/query"
	"github.com/wasmplane/wasmplane/extensions/internal/urlpath"
)

// mostDecodings bounds how often a path is decoded.
const mostDecodings = 3

// readings returns what a backend may take a request's path for: without its query, percent-decoded, with its dot segments
// resolved (RFC 3986 section 5.2.4), before and after that; and then, too, decoded again, with backslashes as slashes, with
// several slashes as one, and without the parameters of its segments. nil means that it cannot be decoded.
func readings(path string) []string {
	if end := strings.IndexAny(path, "?#"); end >= 0 {
		path = path[:end]
	}
	if isPlain(path) {
		return []string{urlpath.Resolved(path)}
	}
	decoded, ok := query.Percent(path)
	if !ok {
		return nil
	}
	first, _ := query.Percent(urlpath.Resolved(path))
	list := []string{first}
	for range mostDecodings {
		list = withVariants(list, decoded)
		again, ok := query.Percent(decoded)
		if !ok || again == decoded {
			return list
		}
		decoded = again
	}
	return withVariants(list, decoded)
}

// isPlain tells whether a path can be taken in one way only, but for its dot segments.
func isPlain(path string) bool {
	return strings.IndexAny(path, `%;\`) < 0 && !strings.Contains(path, "//")
}

func withVariants(list []string, path string) []string {
	for _, variant := range urlpath.Readings(path) {
		if !slices.Contains(list, variant) {
			list = append(list, variant)
		}
	}
	return list
}
