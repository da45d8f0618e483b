package main

import "strings"

// mostDecodings is how often an escaped text is decoded: twice-escaped names are a common disguise, and some backends
// decode as often.
const mostDecodings = 3

// spellings are a text as it is written and, where that differs, as it reads with its escapes decoded, once and again.
func spellings(text string) []string {
	list := []string{text}
	for range mostDecodings {
		decoded := decode(text)
		if decoded == text {
			break
		}
		list = append(list, decoded)
		text = decoded
	}
	return list
}

// decode replaces the escapes of URIs, %77 and %u0077, and of JSON, \u0077, by the bytes and characters they stand for.
// What is no escape stays. It is for finding names, so + stays, too: no name that is looked for has a space.
func decode(text string) string {
	first := strings.IndexAny(text, `%\`)
	if first < 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	out = append(out, text[:first]...)
	for i := first; i < len(text); i++ {
		switch rest := text[i:]; {
		case len(rest) >= 6 && (rest[0] == '%' || rest[0] == '\\') && (rest[1] == 'u' || rest[1] == 'U') && isHex(rest[2:6]):
			out = append(out, string(rune(hexValue(rest[2:6])))...)
			i += 5
		case len(rest) >= 3 && rest[0] == '%' && isHex(rest[1:3]):
			out = append(out, byte(hexValue(rest[1:3])))
			i += 2
		default:
			out = append(out, rest[0])
		}
	}
	return string(out)
}

func isHex(digits string) bool {
	for i := 0; i < len(digits); i++ {
		if strings.IndexByte("0123456789abcdefABCDEF", digits[i]) < 0 {
			return false
		}
	}
	return true
}

// hexValue is the number of valid digits.
func hexValue(digits string) (n int) {
	for i := 0; i < len(digits); i++ {
		n = n<<4 | strings.IndexByte("0123456789abcdef", digits[i]|0x20)
	}
	return n
}
