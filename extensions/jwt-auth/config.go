package main

import (
	"errors"
	"strconv"
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/jwt/remote"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// Config is the global configuration, or that of a rule.
type Config = consumers.Config[authentication]

// authentication is what a configuration, or a rule with callers of its own, asks of a request.
type authentication struct {
	consumers     []consumer       // in the order in which they are tried
	enableHeaders []string         // lower case; not empty: requests without any of them pass
	exempt        []exemption      // requests that pass
	clock         func() time.Time // what exp, nbf and iat are compared with
}

var table = consumers.Table[authentication]{
	Plugin:   "jwt-auth",
	Own:      []string{"consumers"},
	Ignored:  []string{"enable_headers"},
	Refused:  []string{"exempt"},
	Parse:    parseAuthentication,
	Internal: internalError,
}

func parseAuthentication(o field.Object) (*authentication, error) {
	list := o.JSON().Get("consumers")
	if !list.Exists() {
		return nil, nil
	}
	if !list.IsArray() {
		return nil, errors.New("failed to parse configuration for consumers: consumers is not a array")
	}
	objects, _, err := o.Objects("consumers")
	if err != nil {
		return nil, err
	}
	if len(objects) == 0 {
		return nil, errors.New("at least one consumer should be configured for a rule")
	}
	auth := &authentication{clock: time.Now}
	names, err := httpheader.Names(o, "enable_headers")
	if err != nil {
		return nil, err
	}
	auth.enableHeaders = names
	if auth.exempt, err = parseExemptions(o); err != nil {
		return nil, err
	}
	known, sources := map[string]bool{}, map[string]*remote.Source{}
	for _, object := range objects {
		c, err := parseConsumer(object, sources)
		if err != nil {
			return nil, err
		}
		if known[c.name] {
			return nil, object.FieldError("name", "consumer already exists")
		}
		known[c.name] = true
		auth.consumers = append(auth.consumers, c)
	}
	auth.warnOfCost()
	return auth, nil
}

// manyOpen is how many key sets may be tried for any token before the configuration is warned of.
const manyOpen = 16

// warnOfCost says what a token that nobody accepts may cost.
func (a *authentication) warnOfCost() {
	open := 0
	for i := range a.consumers {
		if len(a.consumers[i].claims) == 0 && a.consumers[i].source == nil {
			open++
		}
	}
	if open > manyOpen {
		log.Warn("consumers: " + strconv.Itoa(open) + " of them have neither issuer nor claims; every token that none of them accepts is compared with the keys of all")
	}
}

// applies tells whether the request must be authenticated. headers are in lower case.
func (a *authentication) applies(headers [][2]string) bool {
	if a.exempts(headers) {
		return false
	}
	if len(a.enableHeaders) == 0 {
		return true
	}
	for i := range headers {
		for _, name := range a.enableHeaders {
			if headers[i][0] == name && headers[i][1] != "" {
				return true
			}
		}
	}
	return false
}
