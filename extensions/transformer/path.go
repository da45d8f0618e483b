package main

import (
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// parseQuery reads the parameters of a path. Malformed escapes, and pairs with a semicolon, are left out.
func parseQuery(path string) fields {
	f := fields{}
	text, _ := query.Of(path)
	for pair := range query.Pairs(text) {
		if pair == (query.Pair{}) || strings.IndexByte(pair.Name, ';') >= 0 || strings.IndexByte(pair.Value, ';') >= 0 {
			continue
		}
		name, okName := query.Form(pair.Name)
		value, okValue := query.Form(pair.Value)
		if okName && okValue {
			f[name] = append(f[name], value)
		}
	}
	return f
}

// withQuery is a path with other parameters, sorted by name.
func withQuery(path string, f fields) string {
	path, fragment, hasFragment := strings.Cut(path, "#")
	bare, _, _ := strings.Cut(path, "?")
	out := append(make([]byte, 0, len(path)+32), bare...)
	names := make([]string, 0, len(f))
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	divider := byte('?')
	for _, name := range names {
		for _, value := range f[name] {
			out = append(out, divider)
			divider = '&'
			out = body.AppendEscaped(out, name)
			out = append(out, '=')
			out = body.AppendEscaped(out, value)
		}
	}
	if hasFragment {
		out = append(append(out, '#'), fragment...)
	}
	return string(out)
}

// isURL tells whether the path, what follows it aside, is that of a URL: without control characters and malformed escapes.
func isURL(path string) bool {
	bare, _, _ := strings.Cut(path, "?")
	bare, _, _ = strings.Cut(bare, "#")
	for i := 0; i < len(path); i++ {
		if path[i] < ' ' || path[i] == 0x7f {
			return false
		}
	}
	_, ok := query.Percent(bare)
	return ok
}
