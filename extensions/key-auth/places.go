package main

import (
	"errors"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// originalAuth is a place the gateway's own components put a key into.
const originalAuth = "x-hi-original-auth"

// place is where a key may be: the header or the URL parameter of that name.
type place struct {
	header string // lower case; empty when headers are not looked at
	param  string // exact; empty when parameters are not looked at
	scheme string // scheme word that may precede the key, such as Bearer; empty for none
}

// lookIn is a configuration's, or a consumer's, choice of places.
type lookIn struct {
	keys                                []string
	header, query                       bool
	scheme                              string
	withOriginalLast, withOriginalFirst bool
}

func everyConsumerHasKeys(list gjson.Result) bool {
	for _, consumer := range list.Array() {
		if !consumer.Get("keys").Exists() {
			return false
		}
	}
	return len(list.Array()) > 0
}

func parseLookIn(o field.Object) (lookIn, error) {
	in := lookIn{header: true, query: true}
	keys, set, err := consumers.Scalars(o, "keys")
	if err != nil {
		return in, err
	}
	if set && len(keys) == 0 {
		return in, errors.New("keys cannot be empty")
	}
	for i, key := range keys {
		if key == "" {
			return in, o.FieldError(field.Item("keys", i), "must not be empty")
		}
	}
	in.keys = keys
	return in, in.parseSwitches(o)
}

// parseConsumerLookIn reads a consumer's own choice. in_query and in_header count only beside keys of its own.
func parseConsumerLookIn(o field.Object, base lookIn) (lookIn, error) {
	in := base
	if !o.JSON().Get("keys").Exists() {
		return in, in.parseScheme(o)
	}
	keys, _, err := consumers.Scalars(o, "keys")
	if err != nil {
		return in, err
	}
	in.keys = nil
	for _, key := range keys {
		if key != "" {
			in.keys = append(in.keys, key)
		}
	}
	in.withOriginalFirst = true
	return in, in.parseSwitches(o)
}

func (in *lookIn) parseSwitches(o field.Object) error {
	query, set, err := o.Bool("in_query")
	if err != nil {
		return err
	}
	if set {
		in.query = query
	}
	header, set, err := o.Bool("in_header")
	if err != nil {
		return err
	}
	if set {
		in.header = header
	}
	return in.parseScheme(o)
}

func (in *lookIn) parseScheme(o field.Object) error {
	scheme, set, err := o.String("authorization_type")
	if err != nil {
		return err
	}
	if strings.ContainsAny(scheme, " \t") {
		return o.FieldError("authorization_type", "must be a word such as Bearer")
	}
	if set {
		in.scheme = scheme
	}
	return nil
}

// placesOf returns the indexes of the places a choice names, entering those that are new.
func (c *credentials) placesOf(in lookIn) []int {
	keys := in.keys
	if in.withOriginalFirst {
		keys = append([]string{originalAuth}, keys...)
	}
	if in.withOriginalLast {
		keys = append(append([]string(nil), keys...), originalAuth)
	}
	var indexes []int
	for _, key := range keys {
		p := place{scheme: in.scheme}
		if in.header {
			p.header = strings.ToLower(key)
		}
		if in.query {
			p.param = key
			if key == originalAuth {
				p.param = "X-HI-ORIGINAL-AUTH"
			}
		}
		indexes = append(indexes, c.placeIndex(p))
	}
	return indexes
}

func (c *credentials) placeIndex(p place) int {
	for i := range c.places {
		if c.places[i] == p {
			return i
		}
	}
	c.places = append(c.places, p)
	return len(c.places) - 1
}
