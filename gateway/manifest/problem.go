package manifest

import (
	"fmt"
	"strings"
)

// Problem is something wrong in a manifest, with where it is.
type Problem struct {
	File     string // path as given or found
	Line     int    // 1-based; 0 when not known
	Resource string // "WasmPlugin higress-system/key-auth", empty when the document could not be read so far
	Field    string // path such as "spec.matchRules[1].domain", empty when it is about the whole
	Message  string
	Warning  bool // the resource, or a part of it, is ignored; the rest is in force
}

// Error renders "file:line: resource: field: message", without the parts that are not known.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	for _, part := range []string{p.Resource, p.Field} {
		if part != "" {
			b.WriteString(": " + part)
		}
	}
	b.WriteString(": " + p.Message)
	return strings.TrimPrefix(b.String(), ": ")
}

// Problems is an error made of many. Warnings do not make a load fail.
type Problems []Problem

// Error joins the problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Fatal returns the problems that are not warnings.
func (ps Problems) Fatal() Problems { return ps.filter(false) }

// Warnings returns the problems that leave the rest in force.
func (ps Problems) Warnings() Problems { return ps.filter(true) }

func (ps Problems) filter(warning bool) Problems {
	var out Problems
	for _, p := range ps {
		if p.Warning == warning {
			out = append(out, p)
		}
	}
	return out
}
