package main

import (
	"strings"
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// Config is the global configuration, or that of a rule: nothing is inherited.
type Config struct {
	independent.Global

	secret []byte
	header string           // lower case
	clock  func() time.Time // what exp, nbf and iat are compared with
}

// parseConfig reads a configuration. Fields are read as text, and every configuration loads: one without a secret or a
// header refuses every request, and as a load error it could let every request pass where the gateway fails open.
func parseConfig(o field.Object, config *Config) error {
	config.secret = []byte(o.Get("token_secret_key").String())
	config.header = strings.ToLower(o.Get("token_headers").String())
	config.clock = time.Now
	if !applies(o) {
		return nil
	}
	if len(config.secret) == 0 {
		log.Error(o.Place("token_secret_key") + ": must not be empty; every request is refused")
	}
	switch {
	case config.header == "":
		log.Error(o.Place("token_headers") + ": must not be empty; every request is refused")
	case !httpheader.IsName(config.header):
		log.Error(o.Place("token_headers") + ": is no name of a header; every request is refused")
		config.header = ""
	}
	return nil
}

// applies tells whether requests can meet this configuration: rules without a global part have none.
func applies(o field.Object) bool {
	return !o.Has("_rules_") || o.Has("token_secret_key") || o.Has("token_headers")
}

// usable tells whether a token could be accepted.
func (c *Config) usable() bool { return len(c.secret) > 0 && c.header != "" }
