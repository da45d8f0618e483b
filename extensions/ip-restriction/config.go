package main

import (
	"errors"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/address"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
)

const (
	defaultStatus  = 403
	defaultMessage = "Your IP address is blocked."
)

// Config is the global configuration, or that of a rule: nothing is inherited.
type Config struct {
	independent.Global

	client address.Source
	deny   bool // the networks are those that may not pass, not those that may
	listed *networks

	status uint32
	body   []byte
}

// parseConfig reads a configuration.
func parseConfig(o field.Object, config *Config) error {
	client, err := parseClient(o)
	if err != nil {
		return err
	}
	config.client = client
	if config.status, err = refusal.Status(o, "status", defaultStatus); err != nil {
		return err
	}
	message, err := o.StringOr("message", defaultMessage)
	if err != nil {
		return err
	}
	config.body = append(gjson.AppendJSONString([]byte(`{"message":`), message), '}')

	allowed, err := parseNetworks(o, "allow")
	if err != nil {
		return err
	}
	denied, err := parseNetworks(o, "deny")
	switch {
	case err != nil:
		return err
	case allowed != nil && denied != nil:
		return errors.New("allow and deny cannot be set at the same time")
	case allowed == nil && denied == nil:
		return errors.New("allow and deny cannot be empty at the same time")
	case denied != nil:
		config.deny, config.listed = true, denied
	default:
		config.listed = allowed
	}
	if feed := config.listed.feed; feed != nil {
		feed.start()
	}
	return nil
}

// parseClient reads where the client's address is taken from.
func parseClient(o field.Object) (address.Source, error) {
	source, err := address.ParseSource(o)
	if err != nil {
		return source, err
	}
	if source.Header == "" {
		for _, key := range []string{"trusted_cidrs", "trusted_hops"} {
			if o.Has(key) {
				return address.Source{}, o.FieldError(key, "needs ip_source_type header")
			}
		}
		return address.Source{}, nil
	}
	hops, _, err := o.Int("trusted_hops", 1, 100)
	if err != nil {
		return source, err
	}
	source.Hops = int(hops)
	if !o.Has("trusted_cidrs") {
		return source, nil
	}
	if hops > 0 {
		return source, errors.New("trusted_cidrs and trusted_hops: only one of them can be set")
	}
	var b address.Builder
	if _, err := addItems(&b, o, "trusted_cidrs"); err != nil {
		return source, err
	}
	source.Trusted, _ = b.Build()
	return source, nil
}
