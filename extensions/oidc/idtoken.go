package main

import (
	"errors"
	"time"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
)

// Why an ID token is not accepted.
var (
	errIssuer    = errors.New("the issuer is another")
	errAudience  = errors.New("the audience is another")
	errAlgorithm = errors.New("the algorithm is not one of the provider's")
	errExpired   = errors.New("the token is expired")
	errNotYet    = errors.New("the token is not valid yet")
	errNonce     = errors.New("the nonce is another")
	errSubject   = errors.New("the subject is another")
)

// parseIDToken reads a token and checks all of it but the signature and the nonce (OpenID Connect Core, section 3.1.3.7).
func (c *client) parseIDToken(text string, now time.Time) (*jwt.Token, error) {
	token, err := jwt.Parse(text)
	if err != nil {
		return nil, err
	}
	if err := token.Claims.Check(); err != nil {
		return nil, err
	}
	if !c.issuer.signs(token.Algorithm) {
		return nil, errAlgorithm
	}
	return token, c.checkClaims(token.Claims, now)
}

func (c *client) checkClaims(claims jwt.Object, now time.Time) error {
	issuer := textOf(claims, "iss")
	if !c.issuer.is(issuer) {
		return errIssuer
	}
	if !c.isForUs(claims) {
		return errAudience
	}
	if expires, set, _ := claims.Seconds("exp"); !set || now.Unix() > expires {
		return errExpired
	}
	if from, set, _ := claims.Seconds("nbf"); set && now.Add(skew).Unix() < from {
		return errNotYet
	}
	return nil
}

// isForUs looks at the first of the audience claims that the token has.
func (c *client) isForUs(claims jwt.Object) bool {
	for _, name := range c.audienceClaims {
		v := claims.Get(name)
		if !v.Exists() {
			continue
		}
		list := items(v)
		if v.Type == gjson.String {
			list = []gjson.Result{v}
		}
		for _, item := range list {
			for _, audience := range c.audiences {
				if item.Type == gjson.String && item.String() == audience {
					return true
				}
			}
		}
		return false
	}
	return false
}

// checkNonceOf compares the token's nonce with the login's. Tokens that a refresh brings need none (OpenID Connect Core,
// section 12.2); login tells whether the token is a login's.
func (c *client) checkNonceOf(claims jwt.Object, nonce []byte, login bool) error {
	if !c.checkNonce || c.kind != oidc {
		return nil
	}
	text, ok := claims.Text("nonce")
	if !ok && !claims.Has("nonce") && !login {
		return nil
	}
	if !ok || len(nonce) == 0 || !isHashOf(text, nonce) {
		return errNonce
	}
	return nil
}

// verify checks an ID token, and goes on with its claims or with what is wrong with it: errUnavailable if the keys cannot
// be had. The request may be held meanwhile.
func (x *exchange) verify(text string, nonce []byte, login bool, timeout uint32, next func(jwt.Object, error)) {
	token, err := x.parseIDToken(text, x.now)
	if err == nil {
		err = x.checkNonceOf(token.Claims, nonce, login)
	}
	if err != nil {
		next(jwt.Object{}, err)
		return
	}
	x.issuer.verify(token, timeout, func(err error) { next(token.Claims, err) })
}

// expiresBy tells whether an ID token is expired at that time. What cannot be read is.
func expiresBy(text string, at time.Time) bool {
	token, err := jwt.Parse(text)
	if err != nil {
		return true
	}
	expires, set, ok := token.Claims.Seconds("exp")
	return !ok || !set || at.Unix() > expires
}
