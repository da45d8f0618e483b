package body

import (
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
)

// MaxDepth is how many objects and lists may stand in each other. Readers of JSON recurse, and a guest's stack is finite.
const MaxDepth = 1000

// Valid tells whether text is one JSON value (RFC 8259) that is nested no deeper than MaxDepth.
func Valid(text string) bool { return shallow(text) && gjson.Valid(text) }

func shallow(text string) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = endOfString(text, i) - 1
		case '{', '[':
			if depth++; depth > MaxDepth {
				return false
			}
		case '}', ']':
			depth--
		}
	}
	return true
}

// The functions below take valid JSON and the position of a value's first byte.

func endOfString(json string, at int) int {
	for at++; at < len(json); at++ {
		switch json[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return len(json)
}

func endOfValue(json string, at int) int {
	switch json[at] {
	case '"':
		return endOfString(json, at)
	case '{', '[':
		return endOfContainer(json, at)
	}
	for at < len(json) && json[at] > ' ' && json[at] != ',' && json[at] != ']' && json[at] != '}' {
		at++
	}
	return at
}

func endOfContainer(json string, at int) int {
	for depth := 0; at < len(json); at++ {
		switch json[at] {
		case '"':
			at = endOfString(json, at) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1
			}
		}
	}
	return len(json)
}

func skipBlanks(json string, at int) int {
	for at < len(json) && json[at] <= ' ' {
		at++
	}
	return at
}

// child is a member of an object or an element of a list. Positions are those in the whole text.
type child struct {
	start      int // of the name, or of the element
	value, end int
	index      int // in the list, or among the members
	named      bool
	quoted     string // the name as it is written
}

func (c *child) is(name string) bool { return c.named && sameName(c.quoted, name) }

// eachChild visits what an object or list holds, in the order of the text, until visit returns false. Other values hold
// nothing. It never looks back, so what is before a visited child's end may be overwritten by the visitor.
func eachChild(json string, at int, visit func(child) bool) {
	object := json[at] == '{'
	if !object && json[at] != '[' {
		return
	}
	at = skipBlanks(json, at+1)
	for index := 0; json[at] != '}' && json[at] != ']'; index++ {
		c := child{start: at, value: at, index: index, named: object}
		if object {
			c.value = endOfString(json, at)
			c.quoted = json[at:c.value]
			c.value = skipBlanks(json, skipBlanks(json, c.value)+1)
		}
		c.end = endOfValue(json, c.value)
		at = skipBlanks(json, c.end)
		last := json[at] != ','
		if !last {
			at = skipBlanks(json, at+1)
		}
		if !visit(c) || last {
			return
		}
	}
}

func unquote(quoted string) string {
	if strings.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	return gjson.Parse(quoted).Str
}

// Text is the text form of a JSON value: a string without quotes, a number with its digits as they stand, everything else
// as it is. The result may share raw.
func Text(raw string) string {
	if raw != "" && raw[0] == '"' {
		return unquote(raw)
	}
	return raw
}

// Quote is text as a JSON string.
func Quote(text string) string { return View(gjson.AppendJSONString(nil, text)) }

// View shows bytes as a string, without a copy: a body may be a hundred megabytes. The bytes must stay as they are as long as
// the string is used.
func View(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
