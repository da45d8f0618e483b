package consumers_test

import (
	"errors"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/secrets"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// The whole of a plugin that takes a token from the header Authorization. The tests of this package run it.

type Config = consumers.Config[authentication]

type authentication struct {
	tokens             *secrets.Index
	names              []string
	refused, forbidden consumers.Refusal
}

var table = consumers.Table[authentication]{
	Plugin: "token-auth",
	Own:    []string{"consumers"},
	Parse:  parseAuthentication,
}

func init() {
	wrapper.SetCtx("token-auth",
		wrapper.FailClosed[Config](),
		wrapper.NoRouteCall[Config](),
		wrapper.ReadsRequestHeaders[Config](),
		wrapper.ParseOverrideConfig(table.ParseGlobal, table.ParseRule),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
	)
}

func parseAuthentication(o field.Object) (*authentication, error) {
	realm, err := consumers.Realm(o)
	if err != nil {
		return nil, err
	}
	challenge := [][2]string{{"WWW-Authenticate", "Token realm=" + realm}}
	auth := &authentication{
		tokens:    secrets.NewIndex(),
		refused:   consumers.Refusal{Status: 401, Details: "token-auth.no_token", Headers: challenge, Body: "no token"},
		forbidden: consumers.Refusal{Status: 403, Details: "token-auth.unauthorized", Headers: challenge, Body: "not here"},
	}
	list, err := consumers.List(o, "consumers")
	if err != nil {
		return nil, err
	}
	for _, consumer := range list {
		name, err := consumers.Name(consumer)
		if err != nil {
			return nil, err
		}
		token, err := consumer.Required("token")
		if err != nil {
			return nil, err
		}
		if !auth.tokens.Add(token, len(auth.names)) {
			return nil, errors.New("duplicate consumer token: " + consumer.Path())
		}
		auth.names = append(auth.names, name)
	}
	return auth, nil
}

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	headers, action, checked := config.Enter(ctx)
	if !checked {
		return action
	}
	value, state := consumers.Credential(headers, "authorization")
	token, ok := consumers.CutScheme(value, "Token")
	if state != consumers.Given || !ok {
		return config.Auth.refused.Send()
	}
	i, known := config.Auth.tokens.Find(token)
	if !known {
		return config.Auth.refused.Send()
	}
	if config.Auth.names[i] == "panics" {
		panic("as a plugin with a fault does")
	}
	if !config.Allows(config.Auth.names[i]) {
		return config.Auth.forbidden.Send()
	}
	return config.Admit(headers, config.Auth.names[i])
}
