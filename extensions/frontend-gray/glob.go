package main

import (
	"strings"
	"unicode/utf8"
)

// mostAlternatives is how many patterns without braces one pattern may stand for.
const mostAlternatives = 1024

// glob is a pattern for whole paths. "*" and "?" stay within a segment, "**" as a whole segment spans any number of them,
// none included; "[a-z]", "[^a]" and "[!a]" are one character, "{a,b}" is either; a backslash takes away the meaning of
// what follows. The zero glob matches nothing.
type glob struct{ alternatives [][]segment }

// segment is what stands between two slashes.
type segment struct {
	spans  bool // "**"
	tokens []token
}

type token struct {
	kind  tokenKind
	char  rune
	class class
}

type tokenKind int

const (
	literal tokenKind = iota
	anyChar
	anyText
	oneOf
)

type class struct {
	negated bool
	ranges  [][2]rune // both ends included
}

// parseGlob is false for a malformed pattern.
func parseGlob(pattern string) (glob, bool) {
	var plain []string
	if !expand(pattern, &plain) {
		return glob{}, false
	}
	var g glob
	for _, p := range plain {
		segments, ok := parseSegments(p)
		if !ok {
			return glob{}, false
		}
		g.alternatives = append(g.alternatives, segments)
	}
	return g, true
}

// expand adds to plain what a pattern stands for once its braces are resolved.
func expand(pattern string, plain *[]string) bool {
	open, depth := -1, 0
	var options []string
	begin := 0 // of the current option
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '[':
			end := endOfClass(pattern, i)
			if end < 0 {
				return false
			}
			i = end
		case '{':
			if depth == 0 {
				open, begin = i, i+1
			}
			depth++
		case ',':
			if depth == 1 {
				options = append(options, pattern[begin:i])
				begin = i + 1
			}
		case '}':
			depth--
			if depth < 0 {
				return false
			}
			if depth > 0 {
				continue
			}
			for _, option := range append(options, pattern[begin:i]) {
				if !expand(pattern[:open]+option+pattern[i+1:], plain) {
					return false
				}
			}
			return true
		}
	}
	*plain = append(*plain, pattern)
	return depth == 0 && len(*plain) <= mostAlternatives
}

// endOfClass is the place of the bracket that closes the class which opens at i; -1 if there is none. A bracket right
// after the opening one, or after the negation, does not close: a class is never empty.
func endOfClass(pattern string, i int) int {
	i++
	if i < len(pattern) && (pattern[i] == '^' || pattern[i] == '!') {
		i++
	}
	for first := i; i < len(pattern); i++ {
		switch {
		case pattern[i] == '\\':
			i++
		case pattern[i] == ']' && i > first:
			return i
		}
	}
	return -1
}

func parseSegments(pattern string) ([]segment, bool) {
	var segments []segment
	current := segment{}
	end := func(text string) {
		current.spans = text == "**"
		segments = append(segments, current)
		current = segment{}
	}
	begin := 0
	for i := 0; i < len(pattern); {
		switch pattern[i] {
		case '/':
			end(pattern[begin:i])
			i++
			begin = i
		case '*':
			if n := len(current.tokens); n == 0 || current.tokens[n-1].kind != anyText {
				current.tokens = append(current.tokens, token{kind: anyText})
			}
			i++
		case '?':
			current.tokens = append(current.tokens, token{kind: anyChar})
			i++
		case '[':
			closing := endOfClass(pattern, i)
			c, ok := parseClass(pattern[i+1 : closing])
			if !ok {
				return nil, false
			}
			current.tokens = append(current.tokens, token{kind: oneOf, class: c})
			i = closing + 1
		default:
			r, n, ok := character(pattern[i:])
			if !ok {
				return nil, false
			}
			current.tokens = append(current.tokens, token{char: r})
			i += n
		}
	}
	end(pattern[begin:])
	return segments, true
}

// character reads one character, which may be escaped.
func character(text string) (r rune, n int, ok bool) {
	escaped := 0
	if text[0] == '\\' {
		escaped = 1
	}
	if len(text) == escaped {
		return 0, 0, false
	}
	r, n = utf8.DecodeRuneInString(text[escaped:])
	return r, n + escaped, true
}

func parseClass(text string) (c class, ok bool) {
	if text[0] == '^' || text[0] == '!' {
		c.negated, text = true, text[1:]
	}
	for text != "" {
		low, n, ok := character(text)
		if !ok {
			return c, false
		}
		text = text[n:]
		high := low
		if len(text) > 1 && text[0] == '-' {
			if high, n, ok = character(text[1:]); !ok {
				return c, false
			}
			text = text[1+n:]
		}
		if high < low {
			return c, false
		}
		c.ranges = append(c.ranges, [2]rune{low, high})
	}
	return c, true
}

// match compares the segments of a path, which strings.Split has divided.
func (g *glob) match(path []string) bool {
	for _, segments := range g.alternatives {
		if matchSegments(segments, path) {
			return true
		}
	}
	return false
}

// matchSegments goes back to the last "**" only: an earlier one could not do better.
func matchSegments(pattern []segment, path []string) bool {
	p, s := 0, 0
	retryPattern, retryPath := -1, 0
	for s < len(path) {
		switch {
		case p < len(pattern) && pattern[p].spans:
			retryPattern, retryPath = p+1, s
			p++
		case p < len(pattern) && pattern[p].match(path[s]):
			p++
			s++
		case retryPattern >= 0:
			retryPath++
			p, s = retryPattern, retryPath
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p].spans {
		p++
	}
	return p == len(pattern)
}

// match works as matchSegments does, with characters.
func (s *segment) match(text string) bool {
	t, i := 0, 0
	retryToken, retryText := -1, 0
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case t < len(s.tokens) && s.tokens[t].kind == anyText:
			retryToken, retryText = t+1, i
			t++
		case t < len(s.tokens) && s.tokens[t].match(r):
			t++
			i += n
		case retryToken >= 0:
			_, n = utf8.DecodeRuneInString(text[retryText:])
			retryText += n
			t, i = retryToken, retryText
		default:
			return false
		}
	}
	for t < len(s.tokens) && s.tokens[t].kind == anyText {
		t++
	}
	return t == len(s.tokens)
}

func (t *token) match(r rune) bool {
	switch t.kind {
	case literal:
		return t.char == r
	case oneOf:
		return t.class.match(r)
	}
	return true
}

func (c *class) match(r rune) bool {
	for _, ends := range c.ranges {
		if ends[0] <= r && r <= ends[1] {
			return !c.negated
		}
	}
	return c.negated
}

// globs are patterns of which one must match.
type globs []glob

func (g globs) match(path string) bool {
	if len(g) == 0 {
		return false
	}
	segments := strings.Split(path, "/")
	for i := range g {
		if g[i].match(segments) {
			return true
		}
	}
	return false
}
