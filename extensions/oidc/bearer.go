package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
)

// bearerToken returns the token of an Authorization header (RFC 6750, section 2.1). given is false for a request without
// one; a header that cannot be trusted gives "".
func (x *exchange) bearerToken() (token string, given bool) {
	value, state := consumers.Credential(x.headers, authorization)
	if state == consumers.Unusable {
		return "", true
	}
	return consumers.CutScheme(value, "Bearer")
}

// judgeBearer decides a request by its token alone, which must be as good as an ID token. A login page is no use to who
// sends one.
func (x *exchange) judgeBearer(text string) {
	token, err := x.parseIDToken(text, x.now)
	if err != nil {
		x.refuse(401, "oidc.bad_bearer_token: "+err.Error())
		return
	}
	x.issuer.verify(token, x.redeemTimeout, func(err error) { x.judgedBearer(token, err) })
}

func (x *exchange) judgedBearer(token *jwt.Token, err error) {
	s := &session{idToken: token.Text()}
	switch {
	case err == errUnavailable:
		x.refuse(503, "oidc.keys_unavailable")
		return
	case err != nil:
		x.refuse(401, "oidc.bad_bearer_token: "+err.Error())
		return
	}
	x.claims.fill(s, token.Claims)
	if !x.allowed(s) {
		x.refuse(403, "oidc.not_in_group")
		return
	}
	x.pass(s)
}
