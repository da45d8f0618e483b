package main

import (
	"slices"
	"strings"
)

// fields are names and their values: headers, query parameters, or what is edited of a form.
type fields map[string][]string

// edit applies an item.
func (f fields) edit(e *exchange, i *item) {
	switch i.op {
	case opRemove:
		delete(f, i.key)
	case opRename:
		if values, ok := f[i.key]; ok && i.key != i.to {
			f[i.to] = slices.Concat(f[i.to], values)
			delete(f, i.key)
		}
	case opReplace:
		f[i.key] = []string{i.value.render(e, true)}
	case opAdd:
		if _, ok := f[i.key]; !ok {
			f[i.key] = []string{i.value.render(e, true)}
		}
	case opAppend:
		f[i.key] = append(slices.Clip(f[i.key]), i.value.render(e, true))
	case opMap:
		if values, ok := e.lookUp(i, f); ok {
			f[i.to] = slices.Clone(values)
		}
	case opDedupe:
		if values := f[i.key]; len(values) > 0 {
			f[i.key] = dedupe(values, i.dedupe)
		}
	}
}

// dedupe applies a strategy to values, of which there is at least one.
func dedupe(values []string, strategy string) []string {
	switch strategy {
	case "RETAIN_LAST":
		return values[len(values)-1:]
	case "RETAIN_UNIQUE":
		var unique []string
		seen := make(map[string]bool, len(values))
		for _, value := range values {
			if !seen[value] {
				seen[value] = true
				unique = append(unique, value)
			}
		}
		return unique
	case "SPLIT_AND_RETAIN_FIRST", "SPLIT_AND_RETAIN_LAST":
		return []string{splitAndRetain(values[0], strategy)}
	}
	return values[:1]
}

// splitAndRetain is the first or last piece of a text between commas, with its blanks.
func splitAndRetain(text, strategy string) string {
	if strategy == "SPLIT_AND_RETAIN_FIRST" {
		piece, _, _ := strings.Cut(text, ",")
		return piece
	}
	return text[strings.LastIndexByte(text, ',')+1:]
}

// editHeaders applies the header items. An edit that no header can hold, or that would leave a pseudo-header without its
// one value, is undone.
func (e *exchange) editHeaders() {
	for _, i := range e.headerItems {
		key, hadKey := e.headers[i.key]
		target, hadTarget := e.headers[i.target()]
		e.headers.edit(e, i)
		if values, ok := e.headers[i.target()]; !ok || sameSlice(values, target) || canBeHeader(i.target(), values, hadTarget) {
			continue
		}
		e.warn(i.label + ": the value cannot stand in " + i.target() + ", so nothing is done")
		e.headers.restore(i.key, key, hadKey)
		e.headers.restore(i.target(), target, hadTarget)
	}
}

func (f fields) restore(name string, values []string, had bool) {
	if had {
		f[name] = values
	} else {
		delete(f, name)
	}
}

func sameSlice(a, b []string) bool {
	return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0]
}

func canBeHeader(name string, values []string, existed bool) bool {
	pseudo := strings.HasPrefix(name, ":")
	if pseudo && (len(values) != 1 || values[0] == "" || !existed) {
		return false
	}
	for _, value := range values {
		for i := 0; i < len(value); i++ {
			if c := value[i]; c == '\r' || c == '\n' || c == 0 || pseudo && (c <= ' ' || c == 0x7f) {
				return false
			}
		}
	}
	return true
}
