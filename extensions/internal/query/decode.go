package query

import "strings"

// Form undoes percent-encoding and takes "+" for a space (application/x-www-form-urlencoded). ok is false for a
// malformed escape: a "%" without two hexadecimal digits after it.
func Form(s string) (text string, ok bool) { return decode(s, true, false) }

// Percent undoes percent-encoding alone. ok is false for a malformed escape.
func Percent(s string) (text string, ok bool) { return decode(s, false, false) }

// Lenient undoes percent-encoding alone, and keeps malformed escapes as they are.
func Lenient(s string) string {
	text, _ := decode(s, false, true)
	return text
}

func decode(s string, form, lenient bool) (string, bool) {
	if strings.IndexByte(s, '%') < 0 && (!form || strings.IndexByte(s, '+') < 0) {
		return s, true
	}
	text := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+' && form:
			text = append(text, ' ')
		case s[i] != '%':
			text = append(text, s[i])
		case i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			text = append(text, nibble(s[i+1])<<4|nibble(s[i+2]))
			i += 2
		case lenient:
			text = append(text, '%')
		default:
			return "", false
		}
	}
	return string(text), true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
