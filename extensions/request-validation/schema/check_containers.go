package schema

import "strconv"

func (c *checker) array(s *Schema, at uint32) bool {
	n := &c.d.nodes[at]
	if !s.count.allow(n.count) {
		return c.fail("number of items")
	}
	if s.uniqueItems {
		c.steps -= int(n.next-at) + c.pieces(at)
		if c.steps <= 0 || c.d.hasEqualItems(at) {
			return c.fail("uniqueItems")
		}
	}
	if s.contains != nil && !c.contains(s.contains, at) {
		return c.fail("contains")
	}
	if s.items == nil && !s.hasTuple {
		return true
	}
	index := 0
	for item := at + 1; item < n.next; item = c.d.nodes[item].next {
		if one := s.item(index); one != nil && !c.check(one, item) {
			return c.inside(strconv.Itoa(index))
		}
		index++
	}
	return true
}

// item is the schema of an item; nil if it may be anything.
func (s *Schema) item(index int) *Schema {
	switch {
	case !s.hasTuple:
		return s.items
	case index < len(s.tuple):
		return s.tuple[index]
	}
	return s.additionalItems
}

func (c *checker) contains(s *Schema, at uint32) bool {
	for item := at + 1; item < c.d.nodes[at].next; item = c.d.nodes[item].next {
		if c.silently(s, item) {
			return true
		}
	}
	return false
}

func (c *checker) object(s *Schema, at uint32) bool {
	n := &c.d.nodes[at]
	if !s.members.allow(n.count) {
		return c.fail("number of members")
	}
	if !s.concernsMembers() {
		return true
	}
	found := 0
	for key := at + 1; key < n.next; key = c.d.nodes[key+1].next {
		if c.steps -= 1 + c.pieces(key); c.steps <= 0 {
			return false
		}
		name := c.d.text(key)
		if s.requires[name] {
			found++
		}
		if !c.member(s, name, key) || !c.depends(s, name, at) {
			return false
		}
	}
	if found < len(s.required) {
		return c.missing(s.required, at)
	}
	return true
}

// concernsMembers tells whether there is any need to look at the members.
func (s *Schema) concernsMembers() bool {
	return len(s.required) > 0 || len(s.properties) > 0 || len(s.patterns) > 0 || s.additionalProperties != nil ||
		s.propertyNames != nil || len(s.dependencies) > 0
}

// member checks a member's name and value.
func (c *checker) member(s *Schema, name string, key uint32) bool {
	if s.propertyNames != nil && !c.silently(s.propertyNames, key) {
		c.fail("propertyNames")
		return c.inside(name)
	}
	named, known := s.properties[name]
	if known && !c.check(named, key+1) {
		return c.inside(name)
	}
	for _, p := range s.patterns {
		if !c.matches(p.pattern, name) {
			continue
		}
		known = true
		if !c.check(p.schema, key+1) {
			return c.inside(name)
		}
	}
	if known || s.additionalProperties == nil {
		return true
	}
	if s.additionalProperties.never {
		c.fail("additionalProperties")
		return c.inside(name)
	}
	if !c.check(s.additionalProperties, key+1) {
		return c.inside(name)
	}
	return true
}

// depends checks what an object with a certain member needs.
func (c *checker) depends(s *Schema, name string, at uint32) bool {
	d, ok := s.dependencies[name]
	if !ok {
		return true
	}
	if d.schema != nil {
		return c.check(d.schema, at)
	}
	c.steps -= len(d.names) * int(c.d.nodes[at].count)
	if c.steps <= 0 {
		return false
	}
	for _, other := range d.names {
		if _, ok := c.d.member(at, other); !ok {
			c.fail("dependencies")
			return c.inside(other)
		}
	}
	return true
}

func (c *checker) missing(names []string, at uint32) bool {
	for _, name := range names {
		if _, ok := c.d.member(at, name); !ok {
			c.fail("required")
			return c.inside(name)
		}
	}
	return true
}
