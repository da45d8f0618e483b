package jwt

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// maxDepth is how deep arrays and objects may be nested. Parsers recurse, and the stack of a VM is small.
const maxDepth = 32

// Object is a JSON object in which no name, at any depth, stands twice. The zero Object has no members.
type Object struct {
	members []member
}

type member struct {
	name  string
	value gjson.Result
}

// ParseObject reads a JSON object (RFC 8259). ok is false for anything else, for a name that stands twice in it or in an
// object within (after escapes are undone), for invalid UTF-8, and for nesting deeper than 32.
func ParseObject(text string) (o Object, ok bool) {
	if !shallow(text) || !utf8.ValidString(text) || !gjson.Valid(text) {
		return Object{}, false
	}
	value := gjson.Parse(text)
	if !value.IsObject() {
		return Object{}, false
	}
	o.members, ok = membersOf(value)
	return o, ok
}

// membersOf returns an object's members; ok is false if a name stands twice in it or within.
func membersOf(object gjson.Result) (members []member, ok bool) {
	const few = 16
	ok = true
	var names map[string]struct{} // where there are more than a few
	object.ForEach(func(name, value gjson.Result) bool {
		m := member{name.String(), value}
		if len(members) < few {
			ok = !Object{members}.Has(m.name)
		} else {
			if names == nil {
				names = make(map[string]struct{}, 2*few)
				for i := range members {
					names[members[i].name] = struct{}{}
				}
			}
			_, twice := names[m.name]
			names[m.name] = struct{}{}
			ok = !twice
		}
		ok = ok && unique(value)
		members = append(members, m)
		return ok
	})
	return members, ok
}

// shallow tells whether brackets outside of strings are nested no deeper than maxDepth.
func shallow(text string) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return false
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return true
}

// unique tells whether no object in value has a name twice.
func unique(value gjson.Result) bool {
	if value.IsObject() {
		_, ok := membersOf(value)
		return ok
	}
	ok := true
	if value.IsArray() {
		value.ForEach(func(_, item gjson.Result) bool {
			ok = unique(item)
			return ok
		})
	}
	return ok
}

// Get returns a member by its exact name; a Result that does not exist if there is none.
func (o Object) Get(name string) gjson.Result {
	for i := range o.members {
		if o.members[i].name == name {
			return o.members[i].value
		}
	}
	return gjson.Result{}
}

// Has tells whether there is a member of that name, be it null.
func (o Object) Has(name string) bool { return o.Get(name).Exists() }

// Text returns a member that is a string; ok is false if it is none.
func (o Object) Text(name string) (text string, ok bool) {
	v := o.Get(name)
	return v.String(), v.Type == gjson.String
}

// Seconds returns a member that is a NumericDate (RFC 7519, section 2), in whole seconds since 1970; a part of a second
// is cut off. ok is false for a member that is there and is no number, null included. What is out of range is taken for
// 285 million years from then.
func (o Object) Seconds(name string) (seconds int64, there, ok bool) {
	v := o.Get(name)
	if !v.Exists() {
		return 0, false, true
	}
	if v.Type != gjson.Number {
		return 0, true, false
	}
	const limit = 1 << 53
	number, _ := strconv.ParseFloat(v.Raw, 64) // beyond its range it is infinite
	return int64(math.Max(-limit, math.Min(limit, number))), true, true
}
