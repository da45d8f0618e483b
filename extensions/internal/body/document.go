package body

import (
	"errors"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Document is a JSON text under edit. Edits replace as few bytes as possible, in one buffer: one with room for twice the
// received text serves almost all of them, so a body, its document and the layout take three times the body's size. Not
// safe for concurrent use.
type Document struct{ text []byte }

// NewDocument copies json, which must be valid, and reserves room for edits and for Layout.
func NewDocument(json []byte) *Document {
	d := &Document{make([]byte, len(json), 2*len(json)+spare)}
	copy(d.text, json)
	return d
}

const spare = 1024

// Bytes are the text as it is now. They change with the next edit.
func (d *Document) Bytes() []byte { return d.text }

// Get returns the value that a query finds. It may share the document, and then lasts until the next edit.
func (d *Document) Get(q *Query) (raw string, ok bool) { return q.In(View(d.text)) }

// Set writes raw, which is JSON, to the place, and adds what is missing on the way there. Where members on the way are
// repeated only the last one stays, so that all readers of the text agree. A complex place adds nothing: every value
// there is replaced. raw must not share the document.
func (d *Document) Set(place *Place, raw string) error {
	switch {
	case place.text == "":
		return errEmptyPath
	case place.parts == nil:
		return d.setFound(place.text, raw)
	case place.complex:
		d.rewrite(func(json string, replace func(start, end int)) {
			eachPlace(json, skipBlanks(json, 0), place.parts, replace)
		}, raw)
		return nil
	}
	d.unify(place.parts, false)
	json := View(d.text)
	at := skipBlanks(json, 0)
	for i := range place.parts {
		c, ok := find(json, at, place.parts[i].name, false)
		if !ok {
			return d.add(at, place.parts[i:], raw)
		}
		at = c.value
	}
	d.splice(at, endOfValue(json, at), raw)
	return nil
}

// Delete removes what is at the place; nothing there is no error, but a complex place is.
func (d *Document) Delete(place *Place) error {
	switch {
	case place.text == "":
		return errEmptyPath
	case place.complex:
		return errors.New("cannot delete value from a complex path")
	}
	d.unify(place.parts, true)
	json := View(d.text)
	at := skipBlanks(json, 0)
	last := len(place.parts) - 1
	for i := range last {
		c, ok := find(json, at, place.parts[i].name, !place.parts[i].force)
		if !ok {
			return nil
		}
		at = c.value
	}
	if c, ok := find(json, at, place.parts[last].name, !place.parts[last].force); ok {
		d.remove(at, func(other child) bool { return other.start == c.start })
	}
	return nil
}

var errEmptyPath = errors.New("path cannot be empty")

// unify removes repeated members on the way along parts, but for the last of each name.
func (d *Document) unify(parts []part, fromEnd bool) {
	at := skipBlanks(View(d.text), 0)
	for i := range parts {
		c, ok := find(View(d.text), at, parts[i].name, fromEnd && !parts[i].force)
		if !ok {
			return
		}
		if c.named && d.remove(at, func(other child) bool { return other.start != c.start && other.is(parts[i].name) }) {
			c, _ = find(View(d.text), at, parts[i].name, false)
		}
		at = c.value
	}
}

// remove takes children out of the object or list at a position, with the commas that divided them.
func (d *Document) remove(at int, unwanted func(child) bool) bool {
	return d.rewrite(func(json string, replace func(start, end int)) {
		pending, end := -1, -1 // where unwanted children begin that no wanted one precedes; the end of the child before
		wanted := false
		eachChild(json, at, func(c child) bool {
			if pending >= 0 {
				replace(pending, c.start)
				pending = -1
			}
			switch {
			case !unwanted(c):
				wanted = true
			case wanted:
				replace(end, c.end)
			default:
				pending = c.start
			}
			end = c.end
			return true
		})
		if pending >= 0 {
			replace(pending, end)
		}
	}, "")
}

// add puts what parts describe into the value at a position, which has no child of that name.
func (d *Document) add(at int, parts []part, raw string) error {
	json := View(d.text)
	first := &parts[0]
	inner, outer := build(parts[1:])
	switch json[at] {
	case '{':
		d.insert(at, Quote(first.name)+":"+inner, raw, outer)
		return nil
	case '[':
		n, numeric := first.position()
		if !numeric && !first.appends() {
			return errors.New("cannot set array element for non-numeric key '" + first.name + "'")
		}
		length := 0
		eachChild(json, at, func(child) bool { length++; return true })
		d.insert(at, strings.Repeat("null,", max(0, n-length))+inner, raw, outer)
		return nil
	}
	if first.appends() {
		inner, outer = "{"+Quote(first.name)+":"+inner, outer+"}"
	} else {
		inner, outer = build(parts)
	}
	d.splice(at, endOfValue(json, at), inner, raw, outer)
	return nil
}

// insert puts raw, and what stands around it, behind the last child of the object or list at a position.
func (d *Document) insert(at int, before, raw, after string) {
	json := View(d.text)
	end := endOfValue(json, at) - 1
	for json[end-1] <= ' ' {
		end--
	}
	if end-1 > at {
		before = "," + before
	}
	d.splice(end, end, before, raw, after)
}

// build is what stands around a value so that parts lead to it.
func build(parts []part) (before, after string) {
	for i := len(parts) - 1; i >= 0; i-- {
		if n, numeric := parts[i].position(); numeric {
			before, after = "["+strings.Repeat("null,", n)+before, after+"]"
		} else if parts[i].appends() {
			before, after = "["+before, after+"]"
		} else {
			before, after = "{"+Quote(parts[i].name)+":"+before, after+"}"
		}
	}
	return before, after
}

// eachPlace calls replace for every value at parts, in the order of the text; "#" are all elements of a list.
func eachPlace(json string, at int, parts []part, replace func(start, end int)) {
	index, numeric := parts[0].position()
	eachChild(json, at, func(c child) bool {
		all := parts[0].name == element && !c.named
		if !all && !c.is(parts[0].name) && !(!c.named && numeric && c.index == index) {
			return true
		}
		if len(parts) == 1 {
			replace(c.value, c.end)
		} else {
			eachPlace(json, c.value, parts[1:], replace)
		}
		return true
	})
}

// setFound replaces what gjson finds for a path with queries or wildcards.
func (d *Document) setFound(path, raw string) error {
	found := gjson.Get(View(d.text), path)
	switch {
	case len(found.Indexes) > 0:
		slices.Sort(found.Indexes)
		d.rewrite(func(json string, replace func(start, end int)) {
			read := 0
			for _, at := range found.Indexes {
				if at < read {
					continue // within a value that is replaced
				}
				read = endOfValue(json, at)
				replace(at, read)
			}
		}, raw)
	case found.Index > 0:
		d.splice(found.Index, found.Index+len(found.Raw), raw)
	}
	return nil
}
