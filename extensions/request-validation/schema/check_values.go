package schema

import (
	"encoding/base64"
	"regexp"
	"unicode/utf8"
)

func (c *checker) number(s *Schema, at uint32) bool {
	if s.minimum == nil && s.maximum == nil && s.exclusiveMinimum == nil && s.exclusiveMaximum == nil && s.multipleOf == nil {
		return true
	}
	c.steps -= c.pieces(at)
	n := newDecimal(c.d.raw(at))
	switch {
	case s.minimum != nil && n.compare(*s.minimum) < 0:
		return c.fail("minimum")
	case s.maximum != nil && n.compare(*s.maximum) > 0:
		return c.fail("maximum")
	case s.exclusiveMinimum != nil && n.compare(*s.exclusiveMinimum) <= 0:
		return c.fail("exclusiveMinimum")
	case s.exclusiveMaximum != nil && n.compare(*s.exclusiveMaximum) >= 0:
		return c.fail("exclusiveMaximum")
	case s.multipleOf != nil && !n.isMultipleOf(*s.multipleOf):
		return c.fail("multipleOf")
	}
	return true
}

func (c *checker) text(s *Schema, at uint32) bool {
	if !s.length.limited() && s.pattern == nil && s.format == nil && !s.base64 && !s.jsonText {
		return true
	}
	value := c.d.text(at)
	c.steps -= c.pieces(at)
	if s.length.limited() && !s.length.allow(uint32(utf8.RuneCountInString(value))) {
		return c.fail("length")
	}
	if s.pattern != nil && !c.matches(s.pattern, value) {
		return c.fail("pattern")
	}
	if s.format != nil && !s.format(value) {
		return c.fail("format")
	}
	return c.content(s, value)
}

func (c *checker) matches(pattern *regexp.Regexp, value string) bool {
	c.steps -= len(value) / piece
	return pattern.MatchString(value)
}

// content checks what a text is the form of.
func (c *checker) content(s *Schema, value string) bool {
	if s.base64 {
		decoded, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return c.fail("contentEncoding")
		}
		value = string(decoded)
	}
	if s.jsonText {
		if _, err := Parse(value); err != nil {
			return c.fail("contentMediaType")
		}
	}
	return true
}
