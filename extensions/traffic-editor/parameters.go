package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// parameters are those of a request's query, decoded, in order.
type parameters struct {
	pairs [][2]string
	path  string // as it was when they were read
}

// parameters reads the query of :path as it is now. A path that is no URL's has none.
func (m *message) parameters() *parameters {
	if m.query == nil {
		path, _ := m.header(":path")
		m.query = &parameters{path: path}
		if query.IsURL(path) {
			m.query.pairs = slices.Collect(query.Strict(path))
		}
	}
	return m.query
}

func (p *parameters) any(name string, test func(value string) bool) bool {
	return slices.ContainsFunc(p.pairs, func(pair [2]string) bool { return pair[0] == name && test(pair[1]) })
}

// setParameter writes the query anew, sorted by name. The path before it keeps its bytes.
func (m *message) setParameter(name string, values []string) error {
	p := m.parameters()
	if !query.IsURL(p.path) {
		return errors.New("the path is malformed, so its query stays as it is")
	}
	p.pairs = slices.DeleteFunc(p.pairs, func(pair [2]string) bool { return pair[0] == name })
	for _, value := range values {
		p.pairs = append(p.pairs, [2]string{name, value})
	}
	slices.SortStableFunc(p.pairs, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	m.setHeader(":path", []string{query.With(p.path, p.pairs)})
	return nil
}
