package expr

import (
	"fmt"
	"strings"
	"time"
)

// The delimiters of an expression within a text.
const (
	opening = "${{"
	closing = "}}"
)

// Has reports whether a text holds an expression.
func Has(text string) bool { return strings.Contains(text, opening) }

// Scope gives the names of an expression their values.
type Scope interface {
	// Lookup returns the value of a name: a string, int64, time.Time, time.Duration, *Key or Unknown. An error says why
	// there is none.
	Lookup(name string) (any, error)
	// Now is the time that expressions call now. It is the same for all that belong together.
	Now() time.Time
}

// Template is a text with expressions. It is safe for concurrent use.
type Template struct {
	parts []node // texts are literals
}

// Parse reads a text.
func Parse(text string) (*Template, error) {
	t := &Template{}
	for {
		before, rest, found := strings.Cut(text, opening)
		if before != "" {
			t.parts = append(t.parts, literal{before})
		}
		if !found {
			return t, nil
		}
		p := &parser{text: rest}
		n, err := p.whole()
		if err != nil {
			return nil, fmt.Errorf("expression %q: %w", shown(rest), err)
		}
		t.parts = append(t.parts, n)
		text = rest[p.pos:]
	}
}

// shown is the start of a text, up to the end of an expression.
func shown(text string) string {
	text, _, _ = strings.Cut(text, closing)
	return strings.TrimSpace(text)
}

// Evaluate returns the text, or, of a template that is one expression and nothing else, the value of that.
func (t *Template) Evaluate(s Scope) (any, error) {
	if len(t.parts) == 1 {
		return t.parts[0].evaluate(s)
	}
	var out strings.Builder
	for _, part := range t.parts {
		value, err := part.evaluate(s)
		if err != nil {
			return nil, err
		}
		text, err := Text(value)
		if err != nil {
			return nil, err
		}
		out.WriteString(text)
	}
	return out.String(), nil
}
