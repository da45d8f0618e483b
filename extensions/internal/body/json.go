package body

import (
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// Path leads from a JSON document to a value: names of members and positions in lists.
type Path []string

// ParsePath reads gjson's plain form: segments joined by dots, a backslash before a dot that belongs to a name.
func ParsePath(text string) Path {
	var path Path
	var segment strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
			segment.WriteByte(text[i])
		case text[i] == '.':
			path = append(path, segment.String())
			segment.Reset()
		default:
			segment.WriteByte(text[i])
		}
	}
	return append(path, segment.String())
}

// String is the path in gjson's form.
func (p Path) String() string {
	segments := make([]string, len(p))
	for i, segment := range p {
		segments[i] = gjson.Escape(segment)
	}
	return strings.Join(segments, ".")
}

// Last returns the value at path. Where a member is repeated the last one counts, as it does for most readers of JSON; so
// a client cannot show a gateway one value and the backend another. json must be valid. The result shares json.
func Last(json string, path Path) gjson.Result {
	var found gjson.Result
	walk(gjson.Parse(json), path, func(value gjson.Result) { found = value })
	return found
}

// Replace returns json with every value at path, repeated ones included, replaced by raw. It returns json itself if there
// is none. json must be valid, raw is JSON. All other bytes stay.
func Replace(json string, path Path, raw string) string {
	return replace(json, path, raw, false)
}

// ReplaceFolded is Replace for all values that VisitFolded shows.
func ReplaceFolded(json string, path Path, raw string) string { return replace(json, path, raw, true) }

func replace(json string, path Path, raw string, folded bool) string {
	var places []gjson.Result
	each(gjson.Parse(json), path, folded, true, func(value gjson.Result, _ bool) { places = append(places, value) })
	if len(places) == 0 {
		return json
	}
	var out strings.Builder
	out.Grow(len(json) + len(places)*len(raw))
	end := 0
	for _, place := range places {
		start := offset(json, place.Raw)
		out.WriteString(json[end:start])
		out.WriteString(raw)
		end = start + len(place.Raw)
	}
	out.WriteString(json[end:])
	return out.String()
}

// Set is Replace, but adds the value, and the objects that lead to it, where there is none.
func Set(json string, path Path, raw string) (string, error) {
	if Last(json, path).Exists() {
		return Replace(json, path, raw), nil
	}
	return sjson.SetRaw(json, path.String(), raw)
}

// walk visits the value that counts: at each level the last member of the name.
func walk(value gjson.Result, path Path, visit func(gjson.Result)) {
	for _, segment := range path {
		var next gjson.Result
		children(value, segment, func(child gjson.Result) { next = child })
		if !next.Exists() {
			return
		}
		value = next
	}
	visit(value)
}

// each visits all values at path, in the order of the text; folded, those too at whose names' case it differs. exact tells
// whether the names so far do not.
func each(value gjson.Result, path Path, folded, exact bool, visit func(value gjson.Result, exact bool)) {
	if len(path) == 0 {
		visit(value, exact)
		return
	}
	if !value.IsObject() {
		children(value, path[0], func(child gjson.Result) { each(child, path[1:], folded, exact, visit) })
		return
	}
	value.ForEach(func(name, child gjson.Result) bool {
		text := name.String()
		if same := text == path[0]; same || folded && strings.EqualFold(text, path[0]) {
			each(child, path[1:], folded, exact && same, visit)
		}
		return true
	})
}

func children(value gjson.Result, segment string, visit func(gjson.Result)) {
	switch {
	case value.IsObject():
		value.ForEach(func(name, child gjson.Result) bool {
			if name.String() == segment {
				visit(child)
			}
			return true
		})
	case value.IsArray():
		index := 0
		value.ForEach(func(_, child gjson.Result) bool {
			if decimal(index) == segment {
				visit(child)
			}
			index++
			return true
		})
	}
}

func decimal(n int) string {
	if n < 10 {
		return "0123456789"[n : n+1]
	}
	return decimal(n/10) + decimal(n%10)
}

// offset is where part, a slice of whole, begins. gjson has no offset for members found one by one.
func offset(whole, part string) int {
	return int(uintptr(unsafe.Pointer(unsafe.StringData(part))) - uintptr(unsafe.Pointer(unsafe.StringData(whole))))
}
