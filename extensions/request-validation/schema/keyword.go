package schema

import (
	"regexp"
	"strconv"
)

// keyword is one member of a schema.
type keyword struct {
	c      *compiler
	s      *Schema
	parent uint32
	at     uint32 // its value
	path   string
	base   string
}

func (k *keyword) kind() kind { return k.c.d.nodes[k.at].kind }

func (k *keyword) fault(problem string) error { return fault(k.path, problem) }

// compile reads the keywords that all drafts have. Unknown ones say nothing.
func (k *keyword) compile(name string) error {
	s := k.s
	switch name {
	case "type":
		return k.types()
	case "enum":
		return k.choices(&s.enum)
	case "minimum":
		return k.bound(&s.minimum, &s.exclusiveMinimum, "exclusiveMinimum")
	case "maximum":
		return k.bound(&s.maximum, &s.exclusiveMaximum, "exclusiveMaximum")
	case "exclusiveMinimum":
		return k.exclusive(&s.exclusiveMinimum, "minimum")
	case "exclusiveMaximum":
		return k.exclusive(&s.exclusiveMaximum, "maximum")
	case "multipleOf":
		return k.divisor()
	case "minLength":
		return k.least(&s.length)
	case "maxLength":
		return k.most(&s.length)
	case "minItems":
		return k.least(&s.count)
	case "maxItems":
		return k.most(&s.count)
	case "minProperties":
		return k.least(&s.members)
	case "maxProperties":
		return k.most(&s.members)
	case "pattern":
		return k.regexp(&s.pattern)
	case "format":
		return k.format()
	case "items":
		return k.items()
	case "additionalItems":
		return k.schemaOrBool(&s.additionalItems)
	case "uniqueItems":
		return k.bool(&s.uniqueItems)
	case "properties":
		return k.properties()
	case "patternProperties":
		return k.patternProperties()
	case "additionalProperties":
		return k.schemaOrBool(&s.additionalProperties)
	case "required":
		return k.required()
	case "dependencies":
		return k.dependencies()
	case "allOf":
		return k.list(&s.allOf)
	case "anyOf":
		return k.list(&s.anyOf)
	case "oneOf":
		return k.list(&s.oneOf)
	case "not":
		return k.schema(&s.not)
	case "definitions":
		return k.each(func(string, *Schema) {})
	}
	return k.compileNewer(name)
}

// compileNewer reads the keywords that came with drafts 6 and 7.
func (k *keyword) compileNewer(name string) error {
	if k.c.draft >= Draft6 {
		switch name {
		case "const":
			k.s.constant = &choices{}
			k.s.constant.add(k.c.d, k.at)
		case "contains":
			return k.schema(&k.s.contains)
		case "propertyNames":
			return k.schema(&k.s.propertyNames)
		}
	}
	if k.c.draft >= Draft7 {
		switch name {
		case "if":
			return k.schema(&k.s.condition)
		case "then":
			return k.schema(&k.s.then)
		case "else":
			return k.schema(&k.s.elseThen)
		case "contentEncoding", "contentMediaType":
			return k.content(name)
		}
	}
	return nil
}

func (k *keyword) types() error {
	const problem = "must be null, boolean, number, integer, string, array or object, or a list of these"
	add := func(at uint32) bool {
		if k.c.d.nodes[at].kind != text {
			return false
		}
		one, ok := typeNames[k.c.d.text(at)]
		k.s.types |= one
		return ok
	}
	if k.kind() != array {
		if !add(k.at) {
			return k.fault(problem)
		}
		return nil
	}
	for item := k.at + 1; item < k.c.d.nodes[k.at].next; item = k.c.d.nodes[item].next {
		if !add(item) {
			return k.fault(problem)
		}
	}
	if k.s.types == 0 {
		return k.fault("must not be empty")
	}
	return nil
}

func (k *keyword) choices(target **choices) error {
	if k.kind() != array {
		return k.fault("must be a list")
	}
	*target = &choices{}
	for item := k.at + 1; item < k.c.d.nodes[k.at].next; item = k.c.d.nodes[item].next {
		(*target).add(k.c.d, item)
	}
	return nil
}

func (k *keyword) number() (*decimal, error) {
	if k.kind() != number {
		return nil, k.fault("must be a number")
	}
	n := newDecimal(k.c.d.raw(k.at))
	return &n, nil
}

// bound reads minimum or maximum, which in draft 4 a switch makes exclusive.
func (k *keyword) bound(inclusive, exclusive **decimal, name string) error {
	n, err := k.number()
	if err != nil {
		return err
	}
	if at, ok := k.c.d.member(k.parent, name); ok && k.c.draft == Draft4 && k.c.d.nodes[at].kind == yes {
		*exclusive = n
		return nil
	}
	*inclusive = n
	return nil
}

func (k *keyword) exclusive(target **decimal, bound string) (err error) {
	if k.c.draft > Draft4 {
		*target, err = k.number()
		return err
	}
	if k.kind() != yes && k.kind() != no {
		return k.fault("must be true or false")
	}
	if _, ok := k.c.d.member(k.parent, bound); !ok {
		return k.fault("needs " + bound)
	}
	return nil
}

func (k *keyword) divisor() error {
	n, err := k.number()
	if err != nil {
		return err
	}
	if n.sign() <= 0 {
		return k.fault("must be more than 0")
	}
	if len(n.digits) > maxDivisorDigits {
		return k.fault("must have no more than " + strconv.Itoa(maxDivisorDigits) + " digits")
	}
	k.s.multipleOf = n
	return nil
}

// natural reads a number of things.
func (k *keyword) natural() (uint32, error) {
	const most = 1<<32 - 1
	problem := "must be a whole number from 0 to " + strconv.FormatUint(most, 10)
	if k.kind() != number {
		return 0, k.fault(problem)
	}
	n := newDecimal(k.c.d.raw(k.at))
	if !n.isInteger() || n.negative || n.exponent > 10 {
		return 0, k.fault(problem)
	}
	digits := n.digits
	for range n.exponent {
		digits += "0"
	}
	if digits == "" {
		return 0, nil
	}
	value, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0, k.fault(problem)
	}
	return uint32(value), nil
}

func (k *keyword) least(l *limits) (err error) {
	l.least, err = k.natural()
	return err
}

func (k *keyword) most(l *limits) (err error) {
	l.most, err = k.natural()
	l.hasMost = true
	return err
}

func (k *keyword) bool(target *bool) error {
	if k.kind() != yes && k.kind() != no {
		return k.fault("must be true or false")
	}
	*target = k.kind() == yes
	return nil
}

func (k *keyword) text() (string, error) {
	if k.kind() != text {
		return "", k.fault("must be a string")
	}
	return k.c.d.text(k.at), nil
}

func (k *keyword) regexp(target **regexp.Regexp) error {
	expression, err := k.text()
	if err != nil {
		return err
	}
	*target, err = compileRegexp(expression, k.path)
	return err
}

func compileRegexp(expression, path string) (*regexp.Regexp, error) {
	compiled, err := regexp.Compile(expression)
	if err != nil {
		return nil, fault(path, err.Error())
	}
	return compiled, nil
}

func (k *keyword) format() error {
	name, err := k.text()
	k.s.format = formats[name]
	return err
}

// content reads what a text is the form of. Only base64 and JSON are known.
func (k *keyword) content(keyword string) error {
	name, err := k.text()
	switch {
	case keyword == "contentEncoding" && name == "base64":
		k.s.base64 = true
	case keyword == "contentMediaType" && name == "application/json":
		k.s.jsonText = true
	}
	return err
}
