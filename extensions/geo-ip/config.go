package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/address"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// Config is the global configuration, or that of a rule: nothing is inherited.
type Config struct {
	independent.Global

	off    bool // nothing is looked up
	client address.Source
	tables *lookup
}

// parseConfig reads a configuration.
func parseConfig(o field.Object, config *Config) error {
	switch protocol := o.Get("ip_protocol").String(); protocol {
	case "", "ipv4":
	case "ipv6":
		config.off = true
		log.Warn("ip_protocol: nothing is looked up, because there is no data about IPv6 addresses")
	default:
		log.Warn("ip_protocol: ipv4 is used instead of " + protocol)
	}
	var err error
	if config.client, err = address.ParseSource(o); err != nil {
		return err
	}
	config.tables, err = parseTables(o)
	return err
}
