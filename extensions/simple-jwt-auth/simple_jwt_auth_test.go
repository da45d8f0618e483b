package main

import (
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

const now = 1_700_000_000

func token(claims string) string {
	return jwt.Sign(jwt.HS256, []byte("simple-secret"), []byte(`{"alg":"HS256"}`), []byte(claims))
}

func parse(t testing.TB, config string) *Config {
	t.Helper()
	var c Config
	require.NoError(t, parseConfig(field.Of(gjson.Parse(config)), &c))
	return &c
}

func TestTimes(t *testing.T) {
	tests := []struct {
		claims string
		want   bool
	}{
		{`{}`, true},
		{`{"exp": 1700000000}`, true},
		{`{"exp": 1700000000.9}`, true},
		{`{"exp": 1699999999.9}`, false},
		{`{"exp": 0}`, true},
		{`{"exp": -1}`, false},
		{`{"exp": 1e400}`, true},
		{`{"exp": -1e400}`, false},
		{`{"exp": null}`, false},
		{`{"exp": true}`, false},
		{`{"exp": "1800000000"}`, false},
		{`{"nbf": 1700000000, "iat": 1700000000}`, true},
		{`{"nbf": 1700000001}`, false},
		{`{"iat": 1700000001}`, false},
		{`{"nbf": 9223372036854775808}`, false},
		{`{"nbf": -9223372036854775809}`, true},
		{`{"EXP": 1}`, true},
		{`{"\u0065xp": 1}`, false},
		{`{"exp": 1800000000, "\u0065xp": 1}`, false},
	}
	config := parse(t, `{"token_secret_key": "simple-secret", "token_headers": "token"}`)
	for _, tt := range tests {
		assert.Equal(t, tt.want, config.accepts(token(tt.claims), now), tt.claims)
	}
}

func TestEveryConfigurationLoads(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range []struct {
			config string
			usable bool
		}{
			{`{}`, false},
			{`{"token_secret_key": "a"}`, false},
			{`{"token_headers": "a"}`, false},
			{`{"token_secret_key": null, "token_headers": "a"}`, false},
			{`{"token_secret_key": "a", "token_headers": "a header"}`, false},
			{`{"token_secret_key": "a", "token_headers": "A-Header", "unknown": 1}`, true},
			{`{"token_secret_key": 123, "token_headers": true}`, true},
		} {
			host := plugintest.Start(t, tt.config)
			config, err := host.GetMatchConfig()
			require.NoError(t, err)
			assert.Equal(t, tt.usable, config.(*Config).usable(), tt.config)
			host.Reset()
		}
	})
}

func TestAPanicRefuses(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"token_secret_key": "simple-secret", "token_headers": "token"}`)
		host.CallOnHttpRequestHeaders([][2]string{{":path", "/"}, {"token", token(`{}`)}})
		require.Nil(t, host.GetLocalResponse())
		withoutClock := Config{secret: []byte("simple-secret"), header: "token"}
		assert.Equal(t, types.HeaderStopAllIterationAndWatermark, onRequestHeaders(nil, withoutClock))
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.Equal(t, uint32(401), reply.StatusCode)
		assert.Equal(t, authFailed, string(reply.Data))
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	const wasm = "../../build/simple-jwt-auth.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, `{"token_secret_key": "simple-secret", "token_headers": "token"}`)
		request := [][2]string{{":authority", "a.example"}, {":path", "/"}, {":method", "GET"}, {"token", token(`{}`)}}
		assert.Equal(t, types.ActionContinue, host.CallOnHttpRequestHeaders(request))
		assert.Nil(t, host.GetLocalResponse())
		host.CompleteHttp()
	})
}

func FuzzToken(f *testing.F) {
	f.Add(token(`{}`), int64(now))
	f.Add(token(`{"exp": 1700000000}`), int64(now))
	f.Add("a.b.c", int64(0))
	config := parse(f, `{"token_secret_key": "simple-secret", "token_headers": "token"}`)
	stranger := parse(f, `{"token_secret_key": "another-secret", "token_headers": "token"}`)
	f.Fuzz(func(t *testing.T, text string, at int64) {
		accepted := config.accepts(text, at)
		if accepted && stranger.accepts(text, at) {
			t.Fatalf("%q is two secrets'", text)
		}
		if accepted && config.accepts(text+"A", at) {
			t.Fatalf("%q may be longer", text)
		}
	})
}
