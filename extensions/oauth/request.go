package main

import (
	"errors"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/route"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// scheme stands before a token (RFC 6750, section 2.1).
const scheme = "Bearer"

var errNoRoute = errors.New("the host gives no name")

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	action := decide(ctx, &config)
	if action != types.HeaderStopIteration {
		ctx.DontReadRequestBody()
	}
	return action
}

// decide answers a token request, or checks a token. types.HeaderStopIteration holds the request until its form is there.
func decide(ctx wrapper.HttpContext, config *Config) types.Action {
	if config.Auth != nil && (config.Required() || config.Alone()) {
		headers, action, ok := config.Headers(ctx)
		if !ok {
			return action
		}
		if config.Auth.isTokenRequest(headers) {
			return beginToken(ctx, config, headers)
		}
	}
	headers, action, checked := config.Enter(ctx)
	if !checked {
		return action
	}
	return check(config, headers)
}

// check lets a request through that carries a good token of a client who may pass here.
func check(config *Config, headers [][2]string) types.Action {
	auth := config.Auth
	credential, state := consumers.Credential(headers, auth.header)
	token, ok := consumers.CutScheme(credential, scheme)
	if state != consumers.Given || !ok {
		log.Warn("the request has no token")
		return noToken(headers).Send()
	}
	c, audience, problem := auth.verify(token)
	if problem != "" {
		log.Warn(problem)
		return noToken(headers).Send()
	}
	if !config.Allows(c.name) {
		log.Warn("consumer \"" + c.name + "\" is not allowed here")
		return notAllowed.Send()
	}
	if auth.perRoute {
		current := route.Name()
		if current == "" {
			return config.Fail("the route of a request is not known", errNoRoute)
		}
		if audience != current {
			log.Warn("the token of consumer \"" + c.name + "\" is for another route")
			return notAllowed.Send()
		}
	}
	if !auth.keepToken {
		if err := proxywasm.RemoveHttpRequestHeader(auth.header); err != nil {
			return config.Fail("the token cannot be removed", err)
		}
	}
	return config.Admit(headers, c.name)
}

// audience is that of the tokens which are issued to the current request.
func (a *authentication) audience() (string, error) {
	if !a.perRoute {
		return anyRoute, nil
	}
	name := route.Name()
	if name == "" {
		return "", errNoRoute
	}
	return name, nil
}
