package resource

import (
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
)

// LineOf returns the line of a field given by its path, such as spec.rules[0].host or metadata.labels[a.b/c]; where the
// field is absent, that of its nearest ancestor.
func (d *Document) LineOf(path string) int {
	node, line := d.node, d.Line
	for _, name := range Segments(path) {
		next, at := child(node, name)
		if next == nil {
			break
		}
		node, line = next, d.first+at-1
	}
	return line
}

// Segments cuts a path into names and indexes. A name in brackets may hold dots, and may stand in quotes.
func Segments(path string) []string {
	var out []string
	for path != "" {
		switch path[0] {
		case '.':
			path = path[1:]
			continue
		case '[':
			end := strings.IndexByte(path, ']')
			if end < 0 {
				end = len(path)
			}
			out = append(out, strings.Trim(path[1:end], `"'`))
			path = strings.TrimPrefix(path[end:], "]")
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		out = append(out, path[:end])
		path = path[end:]
	}
	return out
}

// Join is the inverse of Segments below a parent: indexes and names that are no plain words go into brackets.
func Join(parent string, segments []string) string {
	for _, s := range segments {
		_, err := strconv.Atoi(s)
		switch {
		case err == nil || s == "" || strings.ContainsAny(s, ".[] /"):
			parent += "[" + s + "]"
		case parent == "":
			parent = s
		default:
			parent += "." + s
		}
	}
	return parent
}

// child finds a member of a mapping or an item of a sequence, with the line where it begins.
func child(node *yamlv3.Node, name string) (*yamlv3.Node, int) {
	if node == nil {
		return nil, 0
	}
	switch node.Kind {
	case yamlv3.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == name {
				return resolve(node.Content[i+1]), node.Content[i].Line
			}
		}
		return merged(node, name)
	case yamlv3.SequenceNode:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(node.Content) {
			return resolve(node.Content[i]), node.Content[i].Line
		}
	}
	return nil, 0
}

// merged looks into the mappings that "<<" merges into this one.
func merged(node *yamlv3.Node, name string) (*yamlv3.Node, int) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Tag != "!!merge" {
			continue
		}
		from := resolve(node.Content[i+1])
		if from.Kind != yamlv3.SequenceNode {
			return child(from, name)
		}
		for _, item := range from.Content {
			if found, line := child(resolve(item), name); found != nil {
				return found, line
			}
		}
	}
	return nil, 0
}

func resolve(node *yamlv3.Node) *yamlv3.Node {
	if node.Kind == yamlv3.AliasNode {
		return node.Alias
	}
	return node
}
