package pretty

import (
	"bytes"
	"sort"
	"strconv"
	"unicode/utf16"
)

// member is where a member of an object stands in the output: its line or lines, and its value in them.
type member struct {
	key               []byte // with quotes
	start, value, end int
}

// sort puts the members of an object, which end the output and are separated by a comma and a line break, in order.
func (p *printer) sort(members []member) {
	order := byKey{members: members, out: p.out}
	if sort.IsSorted(order) {
		return
	}
	start := members[0].start
	sort.Stable(order) // not by package slices, which brings 9 KB for this type alone
	sorted := make([]byte, 0, len(p.out)-start)
	for i, m := range members {
		if i > 0 {
			sorted = append(sorted, ',', '\n')
		}
		sorted = append(sorted, p.out[m.start:m.end]...)
	}
	p.out = append(p.out[:start], sorted...)
}

// byKey orders members by key, and those with the same key by value.
type byKey struct {
	members []member
	out     []byte
}

func (s byKey) Len() int { return len(s.members) }

func (s byKey) Swap(i, j int) { s.members[i], s.members[j] = s.members[j], s.members[i] }

func (s byKey) Less(i, j int) bool {
	a, b := s.members[i], s.members[j]
	if order := compare(a.key, b.key); order != 0 {
		return order < 0
	}
	return compare(s.out[a.value:a.end], s.out[b.value:b.end]) < 0
}

// The kinds of values in their order.
const (
	kindNull = iota
	kindFalse
	kindNumber
	kindString
	kindTrue
	kindNested
)

func kindOf(value []byte) int {
	if len(value) == 0 {
		return kindNull
	}
	switch value[0] {
	case '"':
		return kindString
	case 'f':
		return kindFalse
	case 't':
		return kindTrue
	case 'n':
		return kindNull
	case '[', '{':
		return kindNested
	}
	return kindNumber
}

// compare orders two values: by kind, numbers by size, strings by the bytes of what they say, others by their text.
func compare(a, b []byte) int {
	kind := kindOf(a)
	if other := kindOf(b); kind != other {
		return kind - other
	}
	switch kind {
	case kindString:
		return bytes.Compare(content(a), content(b))
	case kindNumber:
		return compareNumbers(a, b)
	}
	return bytes.Compare(a, b)
}

func compareNumbers(a, b []byte) int {
	x, _ := strconv.ParseFloat(string(a), 64)
	y, _ := strconv.ParseFloat(string(b), 64)
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// content decodes a string (RFC 8259 section 7); nil if it has a malformed escape.
func content(text []byte) []byte {
	text = bytes.TrimSuffix(text[1:], []byte{'"'})
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		if text[0] != '\\' {
			out = append(out, text[0])
			text = text[1:]
			continue
		}
		r, length := escape(text)
		if length == 0 {
			return nil
		}
		out = append(out, string(r)...)
		text = text[length:]
	}
	return out
}

// escape decodes the escape at the beginning of text. A length of 0 says that it is malformed.
func escape(text []byte) (r rune, length int) {
	if len(text) < 2 {
		return 0, 0
	}
	if text[1] == 'u' {
		return unicodeEscape(text)
	}
	const letters, meanings = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	for i := range len(letters) {
		if letters[i] == text[1] {
			return rune(meanings[i]), 2
		}
	}
	return 0, 0
}

// unicodeEscape decodes \uXXXX, or two of them that are a surrogate pair.
func unicodeEscape(text []byte) (r rune, length int) {
	first, ok := codeUnit(text)
	if !ok {
		return 0, 0
	}
	if second, ok := codeUnit(text[6:]); ok {
		if r := utf16.DecodeRune(first, second); r != '\uFFFD' {
			return r, 12
		}
	}
	return first, 6 // a lone surrogate becomes U+FFFD when it is encoded
}

func codeUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(unit), err == nil
}
