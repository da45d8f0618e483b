package httpcache

import (
	"math"
	"strconv"
	"strings"
)

// Directives are those of a Cache-Control header (RFC 9111, section 5.2), names in lower case. A directive without a value
// has the empty one.
type Directives map[string]directive

type directive struct {
	value   string
	differs bool // it is there again with another value
}

// DirectivesOf reads all Cache-Control lines of a message. Of a directive that is there several times the first counts.
func DirectivesOf(h Headers) Directives {
	text, ok := h.Joined("cache-control")
	if !ok {
		return nil
	}
	d := Directives{}
	for text != "" {
		var item string
		item, text = cutItem(text)
		name, value, _ := strings.Cut(item, "=")
		name = strings.ToLower(strings.Trim(name, " \t"))
		if name == "" {
			continue
		}
		value = unquote(strings.Trim(value, " \t"))
		first, again := d[name]
		if !again {
			d[name] = directive{value: value}
		} else if first.value != value {
			d[name] = directive{first.value, true}
		}
	}
	return d
}

// cutItem splits off the first item of a list. Commas within a quoted string divide nothing.
func cutItem(list string) (item, rest string) {
	quoted := false
	for i := 0; i < len(list); i++ {
		switch {
		case list[i] == '"':
			quoted = !quoted
		case quoted && list[i] == '\\':
			i++
		case !quoted && list[i] == ',':
			return list[:i], list[i+1:]
		}
	}
	return list, ""
}

func unquote(value string) string {
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return value
	}
	value = value[1 : len(value)-1]
	if strings.IndexByte(value, '\\') < 0 {
		return value
	}
	var text strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+1 < len(value) {
			i++
		}
		text.WriteByte(value[i])
	}
	return text.String()
}

// Has tells whether the directive is there, with whatever value.
func (d Directives) Has(name string) bool {
	_, ok := d[name]
	return ok
}

// Millis returns a directive's seconds in milliseconds. What is no number, or is there twice with different values, is 0:
// such a response counts as stale (RFC 9111, section 4.2.1). Numbers that are too large are a very long time (section
// 1.2.2).
func (d Directives) Millis(name string) (ms int64, ok bool) {
	found, ok := d[name]
	if !ok {
		return 0, false
	}
	seconds, valid := deltaSeconds(found.value)
	if found.differs || !valid {
		return 0, true
	}
	return seconds * 1000, true
}

// longest is what larger numbers of seconds stand for.
const longest = math.MaxInt32

func deltaSeconds(text string) (seconds int64, ok bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > longest {
		return longest, true
	}
	return n, true
}
