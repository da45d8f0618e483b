package expr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// node is a part of an expression.
type node interface {
	evaluate(Scope) (any, error)
}

type literal struct{ value any }

func (l literal) evaluate(Scope) (any, error) { return l.value, nil }

type name string

func (n name) evaluate(s Scope) (any, error) {
	if n == "now" {
		return s.Now(), nil
	}
	return s.Lookup(string(n))
}

type sum struct {
	operator byte
	a, b     node
}

func (j sum) evaluate(s Scope) (any, error) {
	a, err := j.a.evaluate(s)
	if err != nil {
		return nil, err
	}
	b, err := j.b.evaluate(s)
	if err != nil {
		return nil, err
	}
	return join(j.operator, a, b)
}

type call struct {
	name string
	f    *function
	args []node
}

func (c call) evaluate(s Scope) (any, error) {
	args := make([]any, len(c.args))
	for i, arg := range c.args {
		value, err := arg.evaluate(s)
		if err != nil {
			return nil, err
		}
		if _, unknown := value.(Unknown); unknown {
			return value, nil
		}
		args[i] = value
	}
	value, err := c.f.call(args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return value, nil
}

// parser reads one expression from the front of a text.
type parser struct {
	text string
	pos  int
}

// whole reads an expression and the delimiter that ends it.
func (p *parser) whole() (node, error) {
	n, err := p.expression()
	if err != nil {
		return nil, err
	}
	p.space()
	if !strings.HasPrefix(p.text[p.pos:], closing) {
		return nil, p.unexpected("an operator or " + closing)
	}
	p.pos += len(closing)
	return n, nil
}

func (p *parser) expression() (node, error) {
	left, err := p.term()
	for err == nil {
		operator := p.peek()
		if operator != '+' && operator != '-' {
			return left, nil
		}
		p.pos++
		var right node
		if right, err = p.term(); err == nil {
			left = sum{operator, left, right}
		}
	}
	return nil, err
}

func (p *parser) term() (node, error) {
	switch c := p.peek(); {
	case c == '(':
		p.pos++
		n, err := p.expression()
		if err != nil {
			return nil, err
		}
		return n, p.expect(')')
	case c == '\'' || c == '"':
		text, err := p.quoted(c)
		return literal{text}, err
	case c >= '0' && c <= '9':
		return p.number()
	case c == '-':
		p.pos++
		n, err := p.term()
		return sum{'-', literal{int64(0)}, n}, err
	case isLetter(c):
		word := p.word()
		if p.peek() == '(' {
			return p.call(word)
		}
		return name(word), nil
	}
	return nil, p.unexpected("a value")
}

func (p *parser) call(word string) (node, error) {
	f, ok := functions[word]
	if !ok {
		return nil, fmt.Errorf("there is no function %s", word)
	}
	p.pos++ // the parenthesis
	c := call{name: word, f: f}
	for p.peek() != ')' {
		if len(c.args) > 0 {
			if err := p.expect(','); err != nil {
				return nil, err
			}
		}
		arg, err := p.expression()
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, arg)
	}
	p.pos++
	if n := len(c.args); n < f.min || f.max >= 0 && n > f.max {
		return nil, fmt.Errorf("%s takes %s, not %d", word, f.arity(), n)
	}
	return c, nil
}

// number reads an integer, or a duration such as 1h30m.
func (p *parser) number() (node, error) {
	start := p.pos
	for p.pos < len(p.text) && (isLetter(p.text[p.pos]) || isDigit(p.text[p.pos]) || p.text[p.pos] == '.') {
		p.pos++
	}
	text := p.text[start:p.pos]
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return literal{n}, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil {
			return literal{time.Duration(n) * 24 * time.Hour}, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("%q is neither an integer nor a duration such as 90s, 5m or 2d", text)
	}
	return literal{d}, nil
}

// quoted reads a text in quotes, with the escapes \n \r \t \\ \' \" and \xHH.
func (p *parser) quoted(quote byte) (string, error) {
	var out []byte
	for p.pos++; p.pos < len(p.text); p.pos++ {
		c := p.text[p.pos]
		if c == quote {
			p.pos++
			return string(out), nil
		}
		if c != '\\' {
			out = append(out, c)
			continue
		}
		r, _, tail, err := strconv.UnquoteChar(p.text[p.pos:], quote)
		if other := p.text[p.pos:]; err != nil && len(other) > 1 && (other[1] == '\'' || other[1] == '"') {
			r, tail, err = rune(other[1]), other[2:], nil
		}
		if err != nil {
			return "", fmt.Errorf("unknown escape %q", p.text[p.pos:min(p.pos+2, len(p.text))])
		}
		if used := len(p.text) - len(tail) - p.pos; p.text[p.pos+1] == 'x' {
			out = append(out, byte(r))
			p.pos += used - 1
		} else {
			out = utf8.AppendRune(out, r)
			p.pos += used - 1
		}
	}
	return "", errors.New("a text does not end")
}

func (p *parser) word() string {
	start := p.pos
	for p.pos < len(p.text) && (isLetter(p.text[p.pos]) || isDigit(p.text[p.pos])) {
		p.pos++
	}
	return p.text[start:p.pos]
}

// peek skips white space and returns the next byte, 0 at the end.
func (p *parser) peek() byte {
	p.space()
	if p.pos == len(p.text) {
		return 0
	}
	return p.text[p.pos]
}

func (p *parser) space() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *parser) expect(c byte) error {
	if p.peek() != c {
		return p.unexpected(string(c))
	}
	p.pos++
	return nil
}

func (p *parser) unexpected(wanted string) error {
	p.space()
	rest := p.text[p.pos:]
	if rest == "" {
		return fmt.Errorf("ends where %s is expected", wanted)
	}
	_, size := utf8.DecodeRuneInString(rest)
	return fmt.Errorf("%q where %s is expected", rest[:size], wanted)
}

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// IsName reports whether a text can be the name of a value.
func IsName(text string) bool {
	if text == "" || !isLetter(text[0]) || text == "now" {
		return false
	}
	p := &parser{text: text}
	return p.word() == text && functions[text] == nil
}
