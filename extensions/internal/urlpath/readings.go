// Package urlpath reads the path of a URL in the ways in which backends may.
package urlpath

import (
	"slices"
	"strings"
)

// Readings are what backends may take a path for that has no escapes, or whose escapes are of no matter: without dot segments
// (RFC 3986, section 5.2.4); with backslashes as slashes and several slashes as one besides; and without the parameters of
// segments, too (section 3.3 leaves them to the backend).
func Readings(path string) [3]string {
	slashed := strings.ReplaceAll(path, `\`, "/")
	return [3]string{Resolved(path), Resolved(merged(slashed)), Resolved(merged(withoutParameters(slashed)))}
}

// Resolved removes dot segments. Empty segments stay.
func Resolved(path string) string {
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
