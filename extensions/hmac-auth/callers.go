package main

import (
	"errors"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// caller is who signs with a key.
type caller struct {
	key, secret string
	name        string // "" if he has none
}

// parseCallers reads consumers, or credentials without names, by their keys.
func parseCallers(o field.Object) (map[string]caller, error) {
	nameless := o.JSON().Get("credentials").Exists()
	if nameless && o.JSON().Get("consumers").Exists() {
		return nil, errors.New("consumers and credentials: only one of them can be set")
	}
	place := "consumers"
	if nameless {
		place = "credentials"
	}
	list, err := consumers.List(o, place)
	if err != nil {
		return nil, err
	}
	callers := make(map[string]caller, len(list))
	for _, entry := range list {
		var c caller
		if c.key, err = consumers.RequiredText(entry, "key"); err != nil {
			return nil, err
		}
		if c.secret, err = consumers.RequiredText(entry, "secret"); err != nil {
			return nil, err
		}
		if !nameless {
			if c.name, err = consumers.TextName(entry); err != nil {
				return nil, err
			}
		}
		if _, there := callers[c.key]; there {
			return nil, entry.FieldError("key", "must not be there twice")
		}
		callers[c.key] = c
	}
	return callers, nil
}
