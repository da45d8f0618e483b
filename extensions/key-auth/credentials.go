package main

import (
	"crypto/sha256"
	"errors"
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/secrets"
)

// credential is one key of one consumer, or of nobody in particular.
type credential struct {
	secret   string // empty for a digest
	digest   [sha256.Size]byte
	consumer string // "" for a nameless credential
	places   []int  // where it is looked for, in order, as indexes into credentials.places
}

// credentials is everything a key can be.
type credentials struct {
	places  []place
	list    []credential
	keys    *secrets.Index // keys known in clear → indexes into list
	digests map[[sha256.Size]byte]int
	// firstMatch: several keys in a request are no error, the first consumer whose own key is found wins. Set as soon as
	// consumers have places or several keys of their own.
	firstMatch bool
}

func newCredentials() *credentials {
	return &credentials{keys: secrets.NewIndex(), digests: map[[sha256.Size]byte]int{}}
}

func (c *credentials) addNameless(o field.Object, base lookIn) error {
	list, _, err := consumers.Scalars(o, "credentials")
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return errors.New("credentials cannot be empty")
	}
	c.firstMatch = true
	base.withOriginalLast = true
	places := c.placesOf(base)
	for i, secret := range list {
		at := o.Place(field.Item("credentials", i))
		if secret == "" {
			return errors.New(at + ": must not be empty")
		}
		if err := c.add(at, credential{secret: secret, places: places}); err != nil {
			return err
		}
	}
	return nil
}

func (c *credentials) addConsumer(o field.Object, base lookIn) error {
	name, err := consumers.Name(o)
	if err != nil {
		return err
	}
	in, err := parseConsumerLookIn(o, base)
	if err != nil {
		return err
	}
	list, err := parseSecrets(o)
	if err != nil {
		return err
	}
	for _, own := range []string{"keys", "credentials", "authorization_type"} {
		c.firstMatch = c.firstMatch || o.JSON().Get(own).Exists()
	}
	places := c.placesOf(in)
	for _, s := range list {
		s.consumer, s.places = name, places
		if err := c.add(o.Path(), s); err != nil {
			return err
		}
	}
	return nil
}

// parseSecrets reads a consumer's keys: exactly one of credential, credentials and credential_sha256.
func parseSecrets(o field.Object) ([]credential, error) {
	var found []string
	for _, name := range []string{"credential", "credentials", "credential_sha256"} {
		if o.JSON().Get(name).Exists() {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		return nil, o.FieldError("credential", "consumer credential is required")
	}
	if len(found) > 1 {
		return nil, o.Error(strings.Join(found, " and ") + ": only one of them can be set")
	}
	name := found[0]
	texts, _, err := consumers.Scalars(o, name)
	if err != nil {
		return nil, err
	}
	if len(texts) == 0 {
		return nil, o.FieldError(name, "consumer credential is required")
	}
	list := make([]credential, len(texts))
	for i, text := range texts {
		at := name
		if o.JSON().Get(name).IsArray() {
			at = field.Item(name, i)
		}
		if text == "" {
			return nil, o.FieldError(at, "consumer credential is required")
		}
		if name != "credential_sha256" {
			list[i].secret = text
			continue
		}
		if !parseDigest(text, &list[i].digest) {
			return nil, o.FieldError(at, "must be 64 hexadecimal digits")
		}
	}
	return list, nil
}

// parseDigest reads a digest in hexadecimal; false if it is none. (encoding/hex would link package fmt.)
func parseDigest(text string, digest *[sha256.Size]byte) bool {
	if len(text) != 2*sha256.Size {
		return false
	}
	for i := range digest {
		octet, err := strconv.ParseUint(text[2*i:2*i+2], 16, 8)
		if err != nil {
			return false
		}
		digest[i] = byte(octet)
	}
	return true
}

// add enters a credential. No key may be there twice, whether in clear or as a digest.
func (c *credentials) add(at string, s credential) error {
	digest := s.digest
	if s.secret != "" {
		digest = sha256.Sum256([]byte(s.secret))
	}
	if _, twice := c.digests[digest]; twice {
		return errors.New("duplicate consumer credential: " + at)
	}
	c.digests[digest] = len(c.list)
	if s.secret != "" {
		c.keys.Add(s.secret, len(c.list))
	}
	c.list = append(c.list, s)
	return nil
}

// finish drops the digests of keys that are known in clear: only the others are looked up by digest.
func (c *credentials) finish() {
	for digest, i := range c.digests {
		if c.list[i].secret != "" {
			delete(c.digests, digest)
		}
	}
}

// lookUp returns the credential that a key is, or -1.
func (c *credentials) lookUp(key string) int {
	if i, ok := c.keys.Find(key); ok {
		return i
	}
	if len(c.digests) == 0 {
		return -1
	}
	if i, ok := c.digests[sha256.Sum256([]byte(key))]; ok {
		return i
	}
	return -1
}
