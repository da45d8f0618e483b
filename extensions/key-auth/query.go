package main

import (
	"net/url"
	"strings"
)

// param is one pair of a query.
type param struct {
	name, value string
	plain       string // value with "+" left as it is, where that differs
}

// parseQuery reads the query of a path. The path before it may be anything. Pairs with a malformed escape are left out.
func parseQuery(path string) []param {
	_, query, ok := strings.Cut(path, "?")
	if !ok {
		return nil
	}
	var params []param
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, okName := unescape(rawName, true)
		value, okValue := unescape(rawValue, true)
		if !okName || !okValue || name == "" {
			continue
		}
		p := param{name: name, value: value}
		if strings.IndexByte(rawValue, '+') >= 0 {
			p.plain, _ = unescape(rawValue, false)
		}
		params = append(params, p)
	}
	return params
}

// withoutParams returns the path with the named parameters taken out. Everything else keeps its bytes.
func withoutParams(path string, names map[string]bool) string {
	bare, query, ok := strings.Cut(path, "?")
	if !ok {
		return path
	}
	kept := make([]string, 0, 8)
	for _, pair := range strings.Split(query, "&") {
		rawName, _, _ := strings.Cut(pair, "=")
		if name, ok := unescape(rawName, true); ok && names[name] {
			continue
		}
		kept = append(kept, pair)
	}
	if len(kept) == 0 {
		return bare
	}
	return bare + "?" + strings.Join(kept, "&")
}

// unescape undoes percent-encoding, and "+" for a space where form is set; false for a malformed escape.
func unescape(s string, form bool) (string, bool) {
	decode := url.PathUnescape
	if form {
		decode = url.QueryUnescape
	}
	plain, err := decode(s)
	return plain, err == nil
}
