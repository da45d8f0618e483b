package main

import (
	"path"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// target is the path of a request, taken apart.
type target struct {
	encoded string // without dot segments, double and trailing slashes; escapes as they were
	decoded string // the same without escapes: what patterns and prefixes are compared with
	rest    string // query, from its "?", as it was
}

// parseTarget is false for a path that is none: not beginning with a slash, or with control characters or malformed
// escapes.
func parseTarget(raw string) (target, bool) {
	if !strings.HasPrefix(raw, "/") {
		return target{}, false
	}
	end := strings.IndexAny(raw, "?#")
	if end < 0 {
		end = len(raw)
	}
	if httpheader.HasControl(raw[:end]) {
		return target{}, false
	}
	t := target{encoded: clean(raw[:end]), rest: raw[end:]}
	var ok bool
	t.decoded, ok = query.Percent(t.encoded)
	return t, ok
}

// clean removes dot segments, double and trailing slashes. An escaped dot is a dot (RFC 3986, section 6.2.2.2).
func clean(encoded string) string {
	if strings.Contains(encoded, "%2e") || strings.Contains(encoded, "%2E") {
		segments := strings.Split(encoded, "/")
		for i, segment := range segments {
			if dots := unescapeDots.Replace(segment); dots == "." || dots == ".." {
				segments[i] = dots
			}
		}
		encoded = strings.Join(segments, "/")
	}
	return path.Clean(encoded)
}

var unescapeDots = strings.NewReplacer("%2e", ".", "%2E", ".")

// isPage tells whether a path is that of a page: the root, one without extension, or with one of the usual ones.
func isPage(decoded string) bool {
	switch path.Ext(decoded) {
	case "", ".html", ".htm", ".jsp", ".php", ".asp", ".aspx", ".erb", ".ejs", ".twig":
		return true
	}
	return false
}

// cutPrefix takes a decoded prefix off an encoded path.
func cutPrefix(encoded, prefix string) (rest string, ok bool) {
	for i := range len(prefix) {
		if encoded == "" {
			return "", false
		}
		c, n := encoded[0], 1
		if c == '%' {
			n = min(3, len(encoded))
			text, ok := query.Percent(encoded[:n])
			if !ok {
				return "", false
			}
			c = text[0]
		}
		if c != prefix[i] {
			return "", false
		}
		encoded = encoded[n:]
	}
	return encoded, true
}

// withRest joins a path, which may have a query of its own, and the query of the request.
func withRest(path, rest string) string {
	if strings.HasPrefix(rest, "?") && strings.Contains(path, "?") {
		rest = "&" + rest[1:]
	}
	return path + rest
}
