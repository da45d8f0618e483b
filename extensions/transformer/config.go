package main

import (
	"errors"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
)

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	independent.Global
	keepRoute         bool
	wantPlain         bool // drop accept-encoding where bodies of responses are read
	jsonSuffix        bool // application/*+json is JSON
	request, response *direction
}

// direction is what is done to requests, or to responses.
type direction struct {
	name                  string
	rules                 bool // there is at least one
	headers, querys, body []*item
	bodyLimit             int    // bytes
	hostLimit             uint32 // bytes that the host is asked to buffer
}

const defaultBodyLimit = 100 << 20

var errNoRules = errors.New("transformer rule not exist in yaml")

// parseConfig reads the global configuration, or a rule.
func parseConfig(o field.Object, config *Config) error {
	c := Config{Global: config.Global, request: &direction{name: "request"}, response: &direction{name: "response"}}
	requests, responses := o.JSON().Get("reqRules"), o.JSON().Get("respRules")
	if !requests.Exists() && !responses.Exists() {
		if o.JSON().Get("_rules_").IsArray() {
			*config = c // rules alone, beside switches that mean nothing by themselves
			return nil
		}
		return errNoRules
	}
	if reroute := o.JSON().Get("reroute"); reroute.Exists() {
		c.keepRoute = !reroute.Bool()
	}
	var err error
	if c.wantPlain, _, err = o.Bool("drop_accept_encoding"); err != nil {
		return err
	}
	if c.jsonSuffix, _, err = o.Bool("json_suffix_types"); err != nil {
		return err
	}
	templates, _, err := o.Bool("templates")
	if err != nil {
		return err
	}
	for _, d := range [...]struct {
		*direction
		rules, limit string
	}{{c.request, "reqRules", "max_request_body_bytes"}, {c.response, "respRules", "max_response_body_bytes"}} {
		limit, set, err := o.Int(d.limit, 1, body.MostBytes)
		if err != nil {
			return err
		}
		d.direction.bodyLimit, d.direction.hostLimit = defaultBodyLimit, defaultBodyLimit
		if set { // the edited body counts too
			d.direction.bodyLimit, d.direction.hostLimit = int(limit), uint32(2*limit+1<<20)
		}
		p := ruleParser{direction: d.direction, templates: templates}
		if err := p.parse(o.JSON().Get(d.rules), d.rules); err != nil {
			return err
		}
	}
	*config = c
	return nil
}

// readsBody tells whether there is something to do with bodies of responses, for any of them.
func (d *direction) readsBody() bool {
	return len(d.body) > 0 || bodyIsSource(d.headers) || bodyIsSource(d.querys)
}

func bodyIsSource(items []*item) bool {
	for _, i := range items {
		if i.readsBody() {
			return true
		}
	}
	return false
}
