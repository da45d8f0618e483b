package main

import (
	"io"
	"strings"
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

const pluginName = "oauth"

const (
	defaultIssuer = "Higress-Gateway"
	defaultHeader = "authorization"
	defaultPath   = "/oauth2/token"
	defaultLife   = 7200    // s
	defaultSkew   = 60      // s
	mostSeconds   = 1 << 40 // 35,000 years: sums of them and of a time stay exact in JSON
)

// Config is the global configuration, or that of a rule.
type Config = consumers.Config[authentication]

// authentication is what a configuration, or a rule with clients of its own, asks of a request.
type authentication struct {
	clients   *clients
	issuer    string
	header    string // that carries the token, in lower case
	path      string // the end of the token endpoint's path
	perRoute  bool   // a token is good on the route on which it was fetched, and on no other
	life      int64  // of a token, s
	skew      int64  // s
	keepToken bool
	now       func() time.Time
	random    io.Reader
}

func newTable(now func() time.Time, random io.Reader) *consumers.Table[authentication] {
	return &consumers.Table[authentication]{
		Plugin: pluginName,
		Own:    []string{"consumers"},
		Ignored: []string{"issuer", "auth_header", "auth_header_name", "auth_path", "global_credentials", "token_ttl",
			"clock_skew_seconds", "keep_token"},
		BareRule: consumers.BareRuleDenies,
		Known:    func(auth *authentication, name string) bool { return auth.clients.names[name] },
		Parse: func(o field.Object) (*authentication, error) {
			return parseAuthentication(o, now, random)
		},
	}
}

// parseAuthentication returns nil where there are no clients.
func parseAuthentication(o field.Object, now func() time.Time, random io.Reader) (*authentication, error) {
	auth := &authentication{now: now, random: random}
	if err := auth.parseTokens(o); err != nil {
		return nil, err
	}
	if err := auth.parsePlaces(o); err != nil {
		return nil, err
	}
	list, _, err := o.Objects("consumers")
	if err != nil || len(list) == 0 {
		return nil, err
	}
	auth.clients, err = parseClients(list)
	if err != nil {
		return nil, err
	}
	return auth, nil
}

// parseTokens reads what tokens are like.
func (a *authentication) parseTokens(o field.Object) error {
	issuer, set, err := consumers.Text(o, "issuer")
	if err != nil {
		return err
	}
	if a.issuer = issuer; !set {
		a.issuer = defaultIssuer
	}
	shared, set, err := o.Bool("global_credentials")
	if err != nil {
		return err
	}
	a.perRoute = set && !shared
	if a.life, set, err = o.Int("token_ttl", 1, mostSeconds); err != nil {
		return err
	}
	if !set {
		a.life = defaultLife
	}
	if a.skew, set, err = o.Int("clock_skew_seconds", 0, mostSeconds); err != nil {
		return err
	}
	if !set {
		a.skew = defaultSkew
	}
	return nil
}

// parsePlaces reads where tokens are fetched and sent.
func (a *authentication) parsePlaces(o field.Object) error {
	key := "auth_header"
	if !o.Has(key) {
		key = "auth_header_name" // as the documentation has it
	}
	header, set, err := consumers.Text(o, key)
	if err != nil {
		return err
	}
	if !set {
		header = defaultHeader
	}
	if !httpheader.IsName(header) {
		return httpheader.NameError(o, key)
	}
	a.header = strings.ToLower(header)
	path, set, err := consumers.Text(o, "auth_path")
	if err != nil {
		return err
	}
	if !set {
		path = defaultPath
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	a.path = path
	keep, set, err := o.Bool("keep_token")
	a.keepToken = keep || !set
	return err
}
