package main

import (
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/query"
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
		slashed := strings.ReplaceAll(r.text, `\`, "/")
		list = append(list, reading{text: resolved(r.text), escaped: r.escaped}, reading{text: resolved(merged(slashed)), escaped: r.escaped},
			reading{text: resolved(merged(withoutParameters(slashed))), escaped: r.escaped})
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

// resolved removes dot segments. Empty segments stay.
func resolved(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	kept := make([]string, 0, strings.Count(path, "/")+1)
	for segment := range strings.SplitSeq(path, "/") {
		switch {
		case segment == "..":
			kept = kept[:max(len(kept)-1, min(len(kept), 1))]
		case segment != ".":
			kept = append(kept, segment)
		}
	}
	if strings.HasSuffix(path, "/.") || strings.HasSuffix(path, "/..") {
		kept = append(kept, "")
	}
	return strings.Join(kept, "/")
}

// merged makes one slash of several.
func merged(path string) string {
	if !strings.Contains(path, "//") {
		return path
	}
	return string(slices.CompactFunc([]byte(path), func(a, b byte) bool { return a == '/' && b == '/' }))
}

// withoutParameters cuts what follows a semicolon off every segment.
func withoutParameters(path string) string {
	if strings.IndexByte(path, ';') < 0 {
		return path
	}
	segments := strings.Split(path, "/")
	for i := range segments {
		segments[i], _, _ = strings.Cut(segments[i], ";")
	}
	return strings.Join(segments, "/")
}
