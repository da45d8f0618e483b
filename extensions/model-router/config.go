package main

import (
	"slices"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/extensions/internal/model"
)

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	independent.Global
	key            string
	member         model.Member
	modelHeader    string // "" for none
	providerHeader string // "" for none
	everyPath      bool
	suffixes       model.Suffixes
	auto           *auto // nil: off
	stream         bool  // forms
	maxBody        uint32
	strip          bool // what clients say in the headers that this plugin sets
	places         places
	access         access
}

// parseConfig reads the global configuration, or a rule. The older fields take anything, as they always have.
func parseConfig(o field.Object, config *Config) (err error) {
	config.key = model.KeyOf(o)
	config.member = model.NewMember(config.key)
	config.modelHeader = o.Get("modelToHeader").String()
	config.providerHeader = o.Get("addProviderHeader").String()
	config.suffixes = model.DefaultSuffixes
	if suffixes := o.Get("enableOnPathSuffix"); suffixes.IsArray() {
		config.suffixes = model.SuffixesOf(suffixes)
		config.everyPath = slices.Contains(config.suffixes, "*")
	}
	if config.auto, err = parseAuto(o); err != nil {
		return err
	}
	form, err := o.Enum("multipart", "whole", "stream")
	if err != nil {
		return err
	}
	config.stream = form == "stream"
	if config.maxBody, err = model.MaxBody(o); err != nil {
		return err
	}
	if config.strip, _, err = o.Bool("stripClientHeaders"); err != nil {
		return err
	}
	if config.places, err = parsePlaces(o); err != nil {
		return err
	}
	config.access, err = parseAccess(o)
	return err
}

// acts tells whether the plugin reads bodies of requests with a path.
func (c *Config) acts(path string) bool { return c.everyPath || c.suffixes.Fit(path) }
