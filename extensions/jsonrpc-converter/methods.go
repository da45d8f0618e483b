package main

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// methods are JSON-RPC methods by name, and by what their names begin with.
type methods struct {
	exact    map[string]bool
	prefixes []string
}

// Methods of MCP whose messages have headers of their own.
const (
	toolsList = "tools/list"
	toolsCall = "tools/call"
)

// parseMethods reads names, of which a final * stands for any rest. An empty list means the default.
func parseMethods(o field.Object) (methods, error) {
	m := methods{exact: map[string]bool{}}
	list := o.Get("allowed_methods")
	if list.Exists() && !list.IsArray() {
		return m, refused("allowed_methods: must be a list of strings, not " + list.Raw)
	}
	for i, item := range list.Array() {
		if item.Type != gjson.String && item.Type != gjson.Null {
			return m, refused(field.Item("allowed_methods", i) + ": must be a string, not " + item.Raw)
		}
		if prefix, ok := strings.CutSuffix(item.Str, "*"); ok {
			m.prefixes = append(m.prefixes, prefix)
			continue
		}
		m.exact[item.Str] = true
	}
	if len(list.Array()) == 0 {
		m.exact[toolsList], m.exact[toolsCall] = true, true
	}
	return m, nil
}

func (m *methods) allow(name string) bool {
	if m.exact[name] {
		return true
	}
	for _, prefix := range m.prefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
