package main

import (
	"errors"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

var errNoHeader = errors.New("no header key specified")

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct{ attributes []attribute }

// attribute is a tag and where its value comes from.
type attribute struct {
	source string // one of the constants
	key    string // headers: in lower case
	tag    string
}

const (
	sourceHeader = "header"
	sourceCookie = "cookie"
	sourceQuery  = "query"
)

func parseConfig(json gjson.Result, config *Config) error {
	o := field.Of(json)
	header, _, err := o.String("headerKey")
	if err != nil {
		return err
	}
	if header != "" {
		config.attributes = append(config.attributes, attribute{sourceHeader, strings.ToLower(header), header})
	}
	list, _, err := o.Objects("attributes")
	if err != nil {
		return err
	}
	for _, item := range list {
		a, err := parseAttribute(item)
		if err != nil {
			return err
		}
		config.attributes = append(config.attributes, a)
	}
	if len(config.attributes) == 0 {
		return errNoHeader
	}
	return nil
}

func parseAttribute(o field.Object) (a attribute, err error) {
	if a.source, err = o.Enum("source", sourceHeader, sourceCookie, sourceQuery); err != nil {
		return a, err
	}
	if a.key, err = o.Required("key"); err != nil {
		return a, err
	}
	tag, set, err := o.String("tag")
	if err != nil {
		return a, err
	}
	if set && tag == "" {
		return a, o.FieldError("tag", "must not be empty")
	}
	a.tag = tag
	if !set {
		a.tag = a.key
	}
	if a.source == "" || a.source == sourceHeader {
		a.source, a.key = sourceHeader, strings.ToLower(a.key)
	}
	return a, nil
}
