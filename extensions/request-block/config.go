package main

import (
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
)

// defaultStatus is the status of refusals where none, or none that a response can have, is configured.
const defaultStatus = 403

const errNoRules independent.Nothing = "there is no block rules"

// Config is the global configuration, or that of a rule: nothing is inherited.
type Config struct {
	independent.Global

	urls    urlRules
	headers *keywords // nil: headers are not examined
	bodies  *keywords // nil: bodies are not examined

	status  uint32
	message []byte
}

// parseConfig reads a configuration.
func parseConfig(o field.Object, config *Config) error {
	sensitive, _, err := o.Bool("case_sensitive")
	if err != nil {
		return err
	}
	if err := config.urls.parse(o, !sensitive); err != nil {
		return err
	}
	headers, err := texts(o, "block_headers")
	if err != nil {
		return err
	}
	bodies, err := texts(o, "block_bodies")
	if err != nil {
		return err
	}
	older, err := texts(o, "block_bodys")
	if err != nil {
		return err
	}
	config.headers = newKeywords(headers, !sensitive)
	config.bodies = newKeywords(append(bodies, older...), !sensitive)
	if config.urls.empty() && config.headers == nil && config.bodies == nil {
		return errNoRules
	}
	config.status = defaultStatus
	if status := o.Get("blocked_code").Int(); status >= 200 && status < 600 {
		config.status = uint32(status)
	}
	config.message = []byte(o.Get("blocked_message").String())
	return nil
}

// texts reads a list of strings, or a single string, without the empty ones. Numbers and switches count as their text.
func texts(o field.Object, key string) ([]string, error) {
	value := o.Get(key)
	if value.IsObject() {
		return nil, o.FieldError(key, "must be a list of strings")
	}
	var list []string
	for i, item := range value.Array() {
		if item.Type == gjson.JSON {
			return nil, o.FieldError(field.Item(key, i), "must be a string")
		}
		if text := item.String(); text != "" {
			list = append(list, text)
		}
	}
	return list, nil
}
