package main

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// condition looks at a request; all that is set must hold.
type condition struct {
	headers, parameters []accepted
	consumers           []string // nil: any, and none
}

// accepted is a header or query parameter and the values that will do; without any the name must be there.
type accepted struct {
	name   string
	values []string
}

func parseConditions(o field.Object, index int, item gjson.Result) ([]condition, error) {
	place := field.Item("rules", index) + ".conditions"
	list := item.Get("conditions")
	if !list.Exists() || list.Type == gjson.Null {
		return nil, nil
	}
	if !list.IsArray() {
		return nil, o.FieldError(place, "must be a list of objects")
	}
	var conditions []condition
	for i, json := range list.Array() {
		at := field.Item(place, i)
		if !json.IsObject() {
			return nil, o.FieldError(at, "must be an object")
		}
		c, err := parseCondition(o, at, json)
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, c)
	}
	return conditions, nil
}

func parseCondition(o field.Object, at string, json gjson.Result) (c condition, err error) {
	if c.headers, err = parseAccepted(o, at+".headers", json.Get("headers")); err != nil {
		return c, err
	}
	for i, h := range c.headers {
		c.headers[i].name = strings.ToLower(h.name)
	}
	if c.parameters, err = parseAccepted(o, at+".query", json.Get("query")); err != nil {
		return c, err
	}
	if consumers := json.Get("consumers"); consumers.Exists() && consumers.Type != gjson.Null {
		if c.consumers, err = parseTexts(o, at+".consumers", consumers); err != nil {
			return c, err
		}
		if len(c.consumers) == 0 {
			return c, o.FieldError(at+".consumers", "must not be empty")
		}
		if i := slices.Index(c.consumers, ""); i >= 0 {
			return c, o.FieldError(field.Item(at+".consumers", i), "must not be empty")
		}
	}
	if len(c.headers) == 0 && len(c.parameters) == 0 && c.consumers == nil {
		return c, o.FieldError(at, "must have headers, query or consumers")
	}
	return c, nil
}

func parseAccepted(o field.Object, at string, json gjson.Result) (list []accepted, err error) {
	if !json.Exists() || json.Type == gjson.Null {
		return nil, nil
	}
	if !json.IsObject() {
		return nil, o.FieldError(at, "must be an object of names and lists of values")
	}
	json.ForEach(func(key, value gjson.Result) bool {
		a := accepted{name: key.String()}
		if a.name == "" {
			err = o.FieldError(at, "must not have an empty name")
			return false
		}
		a.values, err = parseTexts(o, at+"."+a.name, value)
		list = append(list, a)
		return err == nil
	})
	return list, err
}

// parseTexts reads a list of texts or numbers, or one of them.
func parseTexts(o field.Object, at string, json gjson.Result) ([]string, error) {
	var texts []string
	for i, item := range json.Array() {
		if item.Type != gjson.String && item.Type != gjson.Number {
			return nil, o.FieldError(field.Item(at, i), "must be a string")
		}
		texts = append(texts, item.String())
	}
	return texts, nil
}

func (c *condition) match(v *visit) bool {
	for _, h := range c.headers {
		if !v.hasHeader(h) {
			return false
		}
	}
	for _, p := range c.parameters {
		if !v.hasParameter(p) {
			return false
		}
	}
	return c.consumers == nil || slices.Contains(c.consumers, httpheader.First(v.headers, httpheader.Consumer))
}

func (a *accepted) accepts(value string) bool {
	return len(a.values) == 0 || slices.Contains(a.values, value)
}

func (v *visit) hasHeader(wanted accepted) bool {
	return slices.ContainsFunc(v.headers, func(h [2]string) bool {
		return h[0] == wanted.name && wanted.accepts(h[1])
	})
}

func (v *visit) hasParameter(wanted accepted) bool {
	if !v.parametersRead {
		v.parametersRead = true
		v.parameters = query.Params(v.target.rest)
	}
	return slices.ContainsFunc(v.parameters, func(p query.Param) bool {
		return p.Name == wanted.name && wanted.accepts(p.Value)
	})
}
