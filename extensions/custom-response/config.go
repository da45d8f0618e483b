package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/template"
)

var errNoRules = errors.New("no valid config is found")

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	replacements replacements // of responses, by status
	mocks        []*rule      // answers to requests, in order; unused where there are replacements
}

// rule is one answer and the responses or requests that get it.
type rule struct {
	status  uint32 // 200 to 599
	headers []header
	body    template.Text
	conditions
	keepHeaders []string // of the response that is replaced; lower case
	maxBody     int      // bytes of the replaced response that ${body} may have; it is empty beyond that
}

const (
	defaultMaxBody = 1 << 20
	mostMaxBody    = 64 << 20 // a rendered body is in memory several times
)

// header is a configured header; the content type is among them, as the last.
type header struct {
	name  string
	value template.Text
}

// parseConfig reads the global configuration, or a rule, in one of two layouts: a list of rules, or one rule.
func parseConfig(json gjson.Result, config *Config) error {
	o := field.Of(json)
	if !o.Get("rules").IsArray() {
		r, statuses, err := parseRule(o)
		if err != nil {
			return err
		}
		config.mocks = []*rule{r}
		return config.replacements.add(o, r, statuses)
	}
	rules, _, err := o.Objects("rules")
	if err != nil {
		return err
	}
	for _, item := range rules {
		r, statuses, err := parseRule(item)
		if err != nil {
			return err
		}
		if len(statuses) == 0 && r.limitsResponses() && !r.limitsRequests() {
			return item.Error("enable_on_source, enable_on_details and enable_on_flags need enable_on_status")
		}
		if len(statuses) == 0 {
			config.addMock(r)
			continue
		}
		if err := config.replacements.add(item, r, statuses); err != nil {
			return err
		}
	}
	if len(config.mocks) == 0 && config.replacements.empty() {
		return errNoRules
	}
	return nil
}

// addMock keeps the rules up to the first without conditions: it answers everything, so later ones never would.
func (c *Config) addMock(r *rule) {
	if n := len(c.mocks); n > 0 && !c.mocks[n-1].limitsRequests() {
		return
	}
	c.mocks = append(c.mocks, r)
}

func parseRule(o field.Object) (*rule, []string, error) {
	r := &rule{status: 200}
	var err error
	if r.conditions, err = parseConditions(o); err != nil {
		return nil, nil, err
	}
	if value := o.JSON().Get("status_code"); value.Exists() {
		code, err := strconv.Atoi(value.String())
		if err != nil || code < 200 || code > 599 {
			return nil, nil, o.Error("invalid status code value: " + value.String())
		}
		r.status = uint32(code)
	}
	templates, _, err := o.Bool("templates")
	if err != nil {
		return nil, nil, err
	}
	if err := r.parseAnswer(o, templates); err != nil {
		return nil, nil, err
	}
	maxBody, err := o.IntOr("max_body_bytes", 1, mostMaxBody, defaultMaxBody)
	if err != nil {
		return nil, nil, err
	}
	r.maxBody = int(maxBody)
	keep, _, err := o.Strings("keep_headers")
	if err != nil {
		return nil, nil, err
	}
	for i, name := range keep {
		if strings.HasPrefix(name, ":") || strings.EqualFold(name, "content-length") || strings.EqualFold(name, "content-encoding") {
			return nil, nil, o.FieldError(field.Item("keep_headers", i), name+" belongs to the body that is replaced")
		}
		r.keepHeaders = append(r.keepHeaders, strings.ToLower(name))
	}
	var statuses []string
	for _, item := range o.Get("enable_on_status").Array() {
		statuses = append(statuses, item.String())
	}
	return r, statuses, nil
}

// parseAnswer reads headers and body.
func (r *rule) parseAnswer(o field.Object, templates bool) error {
	body := o.Get("body").String()
	contentType := ""
	for i, item := range o.Get("headers").Array() {
		name, value, ok := strings.Cut(item.String(), "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || strings.ContainsAny(name+value, "\r\n\x00") {
			return o.Error("invalid header pair format: " + item.String())
		}
		switch strings.ToLower(name) {
		case "content-length":
		case "content-type":
			contentType = value
		default:
			parsed, err := parseText(value, templates, template.Plain, headerVariables)
			if err != nil {
				return o.FieldError(field.Item("headers", i), err.Error())
			}
			r.headers = append(r.headers, header{name, parsed})
		}
	}
	parsed, err := parseText(body, templates, template.PlaceOfBody(body, contentType), bodyVariables)
	if err != nil {
		return o.FieldError("body", err.Error())
	}
	r.body = parsed
	if contentType == "" && body != "" {
		contentType = typeOf(parsed)
	}
	if contentType != "" {
		r.headers = append(r.headers, header{"content-type", template.Literal(contentType)})
	}
	return nil
}

// typeOf is the content type of a body for which none is configured. One with variables is JSON if it is with numbers in their
// places, which can stand inside and outside of strings.
func typeOf(body template.Text) string {
	if gjson.Valid(body.Render(func(string) string { return "1" })) {
		return "application/json; charset=utf-8"
	}
	return "text/plain; charset=utf-8"
}
