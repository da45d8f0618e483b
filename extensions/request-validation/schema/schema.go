package schema

import (
	"regexp"
)

// Draft is a version of JSON Schema.
type Draft int

// The drafts that a schema can be read as.
const (
	Draft4 Draft = 4
	Draft6 Draft = 6
	Draft7 Draft = 7
)

// Schema is a compiled schema. It is read-only.
type Schema struct {
	never bool    // the schema false
	ref   *Schema // everything else is ignored then

	types    types // 0 is any
	enum     *choices
	constant *choices

	minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf *decimal

	length   limits // of texts, in characters
	pattern  *regexp.Regexp
	format   func(string) bool
	base64   bool
	jsonText bool

	items           *Schema   // of all items
	tuple           []*Schema // of the first items, where hasTuple
	hasTuple        bool
	additionalItems *Schema
	contains        *Schema
	count           limits // of items
	uniqueItems     bool

	properties           map[string]*Schema
	patterns             []patternSchema
	additionalProperties *Schema
	propertyNames        *Schema
	required             []string
	requires             map[string]bool // the same as a set
	members              limits
	dependencies         map[string]dependency

	allOf, anyOf, oneOf       []*Schema
	not                       *Schema
	condition, then, elseThen *Schema
}

type patternSchema struct {
	pattern *regexp.Regexp
	schema  *Schema
}

// dependency is what an object needs that has a certain member.
type dependency struct {
	names  []string
	schema *Schema // or nil
}

// limits are a smallest and a largest number.
type limits struct {
	least   uint32
	most    uint32
	hasMost bool
}

func (l limits) allow(n uint32) bool { return n >= l.least && (!l.hasMost || n <= l.most) }

// limited tells whether there is anything to compare with.
func (l limits) limited() bool { return l.least > 0 || l.hasMost }

// types is a set of the types of JSON Schema.
type types uint8

const (
	typeNull types = 1 << iota
	typeBoolean
	typeNumber
	typeInteger
	typeString
	typeArray
	typeObject
)

var typeNames = map[string]types{"null": typeNull, "boolean": typeBoolean, "number": typeNumber, "integer": typeInteger,
	"string": typeString, "array": typeArray, "object": typeObject}

var typeOfKind = [...]types{null: typeNull, no: typeBoolean, yes: typeBoolean, number: typeNumber, text: typeString,
	array: typeArray, object: typeObject}

// choices are the values of an enum, or the one of a const.
type choices struct {
	texts map[string]bool
	from  *Document
	nodes []uint32 // of from, of the values that are no texts
}

func (c *choices) add(d *Document, at uint32) {
	if d.nodes[at].kind != text {
		c.from, c.nodes = d, append(c.nodes, at)
		return
	}
	if c.texts == nil {
		c.texts = map[string]bool{}
	}
	c.texts[d.text(at)] = true
}

func (c *choices) have(d *Document, at uint32) bool {
	if d.nodes[at].kind == text {
		return c.texts[d.text(at)]
	}
	for _, choice := range c.nodes {
		if equal(c.from, choice, d, at) {
			return true
		}
	}
	return false
}
