package main

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/query"
	"github.com/wasmplane/wasmplane/extensions/internal/urlpath"
)

// reading is what a backend may take a path for.
type reading struct {
	text    string
	raw     bool  // it is the path as it was received
	from    []int // where each byte comes from in that; nil: not known
	escaped bool  // names in it are percent-encoded
}

// origin is where a byte comes from in the path as it was received; -1 if that is not known.
func (r *reading) origin(at int) int {
	switch {
	case r.raw:
		return at
	case r.from == nil:
		return -1
	}
	return r.from[at]
}

// readings are a path as it was received; with its escapes undone, segment by segment or at once; and these with
// backslashes as slashes, several slashes as one, and without dot segments (RFC 3986, section 5.2.4) and the parameters of
// segments.
func readings(path string) []reading {
	list := []reading{{text: path, raw: true, escaped: true}}
	if strings.IndexByte(path, '%') >= 0 {
		list = append(list, decode(path, false), decode(path, true))
	}
	for _, r := range list {
		if isRegular(r.text) {
			continue
		}
		for _, text := range urlpath.Readings(r.text) {
			list = append(list, reading{text: text, escaped: r.escaped})
		}
	}
	return list
}

// decode undoes the escapes, or, to keep segments and what is decoded later, all but those of slashes and percent signs.
// Malformed escapes stay.
func decode(path string, all bool) reading {
	r := reading{from: make([]int, 0, len(path)), escaped: !all}
	text := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		r.from = append(r.from, i)
		if path[i] == '%' && i+2 < len(path) {
			if c, ok := query.Percent(path[i : i+3]); ok && (all || c != "/" && c != "%") {
				text = append(text, c[0])
				i += 2
				continue
			}
		}
		text = append(text, path[i])
	}
	r.text = string(text)
	return r
}

// isRegular tells whether backends agree on the segments of a path without escapes.
func isRegular(path string) bool {
	return strings.IndexAny(path, `;\`) < 0 && !strings.Contains(path, "//") && !strings.Contains(path, "/.")
}
