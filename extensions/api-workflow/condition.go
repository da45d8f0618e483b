package main

import (
	"errors"
	"strconv"
	"strings"
)

// condition is an expression, parsed before any value is known: values cannot become operators or parentheses.
type condition struct {
	text  string // as configured
	root  *operation
	fault error // of the expression; it cannot be worked out
}

// operation is an operator with its two operands.
type operation struct {
	operator string
	operands [2]operand
}

// operand is a nested operation, or a text in which values may stand.
type operand struct {
	nested *operation
	text   text
}

// mostNesting bounds parentheses in each other.
const mostNesting = 100

func (l *loader) condition(place, s string) *condition {
	c := &condition{text: s}
	p := parser{loader: l, place: place, tokens: tokens(s)}
	if c.root, c.fault = p.whole(); c.fault == nil {
		return c
	}
	if c.fault == errNoExpression {
		c.fault = errors.New("invalid conditional str " + s)
	}
	l.warn(place + ": " + c.fault.Error())
	return c
}

var (
	errNoExpression = errors.New("not an operator and two operands")
	errNoOperator   = errors.New("invalid conditional func <nil>")
)

// tokens divides an expression at blanks and around parentheses, but not inside {{ and }}.
func tokens(s string) []string {
	var list []string
	begin := -1
	end := func(i int) {
		if begin >= 0 {
			list = append(list, s[begin:i])
		}
		begin = -1
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case strings.HasPrefix(s[i:], "{{") && strings.Contains(s[i:], "}}"):
			if begin < 0 {
				begin = i
			}
			i += strings.Index(s[i:], "}}") + 1
		case c == '(' || c == ')':
			end(i)
			list = append(list, s[i:i+1])
		case c <= ' ':
			end(i)
		case begin < 0:
			begin = i
		}
	}
	end(len(s))
	return list
}

type parser struct {
	loader *loader
	place  string
	tokens []string
}

func (p *parser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	token := p.tokens[0]
	p.tokens = p.tokens[1:]
	return token
}

// whole reads an expression that may, but need not, stand in parentheses.
func (p *parser) whole() (*operation, error) {
	var o operand
	var err error
	if len(p.tokens) > 0 && p.tokens[0] == "(" {
		o, err = p.operand(0)
	} else {
		o.nested, err = p.operation(0)
	}
	if err == nil && len(p.tokens) > 0 {
		err = errNoExpression
	}
	return o.nested, err
}

// operation reads an operator and two operands.
func (p *parser) operation(depth int) (*operation, error) {
	o := &operation{operator: p.next()}
	if o.operator == "" || o.operator == "(" || o.operator == ")" {
		return nil, errNoExpression
	}
	for i := range o.operands {
		var err error
		if o.operands[i], err = p.operand(depth); err != nil {
			return nil, err
		}
	}
	if operators[o.operator] == nil {
		return nil, errNoOperator
	}
	return o, nil
}

func (p *parser) operand(depth int) (operand, error) {
	switch token := p.next(); token {
	case "", ")":
		return operand{}, errNoExpression
	case "(":
		if depth == mostNesting {
			return operand{}, errors.New("more than " + strconv.Itoa(mostNesting) + " parentheses in each other")
		}
		o, err := p.operation(depth + 1)
		if err == nil && p.next() != ")" {
			err = errNoExpression
		}
		return operand{nested: o}, err
	default:
		return operand{text: p.word(token)}, nil
	}
}

// word reads an operand in which values may stand. References that lead nowhere fail when they are followed.
func (p *parser) word(s string) text {
	var t text
	for {
		before, rest, found := strings.Cut(s, "{{")
		inside, rest, closed := strings.Cut(rest, "}}")
		if !found || !closed {
			return append(t, piece{before: s})
		}
		from := p.loader.reference(p.place, inside)
		t = append(t, piece{before, &from})
		s = rest
	}
}

// holds works a condition out.
func (r *run) holds(c *condition) (bool, error) {
	failed := func(err error) error {
		return errors.New("wl exec conditional " + c.text + " failed: exec conditional failed: " + err.Error())
	}
	if c.fault != nil {
		return false, failed(c.fault)
	}
	if err := r.lookUp(c, c.root); err != nil {
		return false, err
	}
	held, err := r.work(c.root)
	if err != nil {
		return false, failed(err)
	}
	return held, nil
}

// lookUp reports the first value that is not there.
func (r *run) lookUp(c *condition, o *operation) error {
	for i := range o.operands {
		if nested := o.operands[i].nested; nested != nil {
			if err := r.lookUp(c, nested); err != nil {
				return err
			}
		}
		for _, p := range o.operands[i].text {
			if p.value == nil {
				continue
			}
			if _, err := r.text(p.value); err != nil {
				return r.missing(c, p.value, err)
			}
		}
	}
	return nil
}

// missing words the error of a reference in a condition.
func (r *run) missing(c *condition, from *reference, err error) error {
	const prefix = "workflow WrapperDateByTmplStr "
	switch err {
	case errNoBars:
		return errors.New(prefix + " failed: tmpl parse find error: || is not exists " + from.text)
	case errNoStep:
		return errors.New(prefix + c.text + " failed: context value is not []byte,key is " + from.name)
	}
	return errors.New(prefix + c.text + " failed: use path {{" + from.path + "}} get value is not exists,json is:" +
		cut(r.step(from.step).text))
}

func (r *run) work(o *operation) (bool, error) {
	var values [2]string
	for i := range o.operands {
		if nested := o.operands[i].nested; nested != nil {
			held, err := r.work(nested)
			if err != nil {
				return false, err
			}
			values[i] = strconv.FormatBool(held)
			continue
		}
		var word strings.Builder
		for _, p := range o.operands[i].text {
			word.WriteString(p.before)
			if p.value == nil {
				continue
			}
			value, err := r.text(p.value)
			if err != nil {
				return false, err
			}
			word.WriteString(value)
		}
		values[i] = word.String()
	}
	return operators[o.operator](values[0], values[1])
}

// operators compare texts, numbers and truth values.
var operators = map[string]func(a, b string) (bool, error){
	"eq":      func(a, b string) (bool, error) { return a == b, nil },
	"contain": func(a, b string) (bool, error) { return strings.Contains(a, b), nil },
	"lt":      numbers(func(a, b float64) bool { return a < b }),
	"le":      numbers(func(a, b float64) bool { return a <= b }),
	"gt":      numbers(func(a, b float64) bool { return a > b }),
	"ge":      numbers(func(a, b float64) bool { return a >= b }),
	"and":     truths(func(a, b bool) bool { return a && b }),
	"or":      truths(func(a, b bool) bool { return a || b }),
}

func numbers(compare func(a, b float64) bool) func(a, b string) (bool, error) {
	return func(a, b string) (bool, error) {
		x, err := strconv.ParseFloat(a, 64)
		if err != nil {
			return false, errors.New(strconv.Quote(cut(a)) + " is not a number")
		}
		y, err := strconv.ParseFloat(b, 64)
		if err != nil {
			return false, errors.New(strconv.Quote(cut(b)) + " is not a number")
		}
		return compare(x, y), nil
	}
}

func truths(join func(a, b bool) bool) func(a, b string) (bool, error) {
	return func(a, b string) (bool, error) {
		x, err := strconv.ParseBool(a)
		if err != nil {
			return false, errors.New(strconv.Quote(cut(a)) + " is neither true nor false")
		}
		y, err := strconv.ParseBool(b)
		if err != nil {
			return false, errors.New(strconv.Quote(cut(b)) + " is neither true nor false")
		}
		return join(x, y), nil
	}
}
