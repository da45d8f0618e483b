package jwt

import (
	"errors"

	"github.com/tidwall/gjson"
)

// Why a token's registered claims are not accepted.
var (
	ErrExpired   = errors.New("the token is expired")
	ErrNotYet    = errors.New("the token is not valid yet")
	ErrTime      = errors.New("the token's exp, nbf or iat is no number")
	ErrClaimType = errors.New("the token's iss, sub, jti or aud is not of its type")
)

// Check tells whether those registered claims that are there have their types (RFC 7519, section 4.1): iss, sub and jti
// are strings, aud is a string or a list of strings, and exp, nbf and iat are numbers.
func (o Object) Check() error {
	for _, name := range [...]string{"iss", "sub", "jti"} {
		if _, ok := o.Text(name); !ok && o.Has(name) {
			return ErrClaimType
		}
	}
	if audience := o.Get("aud"); audience.Exists() && audience.Type != gjson.String && !isTexts(audience) {
		return ErrClaimType
	}
	for _, name := range [...]string{"exp", "nbf", "iat"} {
		if _, _, ok := o.Seconds(name); !ok {
			return ErrTime
		}
	}
	return nil
}

func isTexts(v gjson.Result) bool {
	if !v.IsArray() {
		return false
	}
	for _, item := range v.Array() {
		if item.Type != gjson.String {
			return false
		}
	}
	return true
}

// HasAudience tells whether aud is that text, or a list that holds it.
func (o Object) HasAudience(audience string) bool {
	v := o.Get("aud")
	if v.Type == gjson.String {
		return v.String() == audience
	}
	for _, item := range v.Array() {
		if item.Type == gjson.String && item.String() == audience {
			return true
		}
	}
	return false
}

// CheckTimes compares exp, nbf and iat with now, in seconds since 1970; skew seconds are allowed for. Each may be absent.
// A token is valid in the very second of its exp, and of its nbf and iat.
func (o Object) CheckTimes(now, skew int64) error {
	expires, set, ok := o.Seconds("exp")
	if !ok {
		return ErrTime
	}
	if set && now-skew > expires {
		return ErrExpired
	}
	for _, name := range [...]string{"nbf", "iat"} {
		from, set, ok := o.Seconds(name)
		if !ok {
			return ErrTime
		}
		if set && now+skew < from {
			return ErrNotYet
		}
	}
	return nil
}
