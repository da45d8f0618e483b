package schema

import (
	"errors"
	"strings"
)

// drafts are the values of $schema.
var drafts = map[string]Draft{
	"json-schema.org/schema":          Draft7,
	"json-schema.org/draft-04/schema": Draft4,
	"json-schema.org/draft-06/schema": Draft6,
	"json-schema.org/draft-07/schema": Draft7,
}

// Compile reads a schema, as a draft unless its $schema names another. An error begins with where in the schema it is, as
// a JSON pointer, unless it concerns the whole: "/properties/a/type: must be …". The text must not change as long as the
// schema is in use.
func Compile(source string, draft Draft) (*Schema, error) {
	d, err := Parse(source)
	if err != nil {
		return nil, err
	}
	c := compiler{d: d, draft: draft, schemas: map[uint32]*Schema{}, named: map[string]uint32{}}
	if d.nodes[root].kind == object {
		if err := c.chooseDraft(); err != nil {
			return nil, err
		}
	}
	s, err := c.schema(root, "", "")
	if err != nil {
		return nil, err
	}
	for len(c.refs) > 0 {
		ref := c.refs[0]
		c.refs = c.refs[1:]
		if err := c.resolve(ref); err != nil {
			return nil, err
		}
	}
	return s, c.refuseLoops()
}

// compiler reads one schema. base is always the URI that references are relative to, path a JSON pointer.
type compiler struct {
	d       *Document
	draft   Draft
	schemas map[uint32]*Schema // by their node
	named   map[string]uint32  // nodes by their URI
	refs    []reference        // to be resolved
	paths   []string           // of the schemas in order, for errors
	all     []*Schema
}

func (c *compiler) chooseDraft() error {
	at, ok := c.d.member(root, "$schema")
	if !ok {
		return nil
	}
	if c.d.nodes[at].kind != text {
		return errors.New("/$schema: must be a string")
	}
	name := c.d.text(at)
	bare := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(name, "http://"), "https://"), "#")
	if c.draft, ok = drafts[bare]; !ok {
		return errors.New("/$schema: must be draft 4, 6 or 7 of JSON Schema, not " + brief(name))
	}
	return nil
}

// schema compiles the schema at a node, once.
func (c *compiler) schema(at uint32, path, base string) (*Schema, error) {
	if s, ok := c.schemas[at]; ok {
		return s, nil
	}
	s := &Schema{}
	c.schemas[at] = s
	c.all, c.paths = append(c.all, s), append(c.paths, path)
	switch kind := c.d.nodes[at].kind; {
	case kind == object:
		return s, c.keywords(s, at, path, base)
	case c.draft == Draft4:
		return nil, fault(path, "must be an object")
	case kind == no:
		s.never = true
		return s, nil
	case kind == yes:
		return s, nil
	}
	return nil, fault(path, "must be an object, true or false")
}

// keywords compiles what an object says.
func (c *compiler) keywords(s *Schema, at uint32, path, base string) error {
	if ref, ok := c.d.member(at, "$ref"); ok {
		if c.d.nodes[ref].kind != text {
			return fault(path+"/$ref", "must be a string")
		}
		c.refs = append(c.refs, reference{s, c.d.text(ref), path, base})
		return nil
	}
	base, err := c.identify(at, path, base)
	if err != nil {
		return err
	}
	for key := at + 1; key < c.d.nodes[at].next; key = c.d.nodes[key+1].next {
		name := c.d.text(key)
		k := keyword{c, s, at, key + 1, path + "/" + pointerToken(name), base}
		if err := k.compile(name); err != nil {
			return err
		}
	}
	return nil
}

// refuseLoops refuses a schema that leads back to itself before it looks at anything inside a value.
func (c *compiler) refuseLoops() error {
	const visiting, done = 1, 2
	state := make(map[*Schema]int, len(c.all))
	var visit func(s *Schema) bool
	visit = func(s *Schema) bool {
		if s == nil || state[s] == done {
			return true
		}
		if state[s] == visiting {
			return false
		}
		state[s] = visiting
		for _, next := range s.inPlace() {
			if !visit(next) {
				return false
			}
		}
		state[s] = done
		return true
	}
	for i, s := range c.all {
		if !visit(s) {
			return fault(c.paths[i], "refers to itself")
		}
	}
	return nil
}

// inPlace are the schemas that a value meets together with this one.
func (s *Schema) inPlace() []*Schema {
	list := []*Schema{s.ref, s.not, s.condition, s.then, s.elseThen}
	list = append(list, s.allOf...)
	list = append(list, s.anyOf...)
	list = append(list, s.oneOf...)
	for _, d := range s.dependencies {
		list = append(list, d.schema)
	}
	return list
}

// fault is an error about a place in a schema.
func fault(path, problem string) error {
	if path == "" {
		return errors.New(problem)
	}
	return errors.New(path + ": " + problem)
}

// pointerToken escapes a name for a JSON pointer (RFC 6901, section 3).
func pointerToken(name string) string {
	if strings.IndexByte(name, '~') >= 0 {
		name = strings.ReplaceAll(name, "~", "~0")
	}
	return strings.ReplaceAll(name, "/", "~1")
}
