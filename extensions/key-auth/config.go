package main

import (
	"errors"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// Config is the global configuration, or that of a rule.
type Config = consumers.Config[authentication]

// authentication is what a configuration, or a rule with callers of its own, asks of a request.
type authentication struct {
	credentials *credentials
	hide        bool // remove the key before forwarding
	refusals    refusals
}

var table = consumers.Table[authentication]{
	Plugin:  "key-auth",
	Own:     []string{"consumers", "credentials"},
	Ignored: []string{"keys", "in_header", "in_query", "realm", "authorization_type"},
	Refused: []string{"hide_credentials"},
	Parse:   parseAuthentication,
}

func parseAuthentication(o field.Object) (*authentication, error) {
	auth := &authentication{}
	var err error
	if auth.hide, _, err = o.Bool("hide_credentials"); err != nil {
		return nil, err
	}
	realm, err := consumers.Realm(o)
	if err != nil {
		return nil, err
	}
	auth.refusals = newRefusals(realm)
	auth.credentials, err = parseCredentials(o)
	return auth, err
}

// parseCredentials reads where keys are looked for, and the keys of consumers or of nobody in particular.
func parseCredentials(o field.Object) (*credentials, error) {
	base, err := parseLookIn(o)
	if err != nil {
		return nil, err
	}
	named, nameless := o.JSON().Get("consumers"), o.JSON().Get("credentials").Exists()
	if named.Exists() && nameless {
		return nil, errors.New("consumers and credentials: only one of them can be set")
	}
	if len(base.keys) == 0 && (nameless || !everyConsumerHasKeys(named)) {
		return nil, errors.New("keys is required")
	}
	if !base.header && !base.query {
		return nil, errors.New("in_query and in_header: one of them must be true")
	}
	c := newCredentials()
	defer c.finish()
	if nameless {
		return c, c.addNameless(o, base)
	}
	list, err := consumers.List(o, "consumers")
	if err != nil {
		return nil, err
	}
	for _, consumer := range list {
		if err := c.addConsumer(consumer, base); err != nil {
			return nil, err
		}
	}
	return c, nil
}
