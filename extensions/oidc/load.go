package main

import (
	"net/url"
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// early is how long before its end a token is renewed.
const early = 10 * time.Second

// load goes on with the request's session, nil if there is none that is valid; or refuses.
func (x *exchange) load(next func(*session)) {
	value, present := sessionCookie(x.headers, x.cookies.name)
	if len(present) == 0 {
		next(nil)
		return
	}
	x.present = present
	s, err := x.open(value)
	if err != nil {
		log.Error("the session's cookie is not accepted: " + err.Error())
		x.forget()
		next(nil)
		return
	}
	x.renew(s, func(s *session, renewed bool) {
		x.judge(s, func(valid bool) { x.admit(s, valid, renewed, next) })
	})
}

// open reads a session's cookie.
func (x *exchange) open(value string) (*session, error) {
	if value == "" {
		return nil, errNoCookie
	}
	content, err := x.cookies.open(x.cookies.name, value, x.now, x.cookies.life)
	if err != nil {
		return nil, err
	}
	return decodeSession(content)
}

func (x *exchange) admit(s *session, valid, renewed bool, next func(*session)) {
	if !valid {
		x.forget()
		next(nil)
		return
	}
	if !x.allowed(s) {
		x.forget()
		x.refuse(403, "The session failed authorization checks. clear the cookie")
		return
	}
	if renewed && !x.keep(s) {
		return
	}
	next(s)
}

// stale tells whether a session's tokens should be renewed.
func (x *exchange) stale(s *session) bool {
	if x.cookies.refresh == 0 || !x.kind.refreshes() || s.refreshToken == "" {
		return false
	}
	soon := x.now.Add(early)
	return x.now.Sub(s.created) > x.cookies.refresh ||
		!s.expires.IsZero() && !soon.Before(s.expires) ||
		x.kind == oidc && expiresBy(s.idToken, soon)
}

// renew refreshes a session's tokens if that is due, and goes on with the new session, or with the old one if there is no
// new one to be had. Where an earlier refresh has brought tokens that are expired by now, it is its refresh token that counts.
func (x *exchange) renew(s *session, next func(s *session, renewed bool)) {
	if !x.stale(s) {
		next(s, false)
		return
	}
	r := x.grants.of(s, x.kind, x.now)
	if r.spent(x.now) {
		x.renew(r.next(s), func(renewed *session, ok bool) {
			if !ok {
				renewed = s
			}
			next(renewed, ok)
		})
		return
	}
	if r.began.IsZero() {
		x.refresh(r, s.refreshToken)
	}
	if r.ended() {
		x.adopt(r, s, next)
		return
	}
	if !r.await(func() { x.adopt(r, s, next) }) {
		next(s, false)
	}
}

// refresh asks for new tokens (RFC 6749, section 6).
func (x *exchange) refresh(r *refreshing, token string) {
	form := url.Values{
		"client_id":     {x.id},
		"client_secret": {x.secret},
		"grant_type":    {"refresh_token"},
		"refresh_token": {token},
	}
	r.start(x.client, form)
}

// adopt takes over what a refresh has brought.
func (x *exchange) adopt(r *refreshing, s *session, next func(s *session, renewed bool)) {
	if r.grant == nil {
		next(s, false)
		return
	}
	renewed := *s
	r.grant.apply(&renewed, r.began)
	if r.grant.idToken == "" || x.kind != oidc {
		x.adoptAliyun(r, s, &renewed, next)
		return
	}
	x.verify(renewed.idToken, renewed.nonce, false, x.redeemTimeout, func(claims jwt.Object, err error) {
		if err == errUnavailable {
			x.refuse(503, "oidc.keys_unavailable")
			return
		}
		if err == nil && !sameSubject(s.idToken, claims) {
			err = errSubject
		}
		if err != nil {
			log.Error("the refreshed id_token is not accepted: " + err.Error())
			next(s, false)
			return
		}
		x.claims.fill(&renewed, claims)
		next(&renewed, true)
	})
}

// adoptAliyun takes over a refresh without an ID token that has to be verified with keys.
func (x *exchange) adoptAliyun(r *refreshing, s, renewed *session, next func(s *session, renewed bool)) {
	if r.grant.idToken == "" {
		next(renewed, true)
		return
	}
	claims, err := x.aliyunClaims(r.grant.idToken)
	if err == nil && s.idToken != "" && !sameSubject(s.idToken, claims) {
		err = errSubject
	}
	if err != nil {
		log.Error("the refreshed id_token is not accepted: " + err.Error())
		next(s, false)
		return
	}
	x.claims.fill(renewed, claims)
	next(renewed, true)
}

// sameSubject tells whether an ID token is about the same user as the one before (OpenID Connect Core, section 12.2).
func sameSubject(before string, claims jwt.Object) bool {
	token, err := jwt.Parse(before)
	if err != nil {
		return false
	}
	one := textOf(token.Claims, "sub")
	other := textOf(claims, "sub")
	return one == other
}
