package main

import (
	"errors"
	"fmt"

	"github.com/tidwall/gjson"
)

// defaultStatus is the status of refusals where none, or none that a response can have, is configured.
const defaultStatus = 403

var errNoRules = errors.New("there is no block rules")

// Config is the global configuration, or that of a rule.
type Config struct {
	urls    urlRules
	headers *keywords // nil: headers are not examined
	bodies  *keywords // nil: bodies are not examined

	status  uint32
	message []byte

	// failure is why the global configuration is unusable. It is reported by the first rule: the SDK drops a global
	// configuration that does not parse when there are rules, and a gateway must not run on half of it.
	failure error
}

// parseConfig reads the global configuration.
func parseConfig(json gjson.Result, config *Config) error {
	err := config.parse(json)
	if err != nil && err != errNoRules && len(json.Get("_rules_").Array()) > 0 {
		config.failure = err
		return nil
	}
	return err
}

// parseRuleConfig reads a rule. It inherits nothing.
func parseRuleConfig(json gjson.Result, global Config, config *Config) error {
	if global.failure != nil {
		return fmt.Errorf("global configuration: %w", global.failure)
	}
	return config.parse(json)
}

func (c *Config) parse(json gjson.Result) error {
	sensitive, err := boolean(json, "case_sensitive")
	if err != nil {
		return err
	}
	if err := c.urls.parse(json, !sensitive); err != nil {
		return err
	}
	headers, err := texts(json, "block_headers")
	if err != nil {
		return err
	}
	bodies, err := texts(json, "block_bodies")
	if err != nil {
		return err
	}
	older, err := texts(json, "block_bodys")
	if err != nil {
		return err
	}
	c.headers = newKeywords(headers, !sensitive)
	c.bodies = newKeywords(append(bodies, older...), !sensitive)
	if c.urls.empty() && c.headers == nil && c.bodies == nil {
		return errNoRules
	}
	c.status = defaultStatus
	if status := json.Get("blocked_code").Int(); status > 100 && status < 600 {
		c.status = uint32(status)
	}
	c.message = []byte(json.Get("blocked_message").String())
	return nil
}

// texts reads a list of strings, or a single string, without the empty ones. Numbers and switches count as their text.
func texts(json gjson.Result, field string) ([]string, error) {
	value := json.Get(field)
	if value.IsObject() {
		return nil, fmt.Errorf("%s: must be a list of strings", field)
	}
	var list []string
	for i, item := range value.Array() {
		if item.Type == gjson.JSON {
			return nil, fmt.Errorf("%s[%d]: must be a string", field, i)
		}
		if text := item.String(); text != "" {
			list = append(list, text)
		}
	}
	return list, nil
}

// boolean reads a switch: true, false, "true", "false", 1 or 0. Absent and null are false.
func boolean(json gjson.Result, field string) (bool, error) {
	v := json.Get(field)
	if !v.Exists() || v.Type == gjson.Null {
		return false, nil
	}
	switch v.Raw {
	case "true", `"true"`, "1":
		return true, nil
	case "false", `"false"`, "0":
		return false, nil
	}
	return false, fmt.Errorf("%s: must be true or false, not %s", field, v.Raw)
}
