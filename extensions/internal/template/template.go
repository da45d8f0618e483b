// Package template fills variables into headers and bodies of responses.
package template

import (
	"errors"
	"html"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Place is where a text goes. It decides how values are escaped, so that what a client sent cannot break out of them.
type Place int

const (
	Plain  Place = iota // as it is; also right for header values, which hold no line breaks
	JSON                // inside a JSON string
	Markup              // HTML or XML text
)

// PlaceOf is the place that a body of the given content type is.
func PlaceOf(contentType string) Place {
	media, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch media = strings.TrimSpace(media); {
	case strings.HasSuffix(media, "json"):
		return JSON
	case strings.HasSuffix(media, "html"), strings.HasSuffix(media, "xml"):
		return Markup
	}
	return Plain
}

// PlaceOfBody is the place that a body is. contentType is the type that is configured for it; where there is none, or one that
// is known only when variables are filled in, the body tells: JSON begins with a brace, a bracket or a quote, and what has a "<"
// anywhere is markup.
func PlaceOfBody(body, contentType string) Place {
	if media, _, _ := strings.Cut(contentType, ";"); media != "" && !strings.Contains(media, "${") {
		return PlaceOf(contentType)
	}
	if body = strings.TrimLeft(body, " \t\r\n\ufeff"); body != "" && strings.IndexByte(`{["`, body[0]) >= 0 {
		return JSON
	}
	if strings.Contains(body, "<") {
		return Markup
	}
	return Plain
}

// Text is a text in which ${name} stands for values. The zero Text is empty.
type Text struct {
	parts []part
	rest  string
	place Place
}

// part is some text and the variable that follows it.
type part struct{ before, variable string }

// Literal is a text without variables, whatever it looks like.
func Literal(s string) Text { return Text{rest: s} }

// Parse reads a text whose variables are among the given ones.
func Parse(s string, place Place, variables ...string) (Text, error) {
	t := Text{place: place}
	for {
		before, after, found := strings.Cut(s, "${")
		if !found {
			t.rest = s
			return t, nil
		}
		name, after, closed := strings.Cut(after, "}")
		if !closed || !slices.Contains(variables, name) {
			return Text{}, errors.New("unknown variable ${" + name + "}: must be one of ${" + strings.Join(variables, "}, ${") + "}")
		}
		t.parts = append(t.parts, part{before, name})
		s = after
	}
}

// Uses tells whether the variable occurs.
func (t *Text) Uses(variable string) bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.variable == variable })
}

// In is the text at another place.
func (t Text) In(place Place) Text {
	t.place = place
	return t
}

// Place is where the text goes.
func (t *Text) Place() Place { return t.place }

// Render fills in what value returns for each variable.
func (t *Text) Render(value func(variable string) string) string {
	if t.parts == nil {
		return t.rest
	}
	var out strings.Builder
	for _, p := range t.parts {
		out.WriteString(p.before)
		out.WriteString(t.place.escape(value(p.variable)))
	}
	out.WriteString(t.rest)
	return out.String()
}

func (p Place) escape(s string) string {
	switch p {
	case JSON:
		quoted := gjson.AppendJSONString(nil, s)
		return string(quoted[1 : len(quoted)-1])
	case Markup:
		return html.EscapeString(s)
	}
	return s
}
