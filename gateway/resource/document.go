// Package resource reads Kubernetes resources of any kind from YAML streams and knows the line of each of their fields.
package resource

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// Document is one resource of a stream.
type Document struct {
	File string
	Line int // of the resource's first line in the file, 1-based
	// Object is the resource as the API server reads it: YAML 1.1 words such as "yes" are booleans, whole numbers int64.
	Object map[string]any

	first int          // line of the YAML document that node is in
	node  *yamlv3.Node // the resource's mapping
}

var separator = regexp.MustCompile(`^---(\s.*)?$`)

// Parse cuts a stream into resources. Documents of blanks and comments are left out, and a List stands for its items.
// What cannot be read is a problem; the rest of the stream is read nevertheless.
func Parse(file string, data []byte) ([]*Document, manifest.Problems) {
	var docs []*Document
	var problems manifest.Problems
	var chunk []string
	start := 1
	flush := func(next int) {
		found, problem := parseOne(file, start, strings.Join(chunk, "\n"))
		if problem != nil {
			problems = append(problems, *problem)
		}
		docs = append(docs, found...)
		chunk, start = nil, next
	}
	for i, line := range strings.Split(string(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if separator.MatchString(line) {
			flush(i + 2)
			continue
		}
		chunk = append(chunk, line)
	}
	flush(0)
	return docs, problems
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

func parseOne(file string, start int, text string) ([]*Document, *manifest.Problem) {
	fail := func(line int, format string, args ...any) ([]*Document, *manifest.Problem) {
		return nil, &manifest.Problem{File: file, Line: line, Message: fmt.Sprintf(format, args...)}
	}
	var root yamlv3.Node
	asJSON, err := yaml.YAMLToJSONStrict([]byte(text))
	if err == nil {
		err = yamlv3.Unmarshal([]byte(text), &root)
	}
	if err != nil {
		line, message := start, err.Error()
		if m := yamlLine.FindStringSubmatchIndex(message); m != nil {
			n, _ := strconv.Atoi(message[m[2]:m[3]])
			line, message = start+n-1, message[m[1]:]
		}
		return fail(line, "%s", message)
	}
	if len(root.Content) == 0 {
		return nil, nil
	}
	node := resolve(root.Content[0])
	if node.Kind == yamlv3.ScalarNode && node.Tag == "!!null" {
		return nil, nil
	}
	if node.Kind != yamlv3.MappingNode {
		return fail(start+node.Line-1, "must be a resource, an object with apiVersion and kind")
	}
	var object map[string]any
	if err := json.Unmarshal(asJSON, &object); err != nil {
		return fail(start+node.Line-1, "%v", err)
	}
	return expand(&Document{File: file, Line: start + node.Line - 1, Object: object, first: start, node: node}), nil
}

// expand returns the items of a List, and any other resource as it is.
func expand(d *Document) []*Document {
	items, ok := d.Object["items"].([]any)
	if !ok || !strings.HasSuffix(d.Kind(), "List") {
		return []*Document{d}
	}
	var out []*Document
	list, _ := child(d.node, "items")
	for i, item := range items {
		object, ok := item.(map[string]any)
		node, line := child(list, strconv.Itoa(i))
		if !ok || node == nil {
			return []*Document{d} // whoever checks the List says what is wrong with it
		}
		out = append(out, &Document{File: d.File, Line: d.first + line - 1, Object: object, first: d.first, node: node})
	}
	return out
}

// Kind is the resource's kind, "" if it has none.
func (d *Document) Kind() string { return text(d.Object["kind"]) }

// APIVersion is the resource's group and version, "" if it has none.
func (d *Document) APIVersion() string { return text(d.Object["apiVersion"]) }

// Name is metadata.name, "" if there is none.
func (d *Document) Name() string { return d.meta("name") }

// Namespace is metadata.namespace, "" if there is none.
func (d *Document) Namespace() string { return d.meta("namespace") }

func (d *Document) meta(field string) string {
	metadata, _ := d.Object["metadata"].(map[string]any)
	return text(metadata[field])
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// String names the resource as problems do, such as "WasmPlugin higress-system/key-auth".
func (d *Document) String() string {
	if d.Name() == "" {
		return d.Kind()
	}
	if d.Namespace() == "" {
		return d.Kind() + " " + d.Name()
	}
	return d.Kind() + " " + d.Namespace() + "/" + d.Name()
}

// Spec is the resource's spec, nil if there is none or it is no object.
func (d *Document) Spec() map[string]any {
	spec, _ := d.Object["spec"].(map[string]any)
	return spec
}

// Problem says something about a field, given by its path such as spec.matchRules[0].config.
func (d *Document) Problem(field, format string, args ...any) manifest.Problem {
	return manifest.Problem{File: d.File, Line: d.LineOf(field), Resource: d.String(), Field: field, Message: fmt.Sprintf(format, args...)}
}
