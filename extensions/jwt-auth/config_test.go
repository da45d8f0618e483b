package main

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func TestLoadErrors(t *testing.T) {
	jwks := `"jwks": "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AQ\"}]}"`
	tests := []struct{ name, config, want string }{
		{"no consumers", `{}`, "consumers is required"},
		{"consumers that are an object", `{"consumers": {}}`, "failed to parse configuration for consumers: consumers is not a array"},
		{"consumers null", `{"consumers": null}`, "failed to parse configuration for consumers: consumers is not a array"},
		{"empty consumers", `{"consumers": []}`, "at least one consumer should be configured for a rule"},
		{"a consumer that is a text", `{"consumers": ["a"]}`, "consumers[0]: must be an object"},
		{"no name", `{"consumers": [{` + jwks + `}]}`, "consumers[0].name: consumer name is required"},
		{"a line break in a name", `{"consumers": [{"name": "a\n", ` + jwks + `}]}`, "consumers[0].name: must not hold control characters"},
		{"a name twice", `{"consumers": [` + oct("a", "") + `, ` + oct("a", "") + `]}`, "consumers[1].name: consumer already exists"},
		{"no keys", `{"consumers": [{"name": "a"}]}`, "consumers[0].jwks: is required"},
		{"keys that are an object", `{"consumers": [{"name": "a", "jwks": {"keys": []}}]}`, "consumers[0].jwks: must be a string"},
		{"keys that are nonsense", `{"consumers": [{"name": "a", "jwks": "TOPSECRET"}]}`, "consumers[0].jwks: must be a JSON Web Key Set"},
		{"no usable key", `{"consumers": [{"name": "a", "jwks": "{\"keys\":[{\"kty\":\"oct\",\"k\":\"\"}]}"}]}`, "consumers[0].jwks: must have a key that can verify"},
		{"two kinds of keys", `{"consumers": [{"name": "a", ` + jwks + `, "remote_jwks": {}}]}`, "consumers[0]: jwks and remote_jwks: only one of them can be set"},
		{"remote keys of nowhere", `{"consumers": [{"name": "a", "remote_jwks": {"path": "/"}}]}`, "consumers[0].remote_jwks.service_name: is required"},
		{"an issuer that is a list", `{"consumers": [` + oct("a", `, "issuer": []`) + `]}`, "consumers[0].issuer: must be a string"},
		{"a claim that is a list", `{"consumers": [` + oct("a", `, "claims": {"b": []}`) + `]}`, "consumers[0].claims.b: must be a string"},
		{"a header without a name", `{"consumers": [` + oct("a", `, "from_headers": [{}]`) + `]}`, "consumers[0].from_headers[0].name: is required"},
		{"a pseudo header", `{"consumers": [` + oct("a", `, "from_headers": [{"name": ":path"}]`) + `]}`, "consumers[0].from_headers[0].name: must be the name of a header"},
		{"headers that are texts", `{"consumers": [` + oct("a", `, "from_headers": ["x"]`) + `]}`, "consumers[0].from_headers[0]: must be an object"},
		{"parameters that are numbers", `{"consumers": [` + oct("a", `, "from_params": [1]`) + `]}`, "consumers[0].from_params[0]: must be a string"},
		{"a skew of half a second", `{"consumers": [` + oct("a", `, "clock_skew_seconds": 0.5`) + `]}`, "consumers[0].clock_skew_seconds: must be a whole number, not 0.5"},
		{"keep_token maybe", `{"consumers": [` + oct("a", `, "keep_token": "maybe"`) + `]}`, `consumers[0].keep_token: must be true or false, not "maybe"`},
		{"a header twice", `{"consumers": [` + oct("a", `, "claims_to_headers": [{"claim": "a", "header": "x"}, {"claim": "b", "header": "X"}]`) + `]}`, "consumers[0].claims_to_headers[1].header: must not be there twice"},
		{"a claim to a pseudo header", `{"consumers": [` + oct("a", `, "claims_to_headers": [{"claim": "a", "header": ":path"}]`) + `]}`, "consumers[0].claims_to_headers[0].header: must be the name of a header"},
		{"no claim", `{"consumers": [` + oct("a", `, "claims_to_headers": [{"header": "x"}]`) + `]}`, "consumers[0].claims_to_headers[0].claim: is required"},
		{"enable_headers with a number", `{"consumers": [` + oct("a", "") + `], "enable_headers": [1]}`, "enable_headers[0]: must be a string"},
		{"an exemption of everything", `{"consumers": [` + oct("a", "") + `], "exempt": [{}]}`, "exempt[0]: one of path, path_prefix, methods and hosts must be set"},
		{"an exemption of every path", `{"consumers": [` + oct("a", "") + `], "exempt": [{"path_prefix": "/"}]}`, "exempt[0].path_prefix: would exempt everything"},
		{"an exemption with dots", `{"consumers": [` + oct("a", "") + `], "exempt": [{"path": "/a/../b"}]}`, "exempt[0].path: must begin with /, without empty or dot segments, escapes, semicolons and queries"},
		{"an exemption of two paths", `{"consumers": [` + oct("a", "") + `], "exempt": [{"path": "/a", "path_prefix": "/b"}]}`, "exempt[0]: path and path_prefix: only one of them can be set"},
	}
	plugintest.KeepLog()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var config Config
			err := table.ParseGlobal(gjson.Parse(tt.config), &config)
			require.EqualError(t, err, tt.want)
			assert.NotContains(t, err.Error(), "TOPSECRET")
		})
	}
}

func TestManyConsumersThatAreTriedForAnyToken(t *testing.T) {
	for _, tt := range []struct {
		open, withIssuer int
		want             []string
	}{
		{16, 10, nil},
		{17, 0, []string{"consumers: 17 of them have neither issuer nor claims; every token that none of them accepts is compared with the keys of all"}},
	} {
		l := plugintest.KeepLog()
		var list []string
		for i := range tt.open {
			list = append(list, oct("open-"+strconv.Itoa(i), ""))
		}
		for i := range tt.withIssuer {
			list = append(list, oct("issuer-"+strconv.Itoa(i), `, "issuer": "i"`))
		}
		var config Config
		require.NoError(t, table.ParseGlobal(gjson.Parse(`{"consumers": [`+strings.Join(list, ",")+`]}`), &config))
		assert.Equal(t, tt.want, l.Warnings)
	}
}
