package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
)

// Config has no fields: requests are checked where the plugin has a configuration, global or of a rule.
type Config struct{ independent.Global }

func parseConfig(field.Object, *Config) error { return nil }
