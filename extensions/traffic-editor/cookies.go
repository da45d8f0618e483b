package main

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/cookie"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

func anyCookie(line, name string, test func(value string) bool) bool {
	for piece := range strings.SplitSeq(line, ";") {
		if key, value, _ := cookie.Cut(piece); key == name && test(value) {
			return true
		}
	}
	return false
}

// setCookie puts the cookies where the first of that name stands, or at the end. Other cookies keep their bytes.
func (m *message) setCookie(name string, values []string) {
	pairs := make([]string, len(values))
	for i, value := range values {
		pairs[i] = name + "=" + value
	}
	var lines []string
	for _, line := range httpheader.Values(m.headers, "cookie") {
		without, found := cutCookie(line, name, pairs)
		if found {
			pairs = nil
		}
		if without != "" || !found {
			lines = append(lines, without)
		}
	}
	switch {
	case len(pairs) == 0:
	case len(lines) == 0 || strings.Trim(lines[len(lines)-1], " \t;") == "":
		lines = append(lines, strings.Join(pairs, "; "))
	default:
		last := &lines[len(lines)-1]
		*last = strings.TrimRight(*last, " \t;") + "; " + strings.Join(pairs, "; ")
	}
	m.setHeader("cookie", lines)
}

// cutCookie replaces the first cookie of that name, and removes the others. found tells whether there was one.
func cutCookie(line, name string, pairs []string) (out string, found bool) {
	if !anyCookie(line, name, func(string) bool { return true }) {
		return line, false
	}
	var kept []string
	for piece := range strings.SplitSeq(line, ";") {
		if key, _, _ := cookie.Cut(piece); key != name {
			kept = append(kept, piece)
			continue
		}
		for _, pair := range pairs {
			kept = append(kept, " "+pair)
		}
		pairs = nil
	}
	return strings.TrimLeft(strings.Join(kept, ";"), " \t"), true
}
