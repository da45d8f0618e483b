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
	place, kind := "consumers", "consumer"
	if nameless {
		place, kind = "credentials", "credential"
	}
	list, err := consumers.List(o, place)
	if err != nil {
		return nil, err
	}
	callers := make(map[string]caller, len(list))
	for _, entry := range list {
		var c caller
		if c.key, err = requiredText(entry, "key", kind); err != nil {
			return nil, err
		}
		if c.secret, err = requiredText(entry, "secret", kind); err != nil {
			return nil, err
		}
		if !nameless {
			if c.name, err = parseName(entry); err != nil {
				return nil, err
			}
		}
		if _, there := callers[c.key]; there {
			return nil, errors.New("duplicate " + kind + " key: " + entry.Place("key"))
		}
		callers[c.key] = c
	}
	return callers, nil
}

func parseName(entry field.Object) (string, error) {
	name, err := requiredText(entry, "name", "consumer")
	if err != nil {
		return "", err
	}
	return name, consumers.FitsHeader(entry, "name", name)
}

func requiredText(entry field.Object, key, kind string) (string, error) {
	text, _, err := consumers.Text(entry, key)
	if err != nil {
		return "", err
	}
	if text == "" {
		return "", entry.FieldError(key, kind+" "+key+" is required")
	}
	return text, nil
}
