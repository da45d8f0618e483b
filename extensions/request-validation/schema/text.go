package schema

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// hex4 reads the four digits of a \u escape.
func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for i := range 4 {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape decodes a text whose escapes are well-formed. Half a surrogate pair stands for U+FFFD.
func unescape(raw string) string {
	var out strings.Builder
	out.Grow(len(raw))
	for {
		plain, rest, escaped := strings.Cut(raw, `\`)
		out.WriteString(plain)
		if !escaped {
			return out.String()
		}
		if rest[0] != 'u' {
			out.WriteByte(unescaped(rest[0]))
			raw = rest[1:]
			continue
		}
		r, _ := hex4(rest[1:])
		raw = rest[5:]
		if utf16.IsSurrogate(r) {
			r, raw = surrogate(r, raw)
		}
		out.WriteRune(r)
	}
}

// surrogate joins the first half of a pair with the second, if it follows.
func surrogate(first rune, rest string) (rune, string) {
	if strings.HasPrefix(rest, `\u`) {
		second, ok := hex4(rest[2:])
		if r := utf16.DecodeRune(first, second); ok && r != utf8.RuneError {
			return r, rest[6:]
		}
	}
	return utf8.RuneError, rest
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
