package body

import (
	"unicode/utf16"
	"unicode/utf8"
)

// sameName compares a name as it is written in JSON, with quotes and maybe escapes, with a name. It allocates nothing:
// an edit compares with every name in the text.
func sameName(quoted, name string) bool {
	text := quoted[1 : len(quoted)-1]
	for text != "" {
		if text[0] != '\\' {
			if name == "" || name[0] != text[0] {
				return false
			}
			text, name = text[1:], name[1:]
			continue
		}
		r, length := escaped(text)
		var room [utf8.UTFMax]byte
		n := utf8.EncodeRune(room[:], r)
		if len(name) < n || name[:n] != string(room[:n]) {
			return false
		}
		text, name = text[length:], name[n:]
	}
	return name == ""
}

// escaped reads the escape sequence, or the two of a surrogate pair, that text begins with. text is part of valid JSON.
func escaped(text string) (r rune, length int) {
	switch text[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
	default:
		return rune(text[1]), 2
	}
	r = hexadecimal(text[2:6])
	if utf16.IsSurrogate(r) && len(text) >= 12 && text[6:8] == `\u` {
		return utf16.DecodeRune(r, hexadecimal(text[8:12])), 12
	}
	return r, 6
}

func hexadecimal(digits string) (r rune) {
	for i := range len(digits) {
		c := rune(digits[i])
		switch {
		case c <= '9':
			c -= '0'
		default:
			c = c&^0x20 - 'A' + 10
		}
		r = r<<4 | c
	}
	return r
}
