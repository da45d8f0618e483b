package main

import (
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	way string // one of ways; "" for one at random
}

// The ways in which a request is logged.
const (
	wayCustomLog = "custom_log"
	wayAILog     = "ai_log"
	waySpan      = "span"
)

func parseConfig(json gjson.Result, config *Config) (err error) {
	config.way, err = field.Of(json).Enum("way", wayCustomLog, wayAILog, waySpan)
	return err
}
