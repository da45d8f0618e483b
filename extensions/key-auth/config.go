package main

import (
	"errors"
	"strings"

	"github.com/tidwall/gjson"
)

// defaultRealm is the realm of the WWW-Authenticate header when none is configured.
const defaultRealm = "MSE Gateway"

// Config is the global configuration, or that of a rule.
type Config struct {
	access access
	allow  map[string]bool // consumers let through; only with accessAllowed
	realm  string

	credentials *credentials // nil where nobody can authenticate
	hide        bool         // remove the key before forwarding
	strip       bool         // remove the client's own X-Mse-Consumer first

	// failure is why the global configuration is unusable. It is reported by the first rule: the SDK drops a global
	// configuration that does not parse when there are rules, and a gateway must not run on half of it.
	failure error
}

// access says who may pass.
type access int

const (
	accessPublic   access = iota // no authentication
	accessConsumer               // any consumer
	accessAllowed                // consumers of the allow list
)

// parseConfig reads the global configuration.
func parseConfig(json gjson.Result, config *Config) error {
	hasRules := len(json.Get("_rules_").Array()) > 0
	err := config.parseGlobal(json, hasRules)
	if err != nil && hasRules {
		config.failure = err
		return nil
	}
	return err
}

func (c *Config) parseGlobal(json gjson.Result, hasRules bool) error {
	required, set, err := boolean(json, "global_auth")
	if err != nil {
		return err
	}
	c.access = accessPublic
	if required || !set && !hasRules {
		c.access = accessConsumer
	}
	return c.parseAuthentication(json)
}

// parseRuleConfig reads a rule. It takes everything from the global configuration but who may pass, unless it has
// consumers or credentials of its own.
func parseRuleConfig(json gjson.Result, global Config, config *Config) error {
	if global.failure != nil {
		return errors.New("global configuration: " + global.failure.Error())
	}
	*config = global
	disabled, _, err := boolean(json, "_disable_")
	if err != nil {
		return err
	}
	if disabled {
		config.access = accessPublic
		return nil
	}
	if json.Get("consumers").Exists() || json.Get("credentials").Exists() {
		config.access, config.allow = accessConsumer, nil
		return config.parseAuthentication(json)
	}
	allow := json.Get("allow")
	if !allow.Exists() {
		return errors.New("allow is required")
	}
	if len(allow.Array()) == 0 {
		return errors.New("allow cannot be empty")
	}
	if global.credentials == nil {
		return errors.New("allow: needs consumers in the global configuration")
	}
	config.access, config.allow = accessAllowed, map[string]bool{}
	for _, name := range allow.Array() {
		config.allow[name.String()] = true
	}
	return nil
}

// parseAuthentication reads keys, consumers and what belongs to them.
func (c *Config) parseAuthentication(json gjson.Result) error {
	var err error
	if c.hide, _, err = boolean(json, "hide_credentials"); err != nil {
		return err
	}
	if strip, set, err := boolean(json, "strip_consumer_header"); err != nil {
		return err
	} else if set {
		c.strip = strip
	}
	c.realm = defaultRealm
	if realm := json.Get("realm"); realm.Exists() {
		if realm.Type != gjson.String || strings.ContainsAny(realm.String(), "\r\n\x00") {
			return errors.New("realm: must be a string without line breaks")
		}
		c.realm = realm.String()
	}
	c.credentials, err = parseCredentials(json)
	return err
}

// boolean reads a switch: true, false, "true", "false", 1 or 0. set is false where the field is absent or null.
func boolean(json gjson.Result, field string) (value, set bool, err error) {
	v := json.Get(field)
	if !v.Exists() || v.Type == gjson.Null {
		return false, false, nil
	}
	switch v.Raw {
	case "true", `"true"`, "1":
		return true, true, nil
	case "false", `"false"`, "0":
		return false, true, nil
	}
	return false, false, errors.New(field + ": must be true or false, not " + v.Raw)
}
