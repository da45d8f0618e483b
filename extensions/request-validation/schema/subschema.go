package schema

import "strconv"

// schema reads a keyword whose value is a schema.
func (k *keyword) schema(target **Schema) (err error) {
	*target, err = k.c.schema(k.at, k.path, k.base)
	return err
}

// schemaOrBool is schema for the keywords that take true and false in draft 4, too.
func (k *keyword) schemaOrBool(target **Schema) error {
	if kind := k.kind(); kind == yes || kind == no {
		*target = &Schema{never: kind == no}
		return nil
	}
	return k.schema(target)
}

func (k *keyword) items() error {
	if k.kind() != array {
		return k.schemaOrBool(&k.s.items)
	}
	k.s.hasTuple = true
	return k.elements(&k.s.tuple)
}

// list reads a keyword whose value is a list of schemas that is not empty.
func (k *keyword) list(target *[]*Schema) error {
	if k.kind() != array {
		return k.fault("must be a list of schemas")
	}
	if k.c.d.nodes[k.at].count == 0 {
		return k.fault("must not be empty")
	}
	return k.elements(target)
}

func (k *keyword) elements(target *[]*Schema) error {
	for item := k.at + 1; item < k.c.d.nodes[k.at].next; item = k.c.d.nodes[item].next {
		s, err := k.c.schema(item, k.path+"/"+strconv.Itoa(len(*target)), k.base)
		if err != nil {
			return err
		}
		*target = append(*target, s)
	}
	return nil
}

// each reads a keyword whose value is an object of schemas.
func (k *keyword) each(add func(name string, s *Schema)) error {
	return k.members(func(name, path string, at uint32) error {
		s, err := k.c.schema(at, path, k.base)
		if err == nil {
			add(name, s)
		}
		return err
	})
}

func (k *keyword) members(read func(name, path string, at uint32) error) error {
	if k.kind() != object {
		return k.fault("must be an object")
	}
	for key := k.at + 1; key < k.c.d.nodes[k.at].next; key = k.c.d.nodes[key+1].next {
		name := k.c.d.text(key)
		if err := read(name, k.path+"/"+pointerToken(name), key+1); err != nil {
			return err
		}
	}
	return nil
}

func (k *keyword) properties() error {
	k.s.properties = map[string]*Schema{}
	return k.each(func(name string, s *Schema) { k.s.properties[name] = s })
}

func (k *keyword) patternProperties() error {
	return k.members(func(name, path string, at uint32) error {
		pattern, err := compileRegexp(name, path)
		if err != nil {
			return err
		}
		s, err := k.c.schema(at, path, k.base)
		k.s.patterns = append(k.s.patterns, patternSchema{pattern, s})
		return err
	})
}

func (k *keyword) required() error {
	names, err := k.c.names(k.at, k.path)
	k.s.required, k.s.requires = names, map[string]bool{}
	for _, name := range names {
		k.s.requires[name] = true
	}
	if err == nil && len(k.s.requires) < len(names) {
		return k.fault("must not name a member twice")
	}
	return err
}

func (k *keyword) dependencies() error {
	k.s.dependencies = map[string]dependency{}
	return k.members(func(name, path string, at uint32) (err error) {
		var d dependency
		if k.c.d.nodes[at].kind == array {
			d.names, err = k.c.names(at, path)
		} else {
			d.schema, err = k.c.schema(at, path, k.base)
		}
		k.s.dependencies[name] = d
		return err
	})
}

// names reads a list of strings.
func (c *compiler) names(at uint32, path string) ([]string, error) {
	const problem = "must be a list of strings"
	if c.d.nodes[at].kind != array {
		return nil, fault(path, problem)
	}
	var names []string
	for item := at + 1; item < c.d.nodes[at].next; item = c.d.nodes[item].next {
		if c.d.nodes[item].kind != text {
			return nil, fault(path, problem)
		}
		names = append(names, c.d.text(item))
	}
	return names, nil
}
