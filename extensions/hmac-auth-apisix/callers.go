package main

import (
	"errors"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// caller is who signs with an access key.
type caller struct {
	key, secret, name string
	notAllowed        consumers.Refusal
}

func (a *authentication) parseCallers(o field.Object) error {
	list, err := consumers.List(o, "consumers")
	if err != nil {
		return err
	}
	a.callers, a.names = make(map[string]*caller, len(list)), make(map[string]bool, len(list))
	for _, entry := range list {
		c, err := parseCaller(entry)
		if err != nil {
			return err
		}
		if a.callers[c.key] != nil {
			return errors.New("duplicate consumer access_key: " + c.key)
		}
		a.callers[c.key], a.names[c.name] = c, true
	}
	return nil
}

func parseCaller(entry field.Object) (*caller, error) {
	c := &caller{}
	for _, required := range []struct {
		name  string
		value *string
	}{{"access_key", &c.key}, {"secret_key", &c.secret}} {
		value, _, err := consumers.Scalar(entry, required.name)
		if err != nil {
			return nil, err
		}
		if value == "" {
			return nil, entry.FieldError(required.name, "consumer "+required.name+" is required")
		}
		*required.value = value
	}
	name, _, err := consumers.Scalar(entry, "name")
	if err != nil {
		return nil, err
	}
	if name == "" {
		c.name = c.key
		err = consumers.FitsHeader(entry, "access_key", c.name)
	} else {
		c.name = name
		err = consumers.FitsHeader(entry, "name", c.name)
	}
	c.notAllowed = refused("not_allowed", "consumer '"+escaped(c.name)+"' is not allowed")
	return c, err
}
