package main

import (
	"errors"
	"html"
	"strings"

	"github.com/tidwall/gjson"
)

// text is a header's value or a body, perhaps with variables.
type text struct {
	plain     string
	parts     []part // nil: plain is all
	escape    func(string) string
	needsBody bool // of the response that is replaced
}

// part is some text and the variable that follows it.
type part struct{ before, variable string }

// variables are what ${...} may name.
var variables = []string{"status", "request_id", "method", "host", "path", "details", "body"}

// place is where a text goes; it decides how values are escaped, so that a client cannot break out of them.
type place int

const (
	inText place = iota
	inHeader
	inJSON
	inMarkup
)

func placeOf(contentType string) place {
	media, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch media = strings.TrimSpace(media); {
	case strings.HasSuffix(media, "json"):
		return inJSON
	case strings.HasSuffix(media, "html"), strings.HasSuffix(media, "xml"):
		return inMarkup
	}
	return inText
}

var escapes = map[place]func(string) string{
	inText:   func(s string) string { return s },
	inHeader: func(s string) string { return s },
	inMarkup: html.EscapeString,
	inJSON: func(s string) string {
		quoted := string(gjson.AppendJSONString(nil, s))
		return quoted[1 : len(quoted)-1]
	},
}

// parseText finds the variables. Without templates a text is what it is.
func parseText(s string, templates bool, where place) (text, error) {
	t := text{plain: s, escape: escapes[where]}
	if !templates {
		return t, nil
	}
	for {
		before, rest, found := strings.Cut(s, "${")
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || !known(name) {
			return t, errors.New("unknown variable ${" + name + "}: must be one of ${" + strings.Join(variables, "}, ${") + "}")
		}
		if name == "body" && where == inHeader {
			return t, errors.New("${body} cannot stand in a header")
		}
		t.needsBody = t.needsBody || name == "body"
		t.parts = append(t.parts, part{before, name})
		s = after
	}
	if t.parts != nil {
		t.plain = s // the rest
	}
	return t, nil
}

func known(name string) bool {
	for _, v := range variables {
		if v == name {
			return true
		}
	}
	return false
}

// original is what variables speak of.
type original struct {
	situation
	status string // of the response that is replaced; "" for a request
	body   string
}

func (t *text) render(o *original) string {
	if t.parts == nil {
		return t.plain
	}
	var out strings.Builder
	for _, p := range t.parts {
		out.WriteString(p.before)
		out.WriteString(t.escape(o.value(p.variable)))
	}
	out.WriteString(t.plain)
	return out.String()
}

func (o *original) value(variable string) string {
	switch variable {
	case "status":
		return o.status
	case "request_id":
		return requestHeader(o.ctx, "x-request-id")
	case "method":
		return o.ctx.Method()
	case "host":
		return o.ctx.Host()
	case "path":
		return o.ctx.Path()
	case "details":
		if o.status == "" {
			return ""
		}
		return o.codeDetails()
	}
	return o.body
}
