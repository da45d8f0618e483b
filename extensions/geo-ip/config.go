package main

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/address"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/log"
)

const defaultHeader = "X-Forwarded-For"

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
	if config.client, err = parseClient(o); err != nil {
		return err
	}
	config.tables, err = parseTables(o)
	return err
}

// parseClient reads where the client's address is taken from.
func parseClient(o field.Object) (address.Source, error) {
	name, _, err := o.String("ip_header_name")
	if err != nil {
		return address.Source{}, err
	}
	switch kind := o.Get("ip_source_type").String(); kind {
	case "header":
		if name == "" {
			name = defaultHeader
		}
		return address.Source{Header: strings.ToLower(name)}, nil
	case "", "origin-source":
	default:
		log.Warn("ip_source_type: origin-source is used instead of " + kind)
	}
	return address.Source{}, nil
}
