package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// document is one YAML document of a file.
type document struct {
	file     string
	line     int // of the document's first line in the file, 1-based
	raw      []byte
	json     []byte
	resource string
	header   struct {
		metav1.TypeMeta `json:",inline"`
		Metadata        metav1.ObjectMeta `json:"metadata"`
	}
	problems *Problems
}

var separator = regexp.MustCompile(`^---(\s.*)?$`)

// split cuts a file into documents. Empty ones (blank lines and comments only) are dropped.
func split(file string, data []byte, problems *Problems) []*document {
	var docs []*document
	var chunk []string
	start := 1
	flush := func(next int) {
		if !blank(chunk) {
			docs = append(docs, &document{file: file, line: start, raw: []byte(strings.Join(chunk, "\n")), problems: problems})
		}
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
	return docs
}

func blank(lines []string) bool {
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

var yamlLine = regexp.MustCompile(`line (\d+)`)

// open turns the YAML into JSON and reads kind and metadata. A false result has been reported.
func (d *document) open() bool {
	var err error
	if d.json, err = yaml.YAMLToJSONStrict(d.raw); err != nil {
		p := Problem{File: d.file, Line: d.line, Message: strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")}
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			n, _ := strconv.Atoi(m[1])
			p.Line = d.line + n - 1
			p.Message = strings.TrimPrefix(yamlLine.ReplaceAllString(p.Message, ""), "yaml: : ")
		}
		*d.problems = append(*d.problems, p)
		return false
	}
	if err := json.Unmarshal(d.json, &d.header); err != nil {
		d.fail(typeErrorField(err), "%s", typeErrorMessage(err))
		return false
	}
	if d.header.Kind == "" {
		d.fail("kind", "must not be empty")
		return false
	}
	if d.header.Metadata.Name == "" && !strings.HasSuffix(d.header.Kind, "List") {
		d.resource = d.header.Kind
		d.fail("metadata.name", "must not be empty")
		return false
	}
	if d.header.Metadata.Namespace == "" {
		d.header.Metadata.Namespace = DefaultNamespace
	}
	d.resource = fmt.Sprintf("%s %s/%s", d.header.Kind, d.header.Metadata.Namespace, d.header.Metadata.Name)
	return true
}

// decode reads the document into a resource type; unknown fields and wrong types are reported with their path.
func (d *document) decode(into any) bool {
	strict, err := k8sjson.UnmarshalStrict(d.json, into)
	if err != nil {
		d.fail(typeErrorField(err), "%s", typeErrorMessage(err))
		return false
	}
	for _, err := range strict {
		var field k8sjson.FieldError
		if errors.As(err, &field) {
			d.fail(field.FieldPath(), "%s", strings.TrimSpace(strings.SplitN(err.Error(), `"`, 2)[0]))
			continue
		}
		d.fail("", "%s", err.Error())
	}
	return len(strict) == 0
}

func typeErrorField(err error) string {
	var typeError *json.UnmarshalTypeError
	if errors.As(err, &typeError) {
		return typeError.Field
	}
	return ""
}

func typeErrorMessage(err error) string {
	var typeError *json.UnmarshalTypeError
	if errors.As(err, &typeError) {
		return fmt.Sprintf("must be %s, not %s", jsonType(typeError.Type.Kind().String()), typeError.Value)
	}
	return err.Error()
}

func jsonType(kind string) string {
	switch {
	case strings.HasPrefix(kind, "int"), strings.HasPrefix(kind, "uint"):
		return "an integer"
	case kind == "slice", kind == "array":
		return "a list"
	case kind == "struct", kind == "map", kind == "ptr":
		return "an object"
	case kind == "bool":
		return "true or false"
	default:
		return "a " + kind
	}
}

// fail reports an error about a field of the document.
func (d *document) fail(field, format string, args ...any) {
	*d.problems = append(*d.problems, Problem{File: d.file, Line: d.lineOf(field), Resource: d.resource, Field: field, Message: fmt.Sprintf(format, args...)})
}

// warn reports something that is ignored.
func (d *document) warn(field, format string, args ...any) {
	d.fail(field, format, args...)
	(*d.problems)[len(*d.problems)-1].Warning = true
}

var segment = regexp.MustCompile(`[^.\[\]]+`)

// lineOf finds the line of a field path such as spec.rules[0].host; where the field is absent, that of its nearest
// ancestor.
func (d *document) lineOf(field string) int {
	var root yamlv3.Node
	if yamlv3.Unmarshal(d.raw, &root) != nil || len(root.Content) == 0 {
		return d.line
	}
	node, line := root.Content[0], root.Content[0].Line
	for _, name := range segment.FindAllString(field, -1) {
		next, at := child(node, name)
		if next == nil {
			break
		}
		node, line = next, at
	}
	return d.line + line - 1
}

func child(node *yamlv3.Node, name string) (*yamlv3.Node, int) {
	switch node.Kind {
	case yamlv3.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == name {
				return node.Content[i+1], node.Content[i].Line
			}
		}
	case yamlv3.SequenceNode:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(node.Content) {
			return node.Content[i], node.Content[i].Line
		}
	}
	return nil, 0
}
