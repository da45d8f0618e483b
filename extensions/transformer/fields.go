package main

import (
	"slices"
	"strings"
)

// fields are names and their values: headers, query parameters, or what is edited of a form.
type fields map[string][]string

// edit applies an item. brought are the values that it took from elsewhere: from the configuration, or from what map names.
func (f fields) edit(e *exchange, i *item) (brought []string) {
	switch i.op {
	case opRemove:
		delete(f, i.key)
	case opRename:
		if values, ok := f[i.key]; ok && i.key != i.to {
			f[i.to] = slices.Concat(f[i.to], values)
			delete(f, i.key)
		}
	case opReplace:
		brought = []string{i.value.render(e, true)}
		f[i.key] = brought
	case opAdd:
		if _, ok := f[i.key]; !ok {
			brought = []string{i.value.render(e, true)}
			f[i.key] = brought
		}
	case opAppend:
		brought = []string{i.value.render(e, true)}
		f[i.key] = slices.Concat(f[i.key], brought)
	case opMap:
		if values, ok := e.lookUp(i, f); ok {
			brought = values
			f[i.to] = slices.Clone(values)
		}
	case opDedupe:
		if values := f[i.key]; len(values) > 0 {
			f[i.key] = dedupe(values, i.dedupe)
		}
	}
	return brought
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
