package main

import (
	"errors"

	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

var errNoCookie = errors.New("there is none")

// verifyLogin checks a login's ID token, its nonce included.
func (x *exchange) verifyLogin(s *session, next func()) {
	x.verify(s.idToken, s.nonce, true, x.fetchTimeout, func(claims jwt.Object, err error) {
		if err != nil {
			x.failLogin(err)
			return
		}
		x.claims.fill(s, claims)
		x.nextIfUnexpired(s, next)
	})
}

// failLogin refuses a login whose tokens are not good, or cannot be judged.
func (x *exchange) failLogin(err error) {
	x.cookie = nil
	switch err {
	case errUnavailable:
		x.refuse(503, "oidc.keys_unavailable")
	case errNoIDToken, errNoIDTokenAliyun:
		x.refuse(500, "Error redeeming code during OAuth2 callback: "+err.Error())
	default:
		x.refuse(500, "Error redeeming code during OAuth2 callback: could not verify id_token: "+err.Error())
	}
}

// aliyunClaims checks an ID token of aliyun's. It comes straight from the token endpoint, over a connection that the
// gateway has made, which stands for its signature (OpenID Connect Core, section 3.1.3.7, point 6).
func (x *exchange) aliyunClaims(idToken string) (jwt.Object, error) {
	if idToken == "" {
		return jwt.Object{}, errNoIDTokenAliyun
	}
	token, err := jwt.Parse(idToken)
	if err != nil {
		return jwt.Object{}, err
	}
	if err := token.Claims.Check(); err != nil {
		return jwt.Object{}, err
	}
	return token.Claims, x.checkClaims(token.Claims, x.now)
}

// judge goes on with whether a session is valid now: not expired, its ID token verified (oidc) or its access token
// accepted (github). If that cannot be told, it refuses.
func (x *exchange) judge(s *session, next func(valid bool)) {
	if !s.expires.IsZero() && !x.now.Before(s.expires) {
		next(false)
		return
	}
	switch x.kind {
	case github:
		x.validate(s, next)
	case aliyun:
		next(true)
	default:
		x.verify(s.idToken, s.nonce, false, x.redeemTimeout, func(claims jwt.Object, err error) {
			if err == errUnavailable {
				x.refuse(503, "oidc.keys_unavailable")
				return
			}
			if err != nil {
				log.Warn("the session is not valid: " + err.Error())
				next(false)
				return
			}
			x.claims.fill(s, claims)
			next(true)
		})
	}
}

// validate asks github whether an access token is good.
func (x *exchange) validate(s *session, next func(valid bool)) {
	if s.accessToken == "" {
		next(false)
		return
	}
	err := x.validation.Get(x.client.validate, [][2]string{
		{"accept", "application/vnd.github.v3+json"},
		{"user-agent", "HigressOidcPlugin/1.0"},
		{"authorization", "token " + s.accessToken},
	}, func(status int, _ wrapper.Header, _ []byte) {
		next(status == 200)
	}, x.redeemTimeout)
	if err != nil {
		log.Error("the access token cannot be validated: " + err.Error())
		x.refuse(503, "oidc.validation_call_failed")
	}
}
