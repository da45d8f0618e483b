package main

import (
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// What an item may bring to one header or parameter. A client decides on the length of what is taken from its request; what
// it makes too long changes nothing about other items.
const (
	maxValues     = 1000
	maxValueBytes = 1 << 20 // of all values together
)

// apply applies an item to the headers or the query. If what it brings cannot be there, the name is left without a value
// by replace and map, whose point is that the former value goes, and as it was by the others. Pseudo headers, which must
// have a value, stay as they were.
func (e *exchange) apply(f fields, i *item) {
	name := i.target()
	source, hadSource := f[i.key]
	target, hadTarget := f[name]
	brought := f.edit(e, i)
	problem := e.problem(f, i, source, target, brought)
	switch {
	case problem == "":
	case !i.editsPseudo() && (i.op == opReplace || i.op == opMap):
		e.warn(i.label + ": " + problem + ", so it is removed")
		delete(f, name)
	default:
		e.warn(i.label + ": " + problem + ", so nothing is done")
		f.restore(i.key, source, hadSource)
		f.restore(name, target, hadTarget)
	}
}

// problem says why f cannot stay as an item left it; "" if it can. source and target are the values that its names had.
func (e *exchange) problem(f fields, i *item, source, target, brought []string) string {
	name := i.target()
	if tooLong(brought) && !i.value.isOwn(i.op) {
		return name + " would become too long"
	}
	if i.section != inHeaders {
		return ""
	}
	if e.loses(f, i.key, source) || e.loses(f, name, target) {
		return "the " + e.direction.name + " cannot have what " + name + " would become"
	}
	for _, value := range brought {
		if !httpheader.IsValue(value) {
			return "the value of " + name + " would have a line break or another control character"
		}
	}
	return ""
}

// loses tells whether a pseudo header is no longer one with which the message could be sent.
func (e *exchange) loses(f fields, name string, before []string) bool {
	return isPseudo(name) && !slices.Equal(f[name], before) && !e.pseudo.Allows(name, f[name])
}

func isPseudo(name string) bool { return strings.HasPrefix(name, ":") }

// editsPseudo tells whether the item changes a pseudo header.
func (i *item) editsPseudo() bool {
	return i.section == inHeaders && (isPseudo(i.target()) || i.op == opRename && isPseudo(i.key))
}

// isOwn tells whether the value is the configuration's alone, and so as long as its author wants.
func (v *value) isOwn(op string) bool { return op != opMap && v.constant() }

func tooLong(values []string) bool {
	size := 0
	for _, value := range values {
		size += len(value)
	}
	return len(values) > maxValues || size > maxValueBytes
}

func (f fields) restore(name string, values []string, had bool) {
	if had {
		f[name] = values
	} else {
		delete(f, name)
	}
}

// editHeaders applies the header items.
func (e *exchange) editHeaders() {
	for _, i := range e.headerItems {
		e.apply(e.headers, i)
	}
}

// writeHeaders gives the host all headers, sorted by name. It takes no more than 1024 at once, and no more than 1 MiB; if
// there are more, it gets those that have changed.
func (e *exchange) writeHeaders(replaceAll func([][2]string) error, one httpheader.Writer) {
	names := make([]string, 0, len(e.headers))
	count, size := 0, 4
	for name, values := range e.headers {
		names = append(names, name)
		count += len(values)
		for _, value := range values {
			size += len(name) + len(value) + 10
		}
	}
	slices.Sort(names)
	const maxPairs, maxSize = 1024, 1 << 20
	if count > maxPairs || size > maxSize {
		e.writeChanged(names, one)
		return
	}
	pairs := make([][2]string, 0, count)
	for _, name := range names {
		for _, value := range e.headers[name] {
			pairs = append(pairs, [2]string{name, value})
		}
	}
	if err := replaceAll(pairs); err != nil {
		log.Warn("failed to replace " + e.direction.name + " headers: " + err.Error())
	}
}

// writeChanged gives the host the headers that are not as they were received; names are those that the message has now.
func (e *exchange) writeChanged(names []string, one httpheader.Writer) {
	before := collect(e.pseudo.Received)
	for name := range before {
		if _, stays := e.headers[name]; !stays {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if slices.Equal(e.headers[name], before[name]) {
			continue
		}
		if err := one.Set(name, e.headers[name]); err != nil {
			log.Warn("failed to write the " + e.direction.name + " header " + name + ": " + err.Error())
		}
	}
}
