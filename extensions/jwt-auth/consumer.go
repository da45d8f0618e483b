package main

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
	"github.com/wasmplane/wasmplane/extensions/internal/jwt/keys"
	"github.com/wasmplane/wasmplane/extensions/internal/jwt/remote"
	"github.com/wasmplane/wasmplane/pkg/log"
)

const (
	defaultSkew = 60      // s
	mostSkew    = 1 << 40 // s
)

// consumer is a caller, and what his tokens are like.
type consumer struct {
	name      string
	keys      *keys.Set      // nil with a source
	source    *remote.Source // nil with keys
	claims    []expectation
	places    places
	skew      int64 // s
	keepToken bool
	copies    []claimCopy
}

// expectation is a claim that a token must have, as a string.
type expectation struct{ claim, text string }

// keySet returns the keys in force; nil where the source has none yet.
func (c *consumer) keySet() *keys.Set {
	if c.source != nil {
		return c.source.Keys()
	}
	return c.keys
}

// parseConsumer reads a consumer. Consumers with the same remote_jwks share a source.
func parseConsumer(o field.Object, sources map[string]*remote.Source) (c consumer, err error) {
	if c.name, err = consumers.Name(o); err != nil {
		return c, err
	}
	if err := c.parseKeys(o, sources); err != nil {
		return c, err
	}
	if err := c.parseExpectations(o); err != nil {
		return c, err
	}
	if c.places, err = parsePlaces(o); err != nil {
		return c, err
	}
	skew, set, err := o.Int("clock_skew_seconds", -mostSkew, mostSkew)
	if err != nil {
		return c, err
	}
	if c.skew = skew; !set {
		c.skew = defaultSkew
	}
	keep, set, err := o.Bool("keep_token")
	if err != nil {
		return c, err
	}
	c.keepToken = keep || !set
	c.copies, err = parseClaimCopies(o)
	return c, err
}

// parseKeys reads exactly one of jwks and remote_jwks.
func (c *consumer) parseKeys(o field.Object, sources map[string]*remote.Source) error {
	origin, set, err := o.Object("remote_jwks")
	if err != nil {
		return err
	}
	if set && o.Has("jwks") {
		return o.Error("jwks and remote_jwks: only one of them can be set")
	}
	if !set {
		return c.parseKeySet(o)
	}
	if c.source = sources[origin.JSON().Raw]; c.source != nil {
		return nil
	}
	if c.source, err = remote.Parse(origin); err != nil {
		return err
	}
	sources[origin.JSON().Raw] = c.source
	return nil
}

func (c *consumer) parseKeySet(o field.Object) error {
	text, err := o.Required("jwks")
	if err != nil {
		return err
	}
	set, notes, err := keys.Parse(text)
	if err != nil {
		return o.FieldError("jwks", err.Error())
	}
	for _, note := range notes {
		log.Warn(o.Place("jwks") + ": " + note)
	}
	c.keys = set
	return nil
}

// parseExpectations reads claims and issuer, which is short for claims.iss; an explicit claims.iss wins.
func (c *consumer) parseExpectations(o field.Object) error {
	issuer, _, err := consumers.Text(o, "issuer")
	if err != nil {
		return err
	}
	claims, _, err := o.Object("claims")
	if err != nil {
		return err
	}
	claims.JSON().ForEach(func(name, value gjson.Result) bool {
		if !consumers.IsText(value) {
			err = claims.FieldError(name.String(), "must be a string")
			return false
		}
		c.claims = append(c.claims, expectation{name.String(), strings.TrimSpace(value.String())})
		return true
	})
	if err != nil {
		return err
	}
	for _, e := range c.claims {
		if e.claim == "iss" {
			return nil
		}
	}
	if issuer != "" {
		c.claims = append(c.claims, expectation{"iss", issuer})
	}
	return nil
}

// meets tells whether a token has the claims that are asked for.
func (c *consumer) meets(claims jwt.Object) bool {
	for _, e := range c.claims {
		if text, ok := claims.Text(e.claim); !ok || text != e.text {
			return false
		}
	}
	return true
}
