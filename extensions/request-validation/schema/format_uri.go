package schema

import (
	"net/url"
	"strings"
)

// isURI takes a URI (RFC 3986, section 3) or IRI (RFC 3987): one with a scheme.
func isURI(s string) bool {
	parsed, ok := reference3986(s)
	return ok && parsed.IsAbs()
}

func isURIReference(s string) bool {
	_, ok := reference3986(s)
	return ok
}

func reference3986(s string) (*url.URL, bool) {
	if strings.ContainsAny(s, " \\\"<>^`{|}") {
		return nil, false
	}
	parsed, err := url.Parse(s)
	return parsed, err == nil
}

// isURITemplate takes a URI reference with expressions (RFC 6570, section 2) in braces.
func isURITemplate(s string) bool {
	var plain strings.Builder
	for {
		before, rest, open := strings.Cut(s, "{")
		if strings.IndexByte(before, '}') >= 0 {
			return false
		}
		plain.WriteString(before)
		if !open {
			return isURIReference(plain.String())
		}
		expression, after, closed := strings.Cut(rest, "}")
		if !closed || expression == "" || strings.IndexByte(expression, '{') >= 0 {
			return false
		}
		plain.WriteByte('x')
		s = after
	}
}
