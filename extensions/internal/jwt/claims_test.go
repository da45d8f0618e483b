package jwt_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
)

func object(t *testing.T, text string) jwt.Object {
	t.Helper()
	o, ok := jwt.ParseObject(text)
	require.True(t, ok, text)
	return o
}

func TestCheck(t *testing.T) {
	tests := []struct {
		claims string
		want   error
	}{
		{`{}`, nil},
		{`{"iss":"a","sub":"","jti":"c","aud":"d","exp":1,"nbf":1.5,"iat":-1}`, nil},
		{`{"aud":["a","b"]}`, nil},
		{`{"aud":[]}`, nil},
		{`{"iss":1}`, jwt.ErrClaimType},
		{`{"iss":null}`, jwt.ErrClaimType},
		{`{"sub":{}}`, jwt.ErrClaimType},
		{`{"jti":7}`, jwt.ErrClaimType},
		{`{"aud":1}`, jwt.ErrClaimType},
		{`{"aud":["a",1]}`, jwt.ErrClaimType},
		{`{"aud":{"a":"b"}}`, jwt.ErrClaimType},
		{`{"exp":"1"}`, jwt.ErrTime},
		{`{"nbf":null}`, jwt.ErrTime},
		{`{"iat":[1]}`, jwt.ErrTime},
		{`{"exp":true}`, jwt.ErrTime},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, object(t, tt.claims).Check(), tt.claims)
	}
}

func TestCheckTimes(t *testing.T) {
	const now = 1000
	tests := []struct {
		claims string
		skew   int64
		want   error
	}{
		{`{}`, 0, nil},
		{`{"exp":1000}`, 0, nil},
		{`{"exp":999}`, 0, jwt.ErrExpired},
		{`{"exp":999.999}`, 0, jwt.ErrExpired},
		{`{"exp":995}`, 5, nil},
		{`{"exp":994}`, 5, jwt.ErrExpired},
		{`{"exp":1004}`, -5, jwt.ErrExpired},
		{`{"exp":0}`, 0, jwt.ErrExpired},
		{`{"exp":-1}`, 60, jwt.ErrExpired},
		{`{"exp":1e18}`, 0, nil},
		{`{"exp":1e999}`, 0, nil},
		{`{"exp":-1e999}`, 0, jwt.ErrExpired},
		{`{"exp":99999999999999999999999999}`, 0, nil},
		{`{"exp":9223372036854775807}`, math.MinInt32, nil},
		{`{"exp":"x"}`, 0, jwt.ErrTime},
		{`{"nbf":1000}`, 0, nil},
		{`{"nbf":1001}`, 0, jwt.ErrNotYet},
		{`{"nbf":1005}`, 5, nil},
		{`{"nbf":1006}`, 5, jwt.ErrNotYet},
		{`{"nbf":1e999}`, 60, jwt.ErrNotYet},
		{`{"nbf":-9223372036854775808}`, 0, nil},
		{`{"iat":1005}`, 5, nil},
		{`{"iat":1006}`, 5, jwt.ErrNotYet},
		{`{"iat":false}`, 5, jwt.ErrTime},
		{`{"Exp":1,"NBF":9999}`, 0, nil},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, object(t, tt.claims).CheckTimes(now, tt.skew), "%s, %d", tt.claims, tt.skew)
	}
}

func TestNamesAreExact(t *testing.T) {
	o := object(t, `{"https://a.example/role":"admin","a":{"b":"c"},"*":"star","x|y":"pipe","":"empty"}`)
	for name, want := range map[string]string{"https://a.example/role": "admin", "*": "star", "x|y": "pipe", "": "empty"} {
		text, ok := o.Text(name)
		assert.True(t, ok, name)
		assert.Equal(t, want, text, name)
	}
	for _, name := range []string{"a.b", "@this", "#", "A", "https:"} {
		assert.False(t, o.Has(name), name)
	}
}

func TestHasAudience(t *testing.T) {
	for _, tt := range []struct {
		claims string
		want   bool
	}{
		{`{"aud":"api"}`, true},
		{`{"aud":["x","api"]}`, true},
		{`{"aud":"API"}`, false},
		{`{"aud":[["api"]]}`, false},
		{`{"aud":{"api":"api"}}`, false},
		{`{}`, false},
	} {
		o := object(t, tt.claims)
		assert.Equal(t, tt.want, o.HasAudience("api") && o.Check() == nil, tt.claims)
	}
}
