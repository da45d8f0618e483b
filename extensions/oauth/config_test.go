package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func TestLoadErrors(t *testing.T) {
	const other = `{"name": "b", "client_id": "c-2", "client_secret": "TOPSECRET"}`
	tests := []struct{ name, config, want string }{
		{"no consumers", `{}`, "consumers is required"},
		{"consumers null", `{"consumers": null}`, "consumers is required"},
		{"consumers that are a text", `{"consumers": "a"}`, "consumers: must be a list of objects"},
		{"a consumer that is a text", `{"consumers": ["TOPSECRET"]}`, "consumers[0]: must be an object"},
		{"no name", `{"consumers": [` + other + `, {"client_id": "c", "client_secret": "TOPSECRET"}]}`, "consumers[1].name: consumer name is required"},
		{"an empty name", `{"consumers": [{"name": "", "client_id": "c", "client_secret": "TOPSECRET"}]}`, "consumers[0].name: consumer name is required"},
		{"a name that is a switch", `{"consumers": [{"name": true, "client_id": "c", "client_secret": "TOPSECRET"}]}`, "consumers[0].name: must be a string"},
		{"a name below zero", `{"consumers": [{"name": -1, "client_id": "c", "client_secret": "TOPSECRET"}]}`, "consumers[0].name: must be a string"},
		{"a line break in a name", `{"consumers": [{"name": "a\r\nb", "client_id": "c", "client_secret": "TOPSECRET"}]}`, "consumers[0].name: must not hold control characters"},
		{"no id", `{"consumers": [{"name": "a", "client_secret": "TOPSECRET"}]}`, "consumers[0].client_id: is required"},
		{"an empty id", `{"consumers": [{"name": "a", "client_id": "", "client_secret": "TOPSECRET"}]}`, "consumers[0].client_id: must not be empty"},
		{"an empty secret", `{"consumers": [{"name": "a", "client_id": "c", "client_secret": ""}]}`, "consumers[0].client_secret: must not be empty"},
		{"a secret that is a list", `{"consumers": [{"name": "a", "client_id": "c", "client_secret": ["TOPSECRET"]}]}`, "consumers[0].client_secret: must be a string"},
		{"a name twice", `{"consumers": [` + other + `, {"name": "b", "client_id": "c", "client_secret": "TOPSECRET"}]}`, "consumers[1].name: consumer already exists"},
		{"an id twice", `{"consumers": [` + other + `, {"name": "c", "client_id": "c-2", "client_secret": "TOPSECRET"}]}`, "consumers[1].client_id: must not be there twice"},
		{"an issuer that is a list", `{"issuer": [], "consumers": [` + other + `]}`, "issuer: must be a string"},
		{"no name of a header", `{"auth_header": "", "consumers": [` + other + `]}`, "auth_header: must be the name of a header"},
		{"a pseudo header", `{"auth_header_name": ":path", "consumers": [` + other + `]}`, "auth_header_name: must be the name of a header"},
		{"a path that is a switch", `{"auth_path": false, "consumers": [` + other + `]}`, "auth_path: must be a string"},
		{"a life of nothing", `{"token_ttl": 0, "consumers": [` + other + `]}`, "token_ttl: must be between 1 and 1099511627776, not 0"},
		{"a negative life", `{"token_ttl": "-1", "consumers": [` + other + `]}`, "token_ttl: must be between 1 and 1099511627776, not -1"},
		{"a life that overflows", `{"token_ttl": 9223372036854775808, "consumers": [` + other + `]}`, "token_ttl: must be a whole number, not 9223372036854775808"},
		{"a long life", `{"token_ttl": 9223372036854775807, "consumers": [` + other + `]}`, "token_ttl: must be between 1 and 1099511627776, not 9223372036854775807"},
		{"half a second", `{"token_ttl": 0.5, "consumers": [` + other + `]}`, "token_ttl: must be a whole number, not 0.5"},
		{"a life that is a text", `{"token_ttl": "soon", "consumers": [` + other + `]}`, `token_ttl: must be a whole number, not "soon"`},
		{"a negative skew", `{"clock_skew_seconds": -1, "consumers": [` + other + `]}`, "clock_skew_seconds: must be between 0 and 1099511627776, not -1"},
		{"keep_token 3", `{"keep_token": 3, "consumers": [` + other + `]}`, "keep_token: must be true or false, not 3"},
		{"global_credentials maybe", `{"global_credentials": "maybe", "consumers": [` + other + `]}`, `global_credentials: must be true or false, not "maybe"`},
		{"an error and no consumers", `{"global_auth": false, "token_ttl": 0}`, "token_ttl: must be between 1 and 1099511627776, not 0"},
	}
	plugintest.KeepLog()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var config Config
			require.EqualError(t, newTable(at(0), counted()).ParseGlobal(gjson.Parse(tt.config), &config), tt.want)
		})
	}
}

func TestDefaults(t *testing.T) {
	for _, more := range []string{``, `, "issuer": null, "auth_header": null, "auth_path": null, "global_credentials": null, "token_ttl": null, "clock_skew_seconds": null, "keep_token": null`} {
		config, _ := load(t, `{`+both+more+`}`)
		auth := *config.Auth
		auth.clients, auth.now, auth.random = nil, nil, nil
		assert.Equal(t, authentication{issuer: "Higress-Gateway", header: "authorization", path: "/oauth2/token", life: 7200,
			skew: 60, keepToken: true}, auth)
	}
}

func TestTheEndOfTheEndpointsPath(t *testing.T) {
	tests := []struct{ auth, method, path string }{
		{"/oauth2/token", "GET", "/oauth2/token"},
		{"/oauth2/token", "POST", "/v1/oauth2/token?x#y"},
		{"token", "GET", "/maps/token"},
		{"token", "GET", "/token"},
		{"", "GET", "/a/"},
		{"/", "GET", "/?x"},
		{"a/b/", "POST", "/a/b/"},
	}
	for _, tt := range tests {
		config, _ := load(t, `{`+both+`, "auth_path": "`+tt.auth+`"}`)
		assert.True(t, config.Auth.isTokenRequest(plugintest.Request(tt.method, tt.path)), "%+v", tt)
	}
	others := []struct{ auth, method, path string }{
		{"token", "GET", "/maps/mytoken"},
		{"/oauth2/token", "GET", "/OAUTH2/TOKEN"},
		{"/oauth2/token", "GET", "/x?/oauth2/token"},
		{"/oauth2/token", "GET", "/oauth2/token#"},
		{"/oauth2/token", "get", "/oauth2/token"},
		{"/oauth2/token", "HEAD", "/oauth2/token"},
		{"/oauth2/token", "CONNECT", ""},
		{"", "GET", "/a"},
	}
	for _, tt := range others {
		config, _ := load(t, `{`+both+`, "auth_path": "`+tt.auth+`"}`)
		assert.False(t, config.Auth.isTokenRequest(plugintest.Request(tt.method, tt.path)), "%+v", tt)
	}
}

func TestWhatIsSaidAtLoad(t *testing.T) {
	secret := strings.Repeat("s", 31)
	_, said := load(t, `{"consumers": [{"name": "a", "client_id": "a", "client_secret": "`+secret+`"}, {"name": "b", "client_id": "b", "client_secret": "`+secret+`s"}]}`)
	assert.Equal(t, []string{"consumers[0].client_secret: is shorter than the 32 bytes that RFC 7518 asks of a key for HS256"}, said)
}
