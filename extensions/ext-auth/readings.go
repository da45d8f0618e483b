package main

import (
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/query"
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
		return []string{resolved(path)}
	}
	decoded, ok := query.Percent(path)
	if !ok {
		return nil
	}
	first, _ := query.Percent(resolved(path))
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
	slashed := strings.ReplaceAll(path, `\`, "/")
	for _, variant := range []string{resolved(path), resolved(merged(slashed)), resolved(merged(withoutParameters(slashed)))} {
		if !slices.Contains(list, variant) {
			list = append(list, variant)
		}
	}
	return list
}

// resolved removes dot segments. Empty segments stay.
func resolved(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	segments := strings.Split(path, "/")
	kept := segments[:0]
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case ".":
		case "..":
			if len(kept) > 1 {
				kept = kept[:len(kept)-1]
			}
		default:
			kept = append(kept, segment)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return strings.Join(kept, "/")
}

// merged makes one slash of several.
func merged(path string) string {
	if !strings.Contains(path, "//") {
		return path
	}
	out := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		if path[i] != '/' || i == 0 || path[i-1] != '/' {
			out = append(out, path[i])
		}
	}
	return string(out)
}

// withoutParameters cuts what follows a semicolon off every segment (RFC 3986 section 3.3 leaves it to the backend).
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
