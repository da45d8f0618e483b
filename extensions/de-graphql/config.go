package main

import (
	"errors"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	defaultEndpoint = "/graphql"
	defaultTimeout  = 5000 // ms
)

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	independent.Global
	client    wrapper.HttpClient
	endpoint  string
	timeout   uint32 // ms
	head      string // of the call's body: up to the variables
	variables []variable
	pattern   pathPattern // nil: none
	readsBody bool        // some variable is in the request's body
	maxBody   uint32      // bytes of it; 0: what the host buffers anyway

	answerPath  string // GJSON path; "" for the whole answer
	errorStatus uint32 // of answers with GraphQL errors; 0: as they come
	debug       bool
}

func parseConfig(o field.Object, config *Config) error {
	document, _, err := o.String("gql")
	if err != nil {
		return err
	}
	if strings.TrimSpace(document) == "" {
		return errors.New("gql can't be empty")
	}
	if err := config.parseCall(o); err != nil {
		return err
	}
	operation, _, err := o.String("operationName")
	if err != nil {
		return err
	}
	config.head = `{"query":` + jsonString(document)
	if operation != "" {
		config.head += `,"operationName":` + jsonString(operation)
	}
	if err := config.parseVariables(o, document); err != nil {
		return err
	}
	maxBody, _, err := o.Int("max_body_bytes", 1, body.MostBytes)
	if err != nil {
		return err
	}
	config.maxBody = uint32(maxBody)
	if config.answerPath, _, err = o.String("response_path"); err != nil {
		return err
	}
	status, _, err := o.Int("error_status", 400, 599)
	if err != nil {
		return err
	}
	config.errorStatus = uint32(status)
	debug, set, err := o.Bool("debug_headers")
	config.debug = debug || !set
	return err
}

// parseCall reads where the call goes.
func (c *Config) parseCall(o field.Object) error {
	endpoint, _, err := o.String("endpoint")
	if err != nil {
		return err
	}
	if c.endpoint = strings.TrimSpace(endpoint); c.endpoint == "" {
		c.endpoint = defaultEndpoint
	}
	if _, err := url.Parse(c.endpoint); err != nil || strings.ContainsAny(c.endpoint, "\r\n ") {
		return o.FieldError("endpoint", "must be a path or a URL, not "+strconv.Quote(c.endpoint))
	}
	domain, _, err := o.String("domain")
	if err != nil {
		return err
	}
	timeout, _, err := o.Int("timeout", math.MinInt32, math.MaxInt32)
	if err != nil {
		return err
	}
	c.timeout = defaultTimeout
	if timeout > 0 {
		c.timeout = uint32(timeout)
	}
	c.client = wrapper.NewClusterClient(wrapper.RouteCluster{Host: domain})
	return nil
}

// parseVariables joins what the document defines with what the configuration says of it.
func (c *Config) parseVariables(o field.Object, document string) error {
	pattern, _, err := o.String("path_pattern")
	if err != nil {
		return err
	}
	if c.pattern, err = parsePattern(pattern); err != nil {
		return o.FieldError("path_pattern", err.Error())
	}
	c.variables = definitions(document)
	list, _, err := o.Objects("variables")
	if err != nil {
		return err
	}
	for _, item := range list {
		if err := c.parseVariable(item); err != nil {
			return err
		}
	}
	known := c.variables[:0]
	for _, v := range c.variables {
		if v.kind != kindUnknown {
			known = append(known, v)
			c.readsBody = c.readsBody || v.source == sourceBody
		}
	}
	c.variables = known
	return nil
}

func (c *Config) parseVariable(o field.Object) error {
	name, err := o.Required("name")
	if err != nil {
		return err
	}
	var v *variable
	for i := range c.variables {
		if c.variables[i].name == name {
			v = &c.variables[i]
		}
	}
	if v == nil {
		return o.FieldError("name", "the document defines no $"+name)
	}
	kind, err := o.Enum("type", kindNames...)
	if err != nil {
		return err
	}
	if kind != "" {
		v.setKind(kind)
	}
	if v.kind == kindUnknown {
		return o.FieldError("type", "is required for $"+name)
	}
	source, err := o.Enum("source", sourceQuery, sourcePath, sourceBody)
	if err != nil {
		return err
	}
	if source != "" {
		v.source = source
	}
	key, set, err := o.String("key")
	if err != nil {
		return err
	}
	if set && key != "" {
		v.key = key
	}
	v.query = body.ParseQuery(v.key)
	if v.source == sourcePath && !c.pattern.has(v.key) {
		return o.FieldError("key", "path_pattern has no {"+v.key+"}")
	}
	return nil
}
