package main

import (
	"bytes"
	"unicode/utf8"
)

const truncated = "...(truncated)..."

// excerpt is what a header can hold of a text: ASCII without control characters, and if it would be longer than max bytes,
// its two halves of max/2 bytes with a mark between them. It keeps no more than that, however long the text is.
type excerpt struct {
	max  int
	head []byte // the beginning, up to max
	tail []byte // a ring of the last max/2 bytes, once there are more than max
	next int    // where the ring begins
	over bool
}

// String is the value.
func (e *excerpt) String() string {
	if !e.over {
		return string(e.head)
	}
	return string(e.head[:e.max/2]) + truncated + string(e.tail[e.next:]) + string(e.tail[:e.next])
}

func (e *excerpt) add(c byte) {
	if len(e.head) < e.max {
		e.head = append(e.head, c)
		return
	}
	half := e.max / 2
	if !e.over {
		e.over = true
		e.tail = bytes.Clone(e.head[e.max-half:])
	}
	if half == 0 {
		return
	}
	e.tail[e.next] = c
	e.next = (e.next + 1) % half
}

// text adds a text. A backslash is escaped as well, so different texts stay different.
func (e *excerpt) text(s string) {
	for i := 0; i < len(s); {
		if s[i] == '\\' {
			e.unit('\\')
			i++
			continue
		}
		i += e.character(s[i:])
	}
}

// json adds JSON without the blanks between its tokens. Characters outside ASCII stand inside strings only, where an escape
// means the same.
func (e *excerpt) json(raw string) {
	quoted := false
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case !quoted && c <= ' ':
			i++
			continue
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\' && i+1 < len(raw):
			e.add(c)
			i++
		}
		i += e.character(raw[i:])
	}
}

// character adds the first character of s and returns its length in s. Bytes that are no UTF-8 become U+FFFD.
func (e *excerpt) character(s string) int {
	if s[0] >= ' ' && s[0] < 0x7f {
		e.add(s[0])
		return 1
	}
	r, size := utf8.DecodeRuneInString(s)
	if r >= 0x10000 { // a surrogate pair (RFC 8259, section 7)
		r -= 0x10000
		e.unit(0xd800 + r>>10)
		r = 0xdc00 + r&0x3ff
	}
	e.unit(r)
	return size
}

// unit adds a UTF-16 code unit as an escape.
func (e *excerpt) unit(r rune) {
	const digits = "0123456789abcdef"
	for _, c := range [...]byte{'\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15]} {
		e.add(c)
	}
}
