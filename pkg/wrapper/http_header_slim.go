//go:build wasmplane_slim

package wrapper

import (
	"maps"
	"slices"
)

// Header holds the headers of an answer under their canonical names, such as Content-Type. It stands in for
// http.Header, whose methods of the same names behave alike.
type Header map[string][]string

// Add appends a value.
func (h Header) Add(key, value string) {
	key = canonicalHeaderKey(key)
	h[key] = append(h[key], value)
}

// Set replaces all values by one.
func (h Header) Set(key, value string) { h[canonicalHeaderKey(key)] = []string{value} }

// Get returns the first value, or "".
func (h Header) Get(key string) string {
	if values := h[canonicalHeaderKey(key)]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Values returns all values; the slice is the map's own.
func (h Header) Values(key string) []string { return h[canonicalHeaderKey(key)] }

// Del removes all values.
func (h Header) Del(key string) { delete(h, canonicalHeaderKey(key)) }

// Clone returns a copy that shares nothing with h.
func (h Header) Clone() Header {
	if h == nil {
		return nil
	}
	c := maps.Clone(h)
	for k, values := range c {
		c[k] = slices.Clone(values)
	}
	return c
}

// canonicalHeaderKey returns names with bytes that are not allowed in header names, such as `:status`, unchanged.
func canonicalHeaderKey(name string) string {
	key := []byte(name)
	upper := true
	for i, c := range key {
		switch {
		case 'a' <= c && c <= 'z':
			if upper {
				key[i] = c - 'a' + 'A'
			}
		case 'A' <= c && c <= 'Z':
			if !upper {
				key[i] = c - 'A' + 'a'
			}
		case !isTokenByte(c):
			return name
		}
		upper = c == '-'
	}
	return string(key)
}

func isTokenByte(c byte) bool {
	if '0' <= c && c <= '9' {
		return true
	}
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return false
}
