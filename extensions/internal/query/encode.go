package query

import "strings"

// AppendEscaped appends text as it stands in a form or query: a space as "+", everything but letters, digits and "-_.~"
// as percent-encoded bytes.
func AppendEscaped(out []byte, text string) []byte {
	const digits = "0123456789ABCDEF"
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
			out = append(out, c)
		case c == ' ':
			out = append(out, '+')
		default:
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return out
}

// With returns a path with these parameters, encoded as in forms, in place of its own. What is before and behind the query
// keeps its bytes.
func With(path string, pairs [][2]string) string {
	path, fragment, hasFragment := strings.Cut(path, "#")
	bare, _, _ := strings.Cut(path, "?")
	out := append(make([]byte, 0, len(path)+32), bare...)
	divider := byte('?')
	for _, pair := range pairs {
		out = append(out, divider)
		out = AppendEscaped(out, pair[0])
		out = append(out, '=')
		out = AppendEscaped(out, pair[1])
		divider = '&'
	}
	if hasFragment {
		out = append(append(out, '#'), fragment...)
	}
	return string(out)
}
