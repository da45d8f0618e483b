package body

import "strings"

// Place is a path for writing, in sjson's syntax: parts joined by dots; a part of digits is a position in a list, or a name
// where there is an object; "-1" is a new last element when writing and the last one when deleting; a colon before a part
// makes it a name; a backslash takes the meaning off the character after it. Paths with "#", "*", "?", "|" or "@" are
// complex: they only lead to what is there. A Place may be shared.
type Place struct {
	text    string
	parts   []part // nil: gjson finds the place
	complex bool
}

type part struct {
	name  string
	force bool // a name even if it looks like a position
}

// ParsePlace reads a path. Every text is one; what cannot be written to is an error of the edit.
func ParsePlace(path string) Place {
	p := Place{text: path}
	rest := path
	for more := rest != ""; more; {
		var one part
		var special bool
		one, rest, more, special = cutPlace(rest)
		if special {
			p.complex = true
			if one.name != "#" || !more {
				p.parts = nil
				return p
			}
			one.name = element
		}
		p.parts = append(p.parts, one)
	}
	return p
}

func cutPlace(path string) (one part, rest string, more, special bool) {
	if strings.HasPrefix(path, ":") {
		one.force = true
		path = path[1:]
	}
	var name strings.Builder
	for i := 0; i < len(path); i++ {
		switch c := path[i]; c {
		case '\\':
			if i++; i < len(path) {
				name.WriteByte(path[i])
			}
		case '.':
			one.name = name.String()
			return one, path[i+1:], true, special
		case '|', '#', '@', '*', '?':
			special = true
			name.WriteByte(c)
		default:
			name.WriteByte(c)
		}
	}
	one.name = name.String()
	return one, "", false, special
}

func (p *part) position() (int, bool) {
	if p.force {
		return 0, false
	}
	return position(p.name)
}

func (p *part) appends() bool { return p.name == "-1" && !p.force }

// Complex tells whether the path only leads to what is there, possibly to several values.
func (p *Place) Complex() bool { return p.complex }
