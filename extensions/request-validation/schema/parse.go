package schema

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects may be nested.
const maxDepth = 256

// Parse reads a JSON document (RFC 8259). The text must not change as long as the document is in use.
func Parse(source string) (*Document, error) {
	if uint64(len(source)) >= 1<<32 {
		return nil, errors.New("is too large")
	}
	if !utf8.ValidString(source) {
		return nil, errors.New("is not UTF-8")
	}
	p := parser{source: source, nodes: make([]node, 0, mostNodes(source))}
	p.space()
	if err := p.value(0); err != nil {
		return nil, err
	}
	p.space()
	if p.pos != len(source) {
		return nil, p.broken()
	}
	return &Document{source: source, nodes: p.nodes}, nil
}

// mostNodes is a number that the values and names in a document do not exceed.
func mostNodes(source string) int {
	count := 1
	for _, before := range [...]string{",", ":", "[", "{"} {
		count += strings.Count(source, before)
	}
	return count
}

type parser struct {
	source string
	pos    int
	nodes  []node
}

func (p *parser) broken() error {
	if p.pos >= len(p.source) {
		return errors.New("is not JSON: it ends too early")
	}
	return errors.New("is not JSON: byte " + strconv.Itoa(p.pos))
}

func (p *parser) space() {
	for p.pos < len(p.source) {
		switch p.source[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek is the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.pos < len(p.source) {
		return p.source[p.pos]
	}
	return 0
}

func (p *parser) value(depth int) error {
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth + 1)
	case c == '[':
		return p.array(depth + 1)
	case c == '"':
		return p.string()
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	case c == 't':
		return p.word("true", yes)
	case c == 'f':
		return p.word("false", no)
	case c == 'n':
		return p.word("null", null)
	}
	return p.broken()
}

// add appends a value that nothing is in.
func (p *parser) add(n node) {
	n.next = uint32(len(p.nodes)) + 1
	p.nodes = append(p.nodes, n)
}

func (p *parser) word(word string, k kind) error {
	if len(p.source)-p.pos < len(word) || p.source[p.pos:p.pos+len(word)] != word {
		return p.broken()
	}
	p.pos += len(word)
	p.add(node{kind: k})
	return nil
}

func (p *parser) number() error {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	if p.peek() == '0' {
		p.pos++
	} else if !p.digits() {
		return p.broken()
	}
	if p.peek() == '.' {
		p.pos++
		if !p.digits() {
			return p.broken()
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if !p.digits() {
			return p.broken()
		}
	}
	p.add(node{kind: number, start: uint32(start), end: uint32(p.pos)})
	return nil
}

func (p *parser) digits() bool {
	start := p.pos
	for c := p.peek(); '0' <= c && c <= '9'; c = p.peek() {
		p.pos++
	}
	return p.pos > start
}

func (p *parser) string() error {
	p.pos++
	n := node{kind: text, start: uint32(p.pos)}
	for p.pos < len(p.source) {
		switch c := p.source[p.pos]; {
		case c == '"':
			n.end = uint32(p.pos)
			p.pos++
			p.add(n)
			return nil
		case c < ' ':
			return p.broken()
		case c == '\\':
			n.escaped = true
			if !p.escape() {
				return p.broken()
			}
		default:
			p.pos++
		}
	}
	return p.broken()
}

// escape skips a backslash and what belongs to it.
func (p *parser) escape() bool {
	p.pos++
	switch p.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		p.pos++
		return true
	case 'u':
		if _, ok := hex4(p.source[p.pos+1:]); ok {
			p.pos += 5
			return true
		}
	}
	return false
}

func (p *parser) array(depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	at := len(p.nodes)
	p.nodes = append(p.nodes, node{kind: array, start: uint32(p.pos)})
	p.pos++
	p.space()
	if p.peek() == ']' {
		return p.close(at, 0)
	}
	for count := 1; ; count++ {
		if err := p.value(depth); err != nil {
			return err
		}
		p.space()
		if p.peek() == ']' {
			return p.close(at, count)
		}
		if p.peek() != ',' {
			return p.broken()
		}
		p.pos++
		p.space()
	}
}

func (p *parser) object(depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	at := len(p.nodes)
	p.nodes = append(p.nodes, node{kind: object, start: uint32(p.pos)})
	p.pos++
	p.space()
	if p.peek() == '}' {
		return p.close(at, 0)
	}
	for count := 1; ; count++ {
		if err := p.member(depth); err != nil {
			return err
		}
		p.space()
		if p.peek() == '}' {
			if err := p.close(at, count); err != nil {
				return err
			}
			return p.unique(at)
		}
		if p.peek() != ',' {
			return p.broken()
		}
		p.pos++
		p.space()
	}
}

func (p *parser) member(depth int) error {
	if p.peek() != '"' {
		return p.broken()
	}
	if err := p.string(); err != nil {
		return err
	}
	p.space()
	if p.peek() != ':' {
		return p.broken()
	}
	p.pos++
	p.space()
	return p.value(depth)
}

// close ends an array or object.
func (p *parser) close(at, count int) error {
	p.pos++
	p.nodes[at].end = uint32(p.pos)
	p.nodes[at].count = uint32(count)
	p.nodes[at].next = uint32(len(p.nodes))
	return nil
}

var (
	errTooDeep  = errors.New("is nested too deeply")
	errRepeated = errors.New("has an object in which a name comes twice")
)

// few is how many members are compared with each other; for more of them a map pays.
const few = 8

// unique refuses an object in which a name comes twice.
func (p *parser) unique(at int) error {
	d := Document{p.source, p.nodes}
	object := p.nodes[at]
	if object.count <= few {
		var names [few]string
		i := 0
		for key := uint32(at) + 1; key < object.next; key = p.nodes[key+1].next {
			names[i] = d.text(key)
			for _, before := range names[:i] {
				if before == names[i] {
					return errRepeated
				}
			}
			i++
		}
		return nil
	}
	names := make(map[string]struct{}, object.count)
	for key := uint32(at) + 1; key < object.next; key = p.nodes[key+1].next {
		names[d.text(key)] = struct{}{}
	}
	if len(names) != int(object.count) {
		return errRepeated
	}
	return nil
}
