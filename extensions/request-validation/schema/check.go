package schema

import (
	"errors"
	"strings"
)

// Check tells whether a document is valid. The error says where it is not, as a JSON pointer into the document, and which
// keyword says so: `/items/3/qty: maximum`. It names members, which are the client's, quoted and cut short.
func (s *Schema) Check(d *Document) error {
	c := checker{d: d, steps: stepsOf(d)}
	if c.check(s, root) && c.steps > 0 {
		return nil
	}
	return c.violation()
}

// CheckRecord is Check for a record: whatever value of a name is taken, the record must be valid.
func (s *Schema) CheckRecord(r *Record) error {
	if err := s.Check(&r.Document); err != nil {
		return err
	}
	for _, o := range r.others {
		n := &r.nodes[o.at]
		start, end := n.start, n.end
		n.start, n.end = o.start, o.end
		err := s.Check(&r.Document)
		n.start, n.end = start, end
		if err != nil {
			return err
		}
	}
	return nil
}

// A document may take this many steps, and so many more for each of its values. A step is a value that meets a schema, or
// a piece of a text or number that is looked at.
const (
	steps        = 200_000
	stepsOfValue = 50
	piece        = 32 // bytes
)

func stepsOf(d *Document) int { return steps + stepsOfValue*(len(d.nodes)+len(d.source)/piece) }

// pieces are the steps that it takes to look at all of a value's text.
func (c *checker) pieces(at uint32) int {
	n := &c.d.nodes[at]
	return int(n.end-n.start) / piece
}

// checker validates one document. Once no steps are left every check fails.
type checker struct {
	d     *Document
	steps int
	quiet int // in how many schemas whose verdict alone counts

	keyword string
	path    []string // tokens of the violation's place, the innermost first
}

func (c *checker) violation() error {
	if c.steps <= 0 {
		return errors.New("validation takes too many steps")
	}
	var out strings.Builder
	const most = 10
	for i := len(c.path) - 1; i >= 0; i-- {
		if len(c.path)-i > most {
			out.WriteString("/…")
			break
		}
		out.WriteByte('/')
		out.WriteString(pointerToken(c.path[i]))
	}
	if out.Len() == 0 {
		return errors.New(c.keyword)
	}
	place := brief(out.String())
	return errors.New(place[1:len(place)-1] + ": " + c.keyword)
}

// fail notes the first violation that counts.
func (c *checker) fail(keyword string) bool {
	if c.quiet == 0 {
		c.keyword = keyword
	}
	return false
}

// inside adds a token to the place of a violation that has just been found.
func (c *checker) inside(token string) bool {
	if c.quiet == 0 {
		c.path = append(c.path, token)
	}
	return false
}

// silently checks a schema whose violations are none of the document.
func (c *checker) silently(s *Schema, at uint32) bool {
	c.quiet++
	valid := c.check(s, at)
	c.quiet--
	return valid
}

// check tells whether the value at a node is valid.
func (c *checker) check(s *Schema, at uint32) bool {
	c.steps--
	if c.steps <= 0 {
		return false
	}
	switch {
	case s.never:
		return c.fail("false schema")
	case s.ref != nil:
		return c.check(s.ref, at)
	}
	if !c.value(s, at) {
		return false
	}
	valid := true
	switch c.d.nodes[at].kind {
	case number:
		valid = c.number(s, at)
	case text:
		valid = c.text(s, at)
	case array:
		valid = c.array(s, at)
	case object:
		valid = c.object(s, at)
	}
	return valid && c.combined(s, at) && c.conditional(s, at)
}

// value checks what concerns values of all types.
func (c *checker) value(s *Schema, at uint32) bool {
	if s.types != 0 && !c.hasType(s.types, at) {
		return c.fail("type")
	}
	if s.constant != nil && !c.among(s.constant, at) {
		return c.fail("const")
	}
	if s.enum != nil && !c.among(s.enum, at) {
		return c.fail("enum")
	}
	return true
}

func (c *checker) hasType(types types, at uint32) bool {
	n := &c.d.nodes[at]
	if types&typeOfKind[n.kind] != 0 {
		return true
	}
	if n.kind != number || types&typeInteger == 0 {
		return false
	}
	c.steps -= c.pieces(at)
	return newDecimal(c.d.raw(at)).isInteger()
}

func (c *checker) among(choices *choices, at uint32) bool {
	if c.d.nodes[at].kind == number {
		c.steps -= len(choices.nodes) * (1 + c.pieces(at))
	}
	return choices.have(c.d, at)
}

func (c *checker) combined(s *Schema, at uint32) bool {
	for _, each := range s.allOf {
		if !c.check(each, at) {
			return false
		}
	}
	if len(s.anyOf) > 0 && c.matching(s.anyOf, at, 1) < 1 {
		return c.fail("anyOf")
	}
	if len(s.oneOf) > 0 && c.matching(s.oneOf, at, 2) != 1 {
		return c.fail("oneOf")
	}
	if s.not != nil && c.silently(s.not, at) {
		return c.fail("not")
	}
	return true
}

// matching counts the schemas that fit, up to enough of them.
func (c *checker) matching(schemas []*Schema, at uint32, enough int) (count int) {
	for _, s := range schemas {
		if c.silently(s, at) {
			if count++; count == enough {
				break
			}
		}
	}
	return count
}

func (c *checker) conditional(s *Schema, at uint32) bool {
	if s.condition == nil || s.then == nil && s.elseThen == nil {
		return true
	}
	next := s.elseThen
	if c.silently(s.condition, at) {
		next = s.then
	}
	return next == nil || c.check(next, at)
}
