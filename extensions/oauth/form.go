package main

import "github.com/wasmplane/wasmplane/extensions/internal/query"

// value is that of a parameter.
type value struct {
	text  string
	given bool
}

// parameters are those of a token request (RFC 6749, sections 4.4.2 and 2.3.1).
type parameters struct {
	grant, id, secret, scope value
}

// parseParameters reads a query or a form. Percent-encoding is undone where it is well-formed, "+" stays "+", and of
// equal names the first counts.
func parseParameters(text string) (p parameters) {
	for pair := range query.Pairs(text) {
		place := p.place(query.Lenient(pair.Name))
		if place == nil || place.given {
			continue
		}
		*place = value{query.Lenient(pair.Value), true}
	}
	return p
}

func (p *parameters) place(name string) *value {
	switch name {
	case "grant_type":
		return &p.grant
	case "client_id":
		return &p.id
	case "client_secret":
		return &p.secret
	case "scope":
		return &p.scope
	}
	return nil
}
