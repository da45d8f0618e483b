package main

import (
	"cmp"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/origin"
	"github.com/wasmplane/wasmplane/extensions/internal/template"
)

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	rules   []*rule
	headers []header // set on every rewritten response
}

// rule rewrites responses that fit all its conditions.
type rule struct {
	status  string // exact, or a class such as "5xx"
	details []string
	flags   origin.Flags // one of them; 0: any
	body    string       // exact; "" with a nil pattern: any
	pattern *regexp.Regexp

	newStatus string
	newBody   template.Text
	typed     bool // a configured header says the new body's type
	keepsBody bool
	headers   []header
}

type header struct {
	name  string
	value template.Text
}

var variables = []string{"status", "body", "request_id", "method", "host", "path", "route", "details"}

// parseConfig reads the global configuration, or a rule.
func parseConfig(json gjson.Result, config *Config) error {
	o := field.Of(json)
	templates, _, err := o.Bool("templates")
	if err != nil {
		return err
	}
	rules, _, err := o.Objects("rules")
	if err != nil {
		return err
	}
	var contentType string
	if config.headers, contentType, err = parseHeaders(o, templates); err != nil {
		return err
	}
	for _, item := range rules {
		r, err := parseRule(item, templates, contentType)
		if err != nil {
			return err
		}
		config.rules = append(config.rules, r)
	}
	return nil
}

// parseRule reads a rule. contentType is what the common headers set.
func parseRule(o field.Object, templates bool, contentType string) (*rule, error) {
	r := &rule{}
	match, _, err := o.Object("match")
	if err != nil {
		return nil, err
	}
	if err := r.parseMatch(match); err != nil {
		return nil, err
	}
	if r.status == "" {
		return nil, o.Error("missing match.statuscode in config")
	}
	headers, ownType, err := parseHeaders(o, templates)
	if err != nil {
		return nil, err
	}
	r.headers, contentType = headers, cmp.Or(ownType, contentType)
	replace, _, err := o.Object("replace")
	if err != nil {
		return nil, err
	}
	r.newStatus = replace.Get("statuscode").String()
	if r.newStatus == "" {
		return nil, o.Error("missing replace.statuscode in config")
	}
	if n, err := strconv.Atoi(r.newStatus); err != nil || n < 200 || n > 599 {
		return nil, o.FieldError("replace.statuscode", "must be a status between 200 and 599, not "+strconv.Quote(r.newStatus))
	}
	body, given, err := replace.String("responsebody")
	if err != nil {
		return nil, err
	}
	r.keepsBody, r.typed = !given, contentType != ""
	if r.newBody, err = parseText(body, templates, template.PlaceOfBody(body, contentType)); err != nil {
		return nil, replace.FieldError("responsebody", err.Error())
	}
	return r, nil
}

func (r *rule) parseMatch(o field.Object) (err error) {
	r.status = strings.ToLower(o.Get("statuscode").String())
	if r.body, _, err = o.String("responsebody"); err != nil {
		return err
	}
	if expression, set, err := o.String("responsebody_pattern"); err != nil {
		return err
	} else if set {
		if r.pattern, err = regexp.Compile(expression); err != nil {
			return o.FieldError("responsebody_pattern", err.Error())
		}
	}
	if r.details, _, err = o.Strings("code_details"); err != nil {
		return err
	}
	flags, _, err := o.Strings("response_flags")
	if err != nil {
		return err
	}
	for i, name := range flags {
		flag, err := origin.ParseFlag(name)
		if err != nil {
			return o.FieldError(field.Item("response_flags", i), err.Error())
		}
		r.flags |= flag
	}
	return nil
}

// parseHeaders reads a list of objects with any number of names and values each. contentType is the last one among them.
func parseHeaders(o field.Object, templates bool) (headers []header, contentType string, err error) {
	objects, _, err := o.Objects("set_header")
	if err != nil {
		return nil, "", err
	}
	for _, object := range objects {
		object.JSON().ForEach(func(name, value gjson.Result) bool {
			if name.Str == "" || value.IsObject() || value.IsArray() || strings.ContainsAny(name.Str+value.String(), "\r\n\x00") {
				err = object.FieldError(name.Str, "must be a header's name and its value, without line breaks")
				return false
			}
			var text template.Text
			if text, err = parseText(value.String(), templates, template.Plain); err == nil && text.Uses("body") {
				err = errors.New("${body} cannot stand in a header")
			}
			if err != nil {
				err = object.FieldError(name.Str, err.Error())
				return false
			}
			h := header{strings.ToLower(name.Str), text}
			if headers = append(headers, h); h.name == "content-type" {
				contentType = value.String()
			}
			return true
		})
		if err != nil {
			return nil, "", err
		}
	}
	return headers, contentType, nil
}

func parseText(s string, templates bool, place template.Place) (template.Text, error) {
	if !templates {
		return template.Literal(s), nil
	}
	return template.Parse(s, place, variables...)
}
