package main

import (
	"unicode"
	"unicode/utf8"
)

// search looks for keywords in a text that comes in pieces, cut anywhere. Nothing of the text is kept but the part of
// a character that a piece ends with.
type search struct {
	keywords *keywords
	at       int32
	char     [utf8.UTFMax]byte // bytes of a character that is not complete yet; only where letters match in either case
	charLen  int
}

// in reports whether the text contains one of the strings. A nil set has none.
func (k *keywords) in(text string) bool {
	if k == nil {
		return false
	}
	s := search{keywords: k}
	return found(&s, text)
}

// found reads the next piece and reports whether a string ends in it. After that the search is over.
func found[T string | []byte](s *search, piece T) bool {
	k, at, hit := s.keywords, s.at, false
	for i := 0; i < len(piece); i++ {
		c := piece[i]
		whole := !k.fold || c < utf8.RuneSelf && s.charLen == 0
		switch {
		case at == 0 && whole && k.start[c] == 0:
		case !k.fold:
			at = k.step(at, c)
			hit = k.nodes[at].final
		case !whole:
			s.char[s.charLen] = c
			s.charLen++
			at, hit = s.readChar(at)
		default:
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			at = k.step(at, c)
			hit = k.nodes[at].final
		}
		if hit {
			return true
		}
	}
	s.at = at
	return false
}

// readChar goes on from node at with what is complete in s.char, in lower case.
func (s *search) readChar(at int32) (next int32, hit bool) {
	for s.charLen > 0 && utf8.FullRune(s.char[:s.charLen]) {
		_, size := utf8.DecodeRune(s.char[:s.charLen])
		var room [utf8.UTFMax]byte
		for _, c := range appendLower(room[:0], s.char[:size]) {
			if at = s.keywords.step(at, c); s.keywords.nodes[at].final {
				return at, true
			}
		}
		s.charLen = copy(s.char[:], s.char[size:s.charLen])
	}
	return at, false
}

// lower returns the text in lower case. Bytes that are no UTF-8 stay as they are.
func lower(text string) string {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		_, size := utf8.DecodeRuneInString(text)
		out = appendLower(out, []byte(text[:size]))
		text = text[size:]
	}
	return string(out)
}

// appendLower appends one character in lower case.
func appendLower(out, char []byte) []byte {
	r, size := utf8.DecodeRune(char)
	if r == utf8.RuneError && size <= 1 {
		return append(out, char...)
	}
	return utf8.AppendRune(out, unicode.ToLower(r))
}
