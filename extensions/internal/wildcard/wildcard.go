// Package wildcard compares texts with patterns in which an asterisk stands for any text, also for none and for dots.
package wildcard

import "strings"

// Pattern is a pattern as it is compared: the texts between its asterisks. The zero Pattern matches nothing.
type Pattern []string

// Parse reads a pattern. Every text is one; nothing escapes an asterisk.
func Parse(text string) Pattern { return strings.Split(text, "*") }

// Matches tells whether the whole text fits. Letters are compared as they are. It takes time in proportion to the length of
// the text for each asterisk, at most.
func (p Pattern) Matches(text string) bool {
	last := len(p) - 1
	if last <= 0 {
		return last == 0 && text == p[0]
	}
	rest, ok := strings.CutPrefix(text, p[0])
	if !ok {
		return false
	}
	for _, part := range p[1:last] {
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return strings.HasSuffix(rest, p[last])
}
