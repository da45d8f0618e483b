package main

import (
	"crypto/sha256"
	"crypto/subtle"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// shortSecret is the length in bytes below which a secret is warned of: RFC 7518, section 3.2, asks for as many as the
// digest has.
const shortSecret = sha256.Size

// client is a caller.
type client struct {
	name   string
	id     string
	secret []byte            // the HMAC key of his tokens
	digest [sha256.Size]byte // of the secret
}

// clients are the callers of a configuration. They are never changed after loading.
type clients struct {
	byID  map[string]*client
	names map[string]bool
}

// stranger stands for a client that does not exist, so that one costs as much as a client that does.
var stranger = &client{secret: make([]byte, shortSecret)}

func parseClients(list []field.Object) (*clients, error) {
	all := &clients{byID: make(map[string]*client, len(list)), names: make(map[string]bool, len(list))}
	for _, o := range list {
		c, err := parseClient(o)
		if err != nil {
			return nil, err
		}
		if all.names[c.name] {
			return nil, o.FieldError("name", "consumer already exists")
		}
		if all.byID[c.id] != nil {
			return nil, o.FieldError("client_id", "must not be there twice")
		}
		all.names[c.name], all.byID[c.id] = true, c
	}
	return all, nil
}

func parseClient(o field.Object) (*client, error) {
	name, err := consumers.TextName(o)
	if err != nil {
		return nil, err
	}
	id, err := consumers.RequiredText(o, "client_id")
	if err != nil {
		return nil, err
	}
	secret, err := consumers.RequiredText(o, "client_secret")
	if err != nil {
		return nil, err
	}
	if len(secret) < shortSecret {
		log.Warn(o.Place("client_secret") + ": is shorter than the 32 bytes that RFC 7518 asks of a key for HS256")
	}
	return &client{name: name, id: id, secret: []byte(secret), digest: sha256.Sum256([]byte(secret))}, nil
}

// find returns the client of that id, or else the stranger.
func (all *clients) find(id string) (c *client, known bool) {
	c, known = all.byID[id]
	if !known {
		return stranger, false
	}
	return c, true
}

// authenticate returns the client whose id and secret these are. Neither what is wrong nor how much of the secret is
// right shows in the time that it takes.
func (all *clients) authenticate(id, secret string) (c *client, ok bool) {
	c, known := all.find(id)
	sent := sha256.Sum256([]byte(secret))
	same := subtle.ConstantTimeCompare(sent[:], c.digest[:]) == 1
	return c, same && known
}
