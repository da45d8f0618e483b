package main

import (
	"regexp"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
)

const (
	defaultStatus  = 403
	defaultMessage = "Invalid User-Agent"
)

// Config is the global configuration, or that of a rule: nothing is inherited. The built-in list applies to all.
type Config struct {
	independent.Global

	allow []*regexp.Regexp
	deny  []*regexp.Regexp

	status  uint32
	message []byte
}

// parseConfig reads a configuration.
func parseConfig(o field.Object, config *Config) error {
	var err error
	if config.allow, err = expressions(o, "allow"); err != nil {
		return err
	}
	if config.deny, err = expressions(o, "deny"); err != nil {
		return err
	}
	if config.status, err = refusal.Status(o, "blocked_code", defaultStatus); err != nil {
		return err
	}
	message, err := o.StringOr("blocked_message", defaultMessage)
	config.message = []byte(message)
	return err
}

// expressions reads a list. What is no list is ignored, as ever. An empty expression matches every agent: it may only
// deny.
func expressions(o field.Object, key string) ([]*regexp.Regexp, error) {
	value := o.Get(key)
	if value.Exists() && !value.IsArray() {
		log.Error(o.Place(key) + ": is ignored, it must be a list")
		return nil, nil
	}
	var list []*regexp.Regexp
	for i, item := range value.Array() {
		place := field.Item(key, i)
		if item.Type != gjson.String {
			return nil, o.FieldError(place, "must be a string")
		}
		if item.Str == "" && key == "allow" {
			return nil, o.FieldError(place, "must not be empty")
		}
		expression, err := regexp.Compile(item.Str)
		if err != nil {
			return nil, o.FieldError(place, err.Error())
		}
		list = append(list, expression)
	}
	return list, nil
}
