package main

import (
	"errors"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// Config is the global configuration, or that of a rule.
type Config = consumers.Config[authentication]

// authentication is what a configuration, or a rule with callers of its own, asks of a request.
type authentication struct {
	credentials credentials
	hide        bool // remove Authorization before forwarding
	refusals    refusals
}

// credentials knows whose user and password a text is.
type credentials interface {
	// add enters a credential, "user:secret". It returns false if it is there already; an error does not name the place.
	add(credential, consumer string) (bool, error)
	// find returns the consumer whose credential, "user:password", this is; "" for a credential without a consumer.
	find(credential string) (consumer string, ok bool)
}

var table = consumers.Table[authentication]{
	Plugin:  "basic-auth",
	Own:     []string{"consumers", "credentials"},
	Ignored: []string{"encrypted", "realm"},
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
	encrypted, _, err := o.Bool("encrypted")
	if err != nil {
		return nil, err
	}
	auth.credentials = newPlainCredentials()
	if encrypted {
		auth.credentials = newHashedCredentials()
	}
	if !o.JSON().Get("credentials").Exists() {
		return auth, auth.parseConsumers(o, encrypted)
	}
	if o.JSON().Get("consumers").Exists() {
		return nil, errors.New("consumers and credentials: only one of them can be set")
	}
	return auth, auth.parseNameless(o, encrypted)
}

func (a *authentication) parseConsumers(o field.Object, encrypted bool) error {
	list, err := consumers.List(o, "consumers")
	if err != nil {
		return err
	}
	for _, consumer := range list {
		name, err := consumers.Name(consumer)
		if err != nil {
			return err
		}
		text, _, err := consumers.Scalar(consumer, "credential")
		if err != nil {
			return err
		}
		if text == "" {
			return consumer.FieldError("credential", "consumer credential is required")
		}
		if err := a.add(consumer.Place("credential"), text, name, encrypted); err != nil {
			return err
		}
	}
	return nil
}

func (a *authentication) parseNameless(o field.Object, encrypted bool) error {
	list, _, err := consumers.Scalars(o, "credentials")
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return errors.New("credentials cannot be empty")
	}
	for i, text := range list {
		place := o.Place(field.Item("credentials", i))
		if text == "" {
			return errors.New(place + ": must not be empty")
		}
		if err := a.add(place, text, "", encrypted); err != nil {
			return err
		}
	}
	return nil
}

// add enters a credential as it is configured. Errors never hold it.
func (a *authentication) add(place, text, consumer string, encrypted bool) error {
	credential := text
	if !strings.Contains(text, ":") && !encrypted {
		credential, _ = decodeBase64(strings.TrimRight(text, "=")) // "user:password" as a client sends it
	}
	if !strings.Contains(credential, ":") || encrypted && strings.Count(credential, ":") != 1 {
		return errors.New("invalid credential format: " + place)
	}
	added, err := a.credentials.add(credential, consumer)
	if err != nil && consumer != "" {
		return errors.New(place + ": the password hash of consumer \"" + consumer + "\" " + err.Error())
	}
	if err != nil {
		return errors.New(place + ": the password hash " + err.Error())
	}
	if !added {
		return errors.New("duplicate consumer credential: " + place)
	}
	return nil
}
