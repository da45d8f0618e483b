package main

import (
	"slices"

	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// parseQuery reads the parameters of a path. Malformed escapes, and pairs with a semicolon, are left out.
func parseQuery(path string) fields {
	f := fields{}
	for pair := range query.Strict(path) {
		f[pair[0]] = append(f[pair[0]], pair[1])
	}
	return f
}

// withQuery is a path with other parameters, sorted by name.
func withQuery(path string, f fields) string {
	names := make([]string, 0, len(f))
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	var pairs [][2]string
	for _, name := range names {
		for _, value := range f[name] {
			pairs = append(pairs, [2]string{name, value})
		}
	}
	return query.With(path, pairs)
}
