package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
)

// Markers of the part of a README that is generated from plugin.yaml.
const (
	tableBegin = "<!-- configuration: generated from plugin.yaml by wasmplane docs -->"
	tableEnd   = "<!-- /configuration -->"
)

// ErrNoMarkers says that a README has no place for the generated configuration.
var ErrNoMarkers = errors.New("README.md has no configuration markers")

// Readme returns the plugin's README as it is, and as it is with the configuration generated anew.
func (p *Plugin) Readme() (current, generated []byte, err error) {
	current, err = os.ReadFile(filepath.Join(p.Dir, "README.md"))
	if err != nil {
		return nil, nil, err
	}
	before, rest, ok := bytes.Cut(current, []byte(tableBegin))
	_, after, closed := bytes.Cut(rest, []byte(tableEnd))
	if !ok || !closed {
		return nil, nil, ErrNoMarkers
	}
	tables, err := p.configurationTables()
	if err != nil {
		return nil, nil, err
	}
	return current, []byte(string(before) + tableBegin + "\n" + tables + tableEnd + string(after)), nil
}

// configurationTables renders the schemas as Markdown, in the order of the file.
func (p *Plugin) configurationTables() (string, error) {
	data, err := os.ReadFile(filepath.Join(p.Dir, "plugin.yaml"))
	if err != nil {
		return "", err
	}
	var root yamlv3.Node
	if err := yamlv3.Unmarshal(data, &root); err != nil {
		return "", err
	}
	config, rule := member(root.Content[0], "config"), member(root.Content[0], "ruleConfig")
	var out strings.Builder
	if member(config, "properties") == nil && rule == nil {
		return "None.\n", nil
	}
	if rule == nil {
		out.WriteString("Global, or of a rule; a rule inherits nothing.\n\n")
		table(&out, config)
		return out.String(), nil
	}
	out.WriteString("Global:\n\n")
	table(&out, config)
	out.WriteString("\nOf a rule:\n\n")
	table(&out, rule)
	return out.String(), nil
}

func table(out *strings.Builder, schema *yamlv3.Node) {
	out.WriteString("| Name | Type | Required | Default | Description |\n| --- | --- | --- | --- | --- |\n")
	rows(out, schema, schema, "")
}

// rows writes a line for each property of an object, those of objects below it included.
func rows(out *strings.Builder, root, object *yamlv3.Node, prefix string) {
	object = resolve(root, object)
	required := words(member(object, "required"))
	properties := member(object, "properties")
	if properties == nil {
		return
	}
	for i := 0; i+1 < len(properties.Content); i += 2 {
		name, property := properties.Content[i].Value, alias(properties.Content[i+1])
		target := resolve(root, property)
		yes := "no"
		if slices.Contains(required, name) {
			yes = "yes"
		}
		fmt.Fprintf(out, "| `%s%s` | %s | %s | %s | %s |\n", prefix, name, typeName(root, target), yes,
			code(text(first(member(property, "default"), member(target, "default")))),
			strings.ReplaceAll(strings.Join(strings.Fields(text(first(member(property, "description"), member(target, "description")))), " "), "|", `\|`))
		if items := member(target, "items"); items != nil {
			rows(out, root, items, prefix+name+"[].")
		}
		rows(out, root, target, prefix+name+".")
	}
}

func typeName(root, schema *yamlv3.Node) string {
	kinds := words(member(schema, "type"))
	enum := words(member(schema, "enum"))
	switch {
	case slices.Contains(enum, "true") && slices.Contains(enum, "false"):
		return "bool"
	case len(enum) > 0:
		return "one of `" + strings.Join(enum, "`, `") + "`"
	case slices.Contains(kinds, "array"):
		item := "value"
		if items := resolve(root, member(schema, "items")); items != nil {
			item = typeName(root, items)
		}
		return "list of " + item
	case len(kinds) > 0:
		return kinds[0]
	default:
		return "any"
	}
}

// resolve follows a $ref into $defs of the root.
func resolve(root, schema *yamlv3.Node) *yamlv3.Node {
	schema = alias(schema)
	ref := member(schema, "$ref")
	if ref == nil {
		return schema
	}
	name, ok := strings.CutPrefix(ref.Value, "#/$defs/")
	if !ok {
		return schema
	}
	return alias(member(member(root, "$defs"), name))
}

func member(node *yamlv3.Node, name string) *yamlv3.Node {
	node = alias(node)
	if node == nil || node.Kind != yamlv3.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return alias(node.Content[i+1])
		}
	}
	return nil
}

func alias(node *yamlv3.Node) *yamlv3.Node {
	if node != nil && node.Kind == yamlv3.AliasNode {
		return node.Alias
	}
	return node
}

// words returns the values of a list, or a scalar as a list of one.
func words(node *yamlv3.Node) []string {
	if node == nil {
		return nil
	}
	if node.Kind == yamlv3.ScalarNode {
		return []string{node.Value}
	}
	var out []string
	for _, item := range node.Content {
		out = append(out, item.Value)
	}
	return out
}

func first(nodes ...*yamlv3.Node) *yamlv3.Node {
	for _, node := range nodes {
		if node != nil {
			return node
		}
	}
	return nil
}

func text(node *yamlv3.Node) string {
	if node == nil {
		return ""
	}
	return node.Value
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
