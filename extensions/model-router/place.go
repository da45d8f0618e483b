package main

import (
	"regexp"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// places are where, in the target of a request, the model's name is if the body has none.
type places struct {
	paths     []pathPattern
	parameter string // of the query; "" for none
}

// pathPattern is an expression whose first group is the name.
type pathPattern struct {
	expression *regexp.Regexp
	anchored   bool // it matches nowhere but at the beginning
}

func parsePlaces(o field.Object) (p places, err error) {
	patterns, _, err := o.Strings("modelInPath")
	if err != nil {
		return p, err
	}
	for i, pattern := range patterns {
		place := field.Item("modelInPath", i)
		expression, err := regexp.Compile(pattern)
		if err != nil {
			return p, o.FieldError(place, err.Error())
		}
		if expression.NumSubexp() == 0 {
			return p, o.FieldError(place, "must have a group, which is the model's name")
		}
		p.paths = append(p.paths, pathPattern{expression, isAnchored(pattern)})
	}
	parameter, set, err := o.String("modelInQuery")
	if set && parameter == "" {
		return p, o.FieldError("modelInQuery", "must not be empty")
	}
	p.parameter = parameter
	return p, err
}

func (p *places) none() bool { return p.paths == nil && p.parameter == "" }

// place is a name in a request's target.
type place struct {
	name     string // decoded
	raw      string // as it stands there
	target   string // of the request
	at       int    // where raw begins in the path; -1 if it is in the query
	disputed bool   // the parameter has other values too
	query    string // the parameter's name
}

// find returns the name to route by. It looks in the path first. Names that are empty or malformed are none.
func (p *places) find(target string) *place {
	path, _, _ := strings.Cut(target, "?")
	for _, pattern := range p.paths {
		span := pattern.expression.FindStringSubmatchIndex(path)
		if span == nil || span[2] < 0 {
			continue
		}
		raw := path[span[2]:span[3]]
		if name, ok := query.Percent(raw); ok && name != "" {
			return &place{name: name, raw: raw, target: target, at: span[2]}
		}
	}
	if p.parameter == "" {
		return nil
	}
	found := &place{target: target, at: -1, query: p.parameter}
	values := 0
	text, _ := query.Of(target)
	for pair := range query.Pairs(text) {
		if name, ok := query.Form(pair.Name); ok && name == p.parameter {
			values++
			found.disputed = found.disputed || values > 1 && pair.Value != found.raw
			found.raw = pair.Value
		}
	}
	name, ok := query.Form(found.raw)
	if !ok || name == "" {
		return nil
	}
	found.name = name
	return found
}

// withModel is the request's target with what follows the provider as name, or with the whole name where whole is set. All
// values of the parameter become it.
func (p *place) withModel(whole bool) string {
	raw := p.raw
	if !whole {
		raw = raw[afterSlash(raw):]
	}
	if p.at >= 0 {
		return p.target[:p.at] + raw + p.target[p.at+len(p.raw):]
	}
	var out strings.Builder
	bare, rest, _ := strings.Cut(p.target, "?")
	parameters, fragment, hasFragment := strings.Cut(rest, "#")
	out.WriteString(bare)
	divider := byte('?')
	for pair := range query.Pairs(parameters) {
		out.WriteByte(divider)
		divider = '&'
		out.WriteString(pair.Name)
		if name, ok := query.Form(pair.Name); ok && name == p.query {
			out.WriteByte('=')
			out.WriteString(raw)
			continue
		}
		if pair.HasValue {
			out.WriteByte('=')
			out.WriteString(pair.Value)
		}
	}
	if hasFragment {
		out.WriteByte('#')
		out.WriteString(fragment)
	}
	return out.String()
}

// afterSlash is where a name continues after its first slash, which may be percent-encoded; 0 if there is none.
func afterSlash(raw string) int {
	for i := 0; i < len(raw); i++ {
		if raw[i] == '/' {
			return i + 1
		}
		if i+2 < len(raw) && strings.EqualFold(raw[i:i+3], "%2f") {
			return i + 3
		}
	}
	return 0
}
