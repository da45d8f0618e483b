package main

import (
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	find, replace []byte // find nil: every chunk becomes "test\n"
}

// parseConfig takes any object; other fields are ignored.
func parseConfig(json gjson.Result, config *Config) error {
	o := field.Of(json)
	find, set, err := o.String("find")
	if err != nil {
		return err
	}
	if set && find == "" {
		return o.FieldError("find", "must not be empty")
	}
	replace, replaces, err := o.String("replace")
	if err != nil {
		return err
	}
	if replaces && !set {
		return o.FieldError("replace", "needs find")
	}
	if set {
		config.find, config.replace = []byte(find), []byte(replace)
	}
	return nil
}
