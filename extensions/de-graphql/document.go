package main

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
)

// variable is one of the document and where its value comes from.
type variable struct {
	name   string
	kind   kind
	list   bool
	source string     // one of the constants
	key    string     // parameter, segment, or GJSON path in the body
	query  body.Query // of a key in the body
}

// kind is how a value is written.
type kind int

const (
	kindUnknown kind = iota
	kindString
	kindInt
	kindFloat
	kindBoolean
	kindJSON
)

const (
	sourceQuery = "query"
	sourcePath  = "path"
	sourceBody  = "body"
)

// kindNames are the types that the configuration can give.
var kindNames = []string{"string", "int", "float", "boolean", "json", "string[]", "int[]", "float[]", "boolean[]"}

func (v *variable) setKind(name string) {
	name, v.list = strings.CutSuffix(name, "[]")
	v.kind = map[string]kind{"string": kindString, "int": kindInt, "float": kindFloat, "boolean": kindBoolean, "json": kindJSON}[name]
}

// scalars are the types whose variables are filled without being configured.
var scalars = map[string]kind{"String": kindString, "Int": kindInt, "Float": kindFloat, "Boolean": kindBoolean}

// definitions finds `$name: Type` in a document (GraphQL, section 2.10), each name once. Only definitions have a colon
// after the name. Comments and strings are skipped.
func definitions(document string) []variable {
	var found []variable
	seen := map[string]bool{}
	for i := 0; i < len(document); {
		switch document[i] {
		case '#':
			i += lineLength(document[i:])
			continue
		case '"':
			i += stringLength(document[i:])
			continue
		case '$':
			name := document[i+1 : i+1+nameLength(document[i+1:])]
			i += 1 + len(name)
			rest, ok := strings.CutPrefix(strings.TrimLeft(document[i:], blanks), ":")
			if name == "" || !ok || seen[name] {
				continue
			}
			seen[name] = true
			rest = strings.TrimLeft(rest, blanks)
			found = append(found, variable{name: name, kind: scalars[rest[:nameLength(rest)]], source: sourceQuery, key: name})
			continue
		}
		i++
	}
	return found
}

const blanks = " \t\r\n"

func nameLength(s string) int {
	n := 0
	for n < len(s) && (s[n] == '_' || s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z' || n > 0 && s[n] >= '0' && s[n] <= '9') {
		n++
	}
	return n
}

func lineLength(s string) int {
	if n := strings.IndexAny(s, "\r\n"); n >= 0 {
		return n
	}
	return len(s)
}

// stringLength is the length of the string, or block string, that begins s.
func stringLength(s string) int {
	if strings.HasPrefix(s, `"""`) {
		for n := 3; n < len(s); n++ {
			if strings.HasPrefix(s[n:], `\"""`) {
				n += 3
				continue
			}
			if strings.HasPrefix(s[n:], `"""`) {
				return n + 3
			}
		}
		return len(s)
	}
	for n := 1; n < len(s); n++ {
		switch s[n] {
		case '\\':
			n++
		case '"':
			return n + 1
		}
	}
	return len(s)
}
