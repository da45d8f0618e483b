package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/extensions/internal/model"
)

const defaultHeader = "x-higress-llm-model-final"

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	independent.Global
	key       string
	member    model.Member
	table     table
	suffixes  model.Suffixes
	header    string // that tells the final name
	multipart multipart
	maxBody   uint32
	restore   bool // the asked name in responses
}

// multipart is what becomes of forms.
type multipart uint8

const (
	pass multipart = iota
	whole
	stream
)

// parseConfig reads the global configuration, or a rule. The older fields take texts of any kind, as they always have.
func parseConfig(o field.Object, config *Config) (err error) {
	config.key = model.KeyOf(o)
	config.member = model.NewMember(config.key)
	if config.header = o.Get("modelToHeader").String(); config.header == "" {
		config.header = defaultHeader
	}
	config.suffixes = model.DefaultSuffixes
	if suffixes := o.JSON().Get("enableOnPathSuffix"); suffixes.Exists() {
		if !suffixes.IsArray() {
			return o.Error("enableOnPathSuffix must be an array")
		}
		config.suffixes = model.SuffixesOf(suffixes)
	}
	if config.table, err = parseTable(o); err != nil {
		return err
	}
	switch form, err := o.Enum("multipart", "pass", "whole", "stream"); {
	case err != nil:
		return err
	case form == "whole":
		config.multipart = whole
	case form == "stream":
		config.multipart = stream
	}
	if config.restore, _, err = o.Bool("restoreModel"); err != nil {
		return err
	}
	config.maxBody, err = model.MaxBody(o)
	return err
}
