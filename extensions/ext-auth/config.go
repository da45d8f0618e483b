package main

import (
	"errors"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
)

const (
	defaultStatusOnError = 403
	defaultSuccess       = 200
)

// Config is the global configuration, or that of a rule: nothing is inherited.
type Config struct {
	independent.Global

	service  service
	question question
	answer   answer
	exempt   exemptions

	withBody bool
	maxBody  int64 // bytes

	allowFailures bool // requests pass when there is no verdict
	markFailures  bool // and are marked then
	statusOnError uint32

	stripConsumer bool // of all requests, before anything else
}

// parseConfig reads a configuration.
func parseConfig(o field.Object, config *Config) error {
	service, set, err := o.Object("http_service")
	switch {
	case err != nil:
		return err
	case !set:
		return errors.New("missing http_service in config")
	}
	if err := config.parseService(service); err != nil {
		return err
	}
	if err := config.exempt.parse(o); err != nil {
		return err
	}
	if config.allowFailures, _, err = o.Bool("failure_mode_allow"); err != nil {
		return err
	}
	if config.markFailures, _, err = o.Bool("failure_mode_allow_header_add"); err != nil {
		return err
	}
	if config.statusOnError, err = refusal.Status(o, "status_on_error", defaultStatusOnError); err != nil {
		return err
	}
	if config.answer.success, err = parseStatuses(o, "success_statuses"); err != nil {
		return err
	}
	if config.answer.keepsClients, _, err = o.Bool("keep_client_headers"); err != nil {
		return err
	}
	config.stripConsumer, _, err = o.Bool("strip_consumer_header")
	return err
}

// parseService reads http_service.
func (c *Config) parseService(o field.Object) error {
	if err := c.service.parse(o); err != nil {
		return err
	}
	request, _, err := o.Object("authorization_request")
	if err != nil {
		return err
	}
	if c.withBody, _, err = request.Bool("with_request_body"); err != nil {
		return err
	}
	if c.withBody && c.service.method != "" && !mayHaveBody(c.service.method) {
		return errors.New("requestMethod " + c.service.method + " does not support with_request_body set to true")
	}
	if c.maxBody, err = request.PositiveOr("max_request_body_bytes", 1<<32-1, 10<<20); err != nil {
		return err
	}
	if err := c.question.parse(request, c.service.forwards()); err != nil {
		return err
	}
	response, _, err := o.Object("authorization_response")
	if err != nil {
		return err
	}
	c.answer.asksConsumer = c.question.selected.has(httpheader.Consumer)
	return c.answer.parse(response)
}

func mayHaveBody(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS":
		return false
	}
	return true
}

// statuses are the statuses of answers that let a request pass, by status less 200.
type statuses [100]bool

func (s *statuses) has(status int) bool {
	return status >= 200 && status <= 299 && s[status-200]
}

// parseStatuses reads a list of statuses, or a single one; "2xx" stands for all of that class. No others can let a request
// pass: 3xx and 4xx are meant for the client, and 5xx is a failure.
func parseStatuses(o field.Object, key string) (s statuses, err error) {
	v := o.Get(key)
	if !v.Exists() {
		s[defaultSuccess-200] = true
		return s, nil
	}
	items := []gjson.Result{v}
	if v.IsArray() {
		items = v.Array()
	}
	if len(items) == 0 {
		return s, o.FieldError(key, "must not be empty")
	}
	for i, item := range items {
		place := key
		if v.IsArray() {
			place = field.Item(key, i)
		}
		if item.Type == gjson.String && item.Str == "2xx" {
			for status := range s {
				s[status] = true
			}
			continue
		}
		status, err := strconv.Atoi(item.String())
		if err != nil || item.Type == gjson.JSON || status < 200 || status > 299 {
			return s, o.FieldError(place, "must be a status between 200 and 299, or 2xx, not "+item.Raw)
		}
		s[status-200] = true
	}
	return s, nil
}
