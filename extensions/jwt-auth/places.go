package main

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/cookie"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// places are where a consumer's tokens are looked for, in this order.
type places struct {
	headers []headerPlace
	params  []string
	cookies []string
}

type headerPlace struct {
	name   string // lower case
	prefix string // stands before the token, exactly
}

// defaultPlaces are used where a consumer names no place at all.
var defaultPlaces = places{
	headers: []headerPlace{{"authorization", "Bearer "}},
	params:  []string{"access_token"},
}

func parsePlaces(o field.Object) (p places, err error) {
	objects, _, err := o.Objects("from_headers")
	if err != nil {
		return p, err
	}
	for _, object := range objects {
		name, err := httpheader.RequiredName(object, "name")
		if err != nil {
			return p, err
		}
		prefix, _, err := consumers.Text(object, "value_prefix")
		if err != nil {
			return p, err
		}
		p.headers = append(p.headers, headerPlace{name, prefix})
	}
	if p.params, _, err = o.Strings("from_params"); err != nil {
		return p, err
	}
	if p.cookies, _, err = o.Strings("from_cookies"); err != nil {
		return p, err
	}
	if len(p.headers)+len(p.params)+len(p.cookies) == 0 {
		return defaultPlaces, nil
	}
	return p, nil
}

// found is a token's text and the place where it stands; one of header, param and cookie is set.
type found struct {
	text                  string
	header, param, cookie string
	ambiguous             bool // the place is there again with another value
}

// find appends the tokens that stand at a consumer's places.
func (p *places) find(r *request, list []found) []found {
	for _, place := range p.headers {
		value, state := consumers.Credential(r.headers, place.name)
		if state == consumers.Unusable {
			list = append(list, found{header: place.name, ambiguous: true})
			continue
		}
		if text, ok := strings.CutPrefix(value, place.prefix); ok && text != "" {
			list = append(list, found{text: text, header: place.name})
		}
	}
	for _, name := range p.params {
		if f := (found{param: name}); f.only(r.paramValues(name)) {
			list = append(list, f)
		}
	}
	for _, name := range p.cookies {
		if f := (found{cookie: name}); f.only(r.cookieValues(name)) {
			list = append(list, f)
		}
	}
	return list
}

// only takes the one value that is not empty. It returns false if there is none.
func (f *found) only(values []string) bool {
	for _, value := range values {
		if value == "" {
			continue
		}
		if f.text != "" && f.text != value {
			f.text, f.ambiguous = "", true
			return true
		}
		f.text = value
	}
	return f.text != ""
}

func (r *request) paramValues(name string) []string {
	if !r.paramsRead {
		r.params, r.paramsRead = query.Params(httpheader.First(r.headers, ":path")), true
	}
	var values []string
	for i := range r.params {
		if r.params[i].Name == name {
			values = append(values, r.params[i].Value)
		}
	}
	return values
}

// cookieValues returns the values of the cookies of that name, without double quotes around them. A cookie without "="
// has none.
func (r *request) cookieValues(name string) []string {
	var values []string
	for pair := range cookie.Pairs(r.headers) {
		if key, value, ok := cookie.Cut(pair); ok && key == name {
			values = append(values, unquoted(value))
		}
	}
	return values
}

func unquoted(value string) string {
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		return value[1 : len(value)-1]
	}
	return value
}
