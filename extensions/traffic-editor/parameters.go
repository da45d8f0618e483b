package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// parameters are those of a request's query, decoded, in order.
type parameters struct {
	pairs    [][2]string
	isPath   bool   // there is a path, and it is well formed; otherwise it is left alone
	bare     string // the path without the query, as it was received
	fragment string // with its "#"
}

// parameters reads the query of :path as it is now. Pairs that are malformed or have a semicolon are left out.
func (m *message) parameters() *parameters {
	if m.query == nil {
		path, _ := m.header(":path")
		m.query = parseParameters(path)
	}
	return m.query
}

func parseParameters(path string) *parameters {
	p := &parameters{}
	p.bare, p.fragment = splitPath(path)
	if _, ok := query.Percent(p.bare); !ok || path == "" || !isValue(path) {
		return p
	}
	p.isPath = true
	text, _ := query.Of(path)
	for pair := range query.Pairs(text) {
		if pair == (query.Pair{}) || strings.Contains(pair.Name, ";") || strings.Contains(pair.Value, ";") {
			continue
		}
		name, okName := query.Form(pair.Name)
		value, okValue := query.Form(pair.Value)
		if okName && okValue {
			p.pairs = append(p.pairs, [2]string{name, value})
		}
	}
	return p
}

// splitPath divides what is before the query from the fragment behind it.
func splitPath(path string) (bare, fragment string) {
	if at := strings.IndexByte(path, '#'); at >= 0 {
		path, fragment = path[:at], path[at:]
	}
	bare, _, _ = strings.Cut(path, "?")
	return bare, fragment
}

func (p *parameters) any(name string, test func(value string) bool) bool {
	return slices.ContainsFunc(p.pairs, func(pair [2]string) bool { return pair[0] == name && test(pair[1]) })
}

// setParameter writes the query anew, sorted by name. The path before it keeps its bytes.
func (m *message) setParameter(name string, values []string) error {
	p := m.parameters()
	if !p.isPath {
		return errors.New("the path is malformed, so its query stays as it is")
	}
	p.pairs = slices.DeleteFunc(p.pairs, func(pair [2]string) bool { return pair[0] == name })
	for _, value := range values {
		p.pairs = append(p.pairs, [2]string{name, value})
	}
	m.setHeader(":path", []string{p.path()})
	return nil
}

func (p *parameters) path() string {
	slices.SortStableFunc(p.pairs, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	out := []byte(p.bare)
	divider := byte('?')
	for _, pair := range p.pairs {
		out = append(out, divider)
		out = body.AppendEscaped(out, pair[0])
		out = append(out, '=')
		out = body.AppendEscaped(out, pair[1])
		divider = '&'
	}
	return string(append(out, p.fragment...))
}
