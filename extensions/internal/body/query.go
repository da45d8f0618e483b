package body

import (
	"strings"

	"github.com/tidwall/gjson"
)

// Query is a path for reading in gjson's syntax. Where names lead straight to a value the last member of a name counts,
// as it does for most readers of JSON. "#" between names collects from all elements in the same way. From the first
// wildcard, query, modifier or pipe on gjson decides. A Query may be shared.
type Query struct {
	parts []string
	rest  string // what gjson reads, at the place that parts lead to; "" if nothing is left
}

// ParseQuery reads a path. Every text is one.
func ParseQuery(path string) Query {
	var q Query
	if path == "" || strings.HasPrefix(path, "..") {
		return Query{rest: path}
	}
	for more := true; more; {
		var part, rest string
		var plain bool
		part, rest, more, plain = cutPart(path)
		if !plain && (part != "#" || !more) {
			q.rest = path
			return q
		}
		q.parts = append(q.parts, part)
		path = rest
		if !plain { // an element of each
			q.parts[len(q.parts)-1] = element
		}
	}
	return q
}

// element stands for "#" among parts. No name is like it, for names are valid UTF-8.
const element = "\xff#"

// cutPart splits off the first part. plain is false for parts that mean more than a name or a position; such a part is
// returned as it is written, up to the next dot.
func cutPart(path string) (part, rest string, more, plain bool) {
	var name strings.Builder
	plain = true
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '\\' && i+1 < len(path):
			i++
			name.WriteByte(path[i])
		case c == '.':
			if !plain {
				return path[:i], path[i+1:], true, false
			}
			return name.String(), path[i+1:], true, true
		case c == '*', c == '?', c == '|', c == '#',
			i == 0 && (c == '@' || c == '!' || c == '{' || c == '['):
			plain = false
		default:
			name.WriteByte(c)
		}
	}
	if !plain {
		return path, "", false, false
	}
	return name.String(), "", false, true
}

// In returns the value in json, which must be valid, or empty and then has none. raw may share json.
func (q *Query) In(json string) (raw string, ok bool) {
	if json == "" || q.parts == nil && q.rest == "" {
		return "", false
	}
	return q.in(json, q.parts)
}

func (q *Query) in(json string, parts []string) (string, bool) {
	at := skipBlanks(json, 0)
	for i, part := range parts {
		if part == element {
			return q.collect(json, at, parts[i+1:])
		}
		c, ok := find(json, at, part, false)
		if !ok {
			return "", false
		}
		at = c.value
	}
	value := json[at:endOfValue(json, at)]
	if q.rest == "" {
		return value, true
	}
	found := gjson.Get(value, q.rest)
	return found.Raw, found.Exists()
}

func (q *Query) collect(json string, at int, parts []string) (string, bool) {
	if json[at] != '[' {
		return "", false
	}
	var list strings.Builder
	list.WriteByte('[')
	eachChild(json, at, func(c child) bool {
		if raw, ok := q.in(json[c.value:c.end], parts); ok {
			if list.Len() > 1 {
				list.WriteByte(',')
			}
			list.WriteString(raw)
		}
		return true
	})
	list.WriteByte(']')
	return list.String(), true
}

// find returns the child that a part names: the last member of the name, or the element at the position. With fromEnd,
// "-1" is the last element.
func find(json string, at int, part string, fromEnd bool) (found child, ok bool) {
	index, numeric := position(part)
	last := fromEnd && part == "-1"
	eachChild(json, at, func(c child) bool {
		if c.is(part) || !c.named && (last || numeric && c.index == index) {
			found, ok = c, true
		}
		return c.named || last || !ok
	})
	return found, ok
}

// maxPosition bounds how far a write extends a list.
const maxPosition = 1_000_000

func position(part string) (int, bool) {
	n := 0
	for i := 0; i < len(part); i++ {
		if part[i] < '0' || part[i] > '9' {
			return 0, false
		}
		if n = n*10 + int(part[i]-'0'); n > maxPosition {
			return 0, false
		}
	}
	return n, part != ""
}
