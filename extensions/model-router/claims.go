package main

import (
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// mostPlaces bounds the places in one reading of a path that a pattern is looked for at.
const mostPlaces = 64

// claims are the models that a request's target names, in all ways in which a backend may read it.
type claims struct {
	names      []string // all must be allowed
	parts      []string // beginnings of names, up to a delimiter that is escaped there: must not be denied
	unreadable bool     // there is a name that nobody can know
}

// claimed finds what a target names: what find finds, and what other readers may take for the name.
func (p *places) claimed(target string) claims {
	var c claims
	path, text, _ := strings.Cut(target, "?")
	if p.paths != nil {
		p.claimedInPath(path, &c)
	}
	if p.parameter != "" {
		p.claimedInQuery(text, &c)
	}
	// Some backends end the query at a "#", which no client sends, and others do not.
	c.unreadable = c.unreadable || strings.IndexByte(target, '#') >= 0
	return c
}

// claimedInPath takes a name that is shorter in a decoded reading than as it was received for the beginning of that name.
func (p *places) claimedInPath(path string, c *claims) {
	type place struct{ pattern, at int }
	known := map[place]string{}
	for _, r := range readings(path) {
		for i := range p.paths {
			complete := p.paths[i].each(r.text, func(start, end int) {
				name, ok := r.text[start:end], true
				if r.escaped {
					name, ok = query.Percent(name)
				}
				here := place{i, r.origin(start)}
				whole, seen := known[here]
				switch {
				case !ok || here.at < 0:
				case !seen:
					known[here] = name
				case !r.raw && len(name) < len(whole) && strings.HasPrefix(whole, name):
					c.parts = append(c.parts, name)
					return
				}
				c.add(name, ok)
			})
			c.unreadable = c.unreadable || !complete
		}
	}
}

// each calls found for the names in a path that are not empty; false if there are too many places to look at.
func (p *pathPattern) each(path string, found func(start, end int)) bool {
	at := 0
	for range mostPlaces {
		span := p.expression.FindStringSubmatchIndex(path[at:])
		if span == nil {
			return true
		}
		next := max(span[1], span[0]+1)
		if span[2] >= 0 && span[2] < span[3] {
			found(at+span[2], at+span[3])
			next = span[3]
		}
		if at += next; p.anchored || at > len(path) {
			return true
		}
	}
	return false
}

// isAnchored tells whether an expression matches nowhere but at the beginning.
func isAnchored(pattern string) bool {
	expression, err := syntax.Parse(pattern, syntax.Perl)
	for err == nil && (expression.Op == syntax.OpConcat || expression.Op == syntax.OpCapture) && len(expression.Sub) > 0 {
		expression = expression.Sub[0]
	}
	return err == nil && expression.Op == syntax.OpBeginText
}

func (p *places) claimedInQuery(text string, c *claims) {
	values, empty := 0, false
	claim := func(pair string) {
		name, value, _ := strings.Cut(pair, "=")
		if !p.isParameter(name) {
			return
		}
		values++
		asForm, ok := query.Form(value)
		if ok && strings.TrimSpace(asForm) == "" {
			empty = true
		}
		if value == "" {
			return
		}
		c.add(asForm, ok)
		if asIs, _ := query.Percent(value); ok && asIs != asForm { // "+" is a space for some, a plus for others
			c.add(asIs, true)
		}
	}
	for pair := range strings.SplitSeq(text, "&") {
		claim(pair)
		if strings.IndexByte(pair, ';') < 0 {
			continue
		}
		for part := range strings.SplitSeq(pair, ";") { // which some take for another "&"
			claim(part)
		}
	}
	c.unreadable = c.unreadable || empty && values > 1 && len(c.names) > 0
}

// isParameter tells whether some backend may take a raw name for the parameter: in any case, without blanks around it, and
// as a list, model[] or model[0].
func (p *places) isParameter(raw string) bool {
	name, ok := query.Form(raw)
	if !ok {
		return false
	}
	name = strings.TrimSpace(name)
	if strings.EqualFold(name, p.parameter) {
		return true
	}
	list, _, ok := strings.Cut(name, "[")
	return ok && strings.EqualFold(list, p.parameter)
}

func (c *claims) add(name string, ok bool) {
	switch {
	case !ok, httpheader.HasControl(name):
		c.unreadable = true
	case !slices.Contains(c.names, name):
		c.names = append(c.names, name)
	}
}

// judge refuses a request whose target names a model that is not allowed, or that cannot be read. A backend may go by any of
// these names though the body has another.
func (r *request) judge() (action types.Action, refused bool) {
	c := r.config.places.claimed(r.ctx.Path())
	for _, name := range c.names {
		if !r.config.access.allows(name) {
			return r.refuseModel(name), true
		}
	}
	for _, name := range c.parts {
		if r.config.access.denies(name) {
			return r.refuseModel(name), true
		}
	}
	if c.unreadable {
		return refuse(400, unreadable, "the model of this request cannot be read"), true
	}
	return types.ActionContinue, false
}
