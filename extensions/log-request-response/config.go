package main

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/status"
)

const defaultMaxSize = 10240 // bytes

var (
	requestTypes  = []string{"application/json", "application/xml", "application/x-www-form-urlencoded", "text/plain"}
	responseTypes = []string{"application/json", "application/xml", "text/plain", "text/html"}
	maskedHeaders = []string{"authorization", "proxy-authorization"}
)

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	request, response side
	maskHeaders       map[string]bool // lower case
	maskFields        map[string]bool // names of JSON members and form fields, lower case
	recordSize        bool
	conditions
}

// side is what is recorded of requests, or of responses.
type side struct {
	headers, body bool
	maxSize       int      // bytes of a body
	contentTypes  []string // parts of content types, lower case
}

// conditions say which exchanges are recorded; those that are not set say nothing.
type conditions struct {
	sampleRate float64 // 0 to 1
	methods    []string
	paths      []string // prefixes
	statuses   []string // "404", "5xx"
}

// parseConfig reads the global configuration, or a rule. The older fields take anything, as they always have.
func parseConfig(json gjson.Result, config *Config) error {
	config.request = parseSide(json.Get("request"), requestTypes)
	config.response = parseSide(json.Get("response"), responseTypes)
	o := field.Of(json)
	headers, set, err := o.Strings("mask_headers")
	if err != nil {
		return err
	}
	if !set {
		headers = maskedHeaders
	}
	config.maskHeaders = lowerSet(headers)
	fields, _, err := o.Strings("mask_fields")
	if err != nil {
		return err
	}
	config.maskFields = lowerSet(fields)
	if config.recordSize, _, err = o.Bool("record_size"); err != nil {
		return err
	}
	only, _, err := o.Object("only")
	if err != nil {
		return err
	}
	config.conditions, err = parseConditions(o, only)
	return err
}

func parseSide(json gjson.Result, types []string) side {
	s := side{
		headers:      lenient(json.Get("headers.enabled")),
		body:         lenient(json.Get("body.enabled")),
		maxSize:      int(min(json.Get("body.maxSize").Int(), 64<<20)),
		contentTypes: types,
	}
	if s.maxSize <= 0 {
		s.maxSize = defaultMaxSize
	}
	if list := json.Get("body.contentTypes").Array(); len(list) > 0 {
		s.contentTypes = nil
		for _, item := range list {
			s.contentTypes = append(s.contentTypes, strings.ToLower(item.String()))
		}
	}
	return s
}

// lenient reads a switch as it always was: true, texts that mean it, and numbers other than 0.
func lenient(v gjson.Result) bool { return v.Bool() }

func parseConditions(o, only field.Object) (c conditions, err error) {
	c.sampleRate = 1
	if rate := o.Get("sample_rate"); rate.Exists() {
		c.sampleRate, err = strconv.ParseFloat(rate.String(), 64)
		if err != nil || !(c.sampleRate >= 0 && c.sampleRate <= 1) {
			return c, o.FieldError("sample_rate", "must be a number from 0 to 1, not "+rate.Raw)
		}
	}
	if c.methods, _, err = only.Strings("methods"); err != nil {
		return c, err
	}
	if c.paths, _, err = only.Strings("path_prefixes"); err != nil {
		return c, err
	}
	for i, item := range only.Get("statuses").Array() {
		pattern, ok := status.Parse(item.String())
		if !ok {
			return c, only.FieldError(field.Item("statuses", i), `must be a status such as 404 or "5xx", not `+item.Raw)
		}
		c.statuses = append(c.statuses, pattern)
	}
	return c, nil
}

func lowerSet(names []string) map[string]bool {
	set := map[string]bool{}
	for _, name := range names {
		set[strings.ToLower(name)] = true
	}
	return set
}

// records tells whether a body of that type is recorded. missing is what counts where there is no type.
func (s *side) records(contentType string, missing bool) bool {
	if !s.body {
		return false
	}
	if contentType == "" {
		return missing
	}
	contentType = strings.ToLower(contentType)
	for _, part := range s.contentTypes {
		if strings.Contains(contentType, part) {
			return true
		}
	}
	return false
}
