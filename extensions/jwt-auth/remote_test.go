package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/proxytest"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// idp publishes a key, and signs with it.
type idp struct{ private ed25519.PrivateKey }

func newIDP(t *testing.T) idp {
	_, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	return idp{private}
}

func (i idp) jwks(kid string) []byte {
	x := base64.RawURLEncoding.EncodeToString(i.private.Public().(ed25519.PublicKey))
	return []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"` + kid + `","x":"` + x + `"}]}`)
}

func (i idp) token(kid string) string {
	encode := base64.RawURLEncoding.EncodeToString
	input := encode([]byte(`{"alg":"EdDSA","kid":"`+kid+`"}`)) + "." + encode([]byte(`{"sub":"u-1"}`))
	return input + "." + encode(ed25519.Sign(i.private, []byte(input)))
}

// remoteConfig is a consumer whose keys are published.
const remoteConfig = `{"consumers": [{"name": "partner", "keep_token": false, "claims_to_headers": [{"claim": "sub", "header": "x-user"}],
	"remote_jwks": {"service_name": "idp.dns", "service_port": 443, "service_host": "idp.test", "path": "/jwks", "jwks_fetch_timeout": 700}}]}`

// asked returns the calls of the plugin itself that are not answered yet.
func asked(host test.TestHost) []proxytest.HttpCalloutAttribute {
	return host.GetCalloutAttributesFromContext(proxytest.PluginContextID)
}

func TestRequestsWaitForTheFirstKeySet(t *testing.T) {
	good := newIDP(t)
	ok := [][2]string{{":status", "200"}}
	tests := []struct {
		name    string
		headers [][2]string
		body    []byte
		details string // of the refusal; "" if the request passes
	}{
		{"it passes", ok, good.jwks("one"), ""},
		{"the set has another key", ok, newIDP(t).jwks("one"), "jwt-auth.verification_failed"},
		{"the service fails", [][2]string{{":status", "500"}}, good.jwks("one"), "jwt-auth.jwks_unavailable"},
		{"the service does not answer", [][2]string{{":status", "504"}}, nil, "jwt-auth.jwks_unavailable"},
		{"the connection breaks", nil, nil, "jwt-auth.jwks_unavailable"},
		{"nonsense", ok, []byte("\x00\xff"), "jwt-auth.jwks_unavailable"},
		{"a huge answer", ok, append(good.jwks("one"), strings.Repeat(" ", 1<<20)...), "jwt-auth.jwks_unavailable"},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, remoteConfig)
				assert.Empty(t, asked(host), "a VM that only checks a configuration asks nobody")
				request := headers("/", "authorization: Bearer "+good.token("one"), "x-mse-consumer: root", "x-user: root")
				require.Equal(t, types.HeaderStopAllIterationAndWatermark, host.CallOnHttpRequestHeaders(request))
				require.Nil(t, host.GetLocalResponse())
				calls := asked(host)
				require.Len(t, calls, 1)
				assert.Equal(t, "outbound|443||idp.dns", calls[0].Upstream)
				assert.ElementsMatch(t, [][2]string{{":method", "GET"}, {":path", "/jwks"}, {":authority", "idp.test"},
					{"accept", "application/jwk-set+json, application/json"}}, calls[0].Headers)
				host.CallOnHttpCallResponse(calls[0].CalloutID, tt.headers, nil, tt.body)
				reply := host.GetLocalResponse()
				if tt.details != "" {
					require.NotNil(t, reply)
					assert.Equal(t, tt.details, reply.StatusCodeDetail)
					return
				}
				assert.Nil(t, reply)
				assert.Equal(t, types.ActionContinue, host.GetHttpStreamAction())
				assert.Equal(t, []string{"partner"}, values(host.GetRequestHeaders(), httpheader.Consumer))
				assert.Equal(t, []string{"u-1"}, values(host.GetRequestHeaders(), "x-user"))
				assert.Empty(t, values(host.GetRequestHeaders(), "authorization"))
			})
		}
	})
}

func TestOneCallServesAllThatWait(t *testing.T) {
	good := newIDP(t)
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, remoteConfig)
		var streams []uint32
		for range 3 {
			stream := host.InitializeHttpContext()
			streams = append(streams, stream)
			action := host.CallOnRequestHeaders(stream, headers("/", "authorization: Bearer "+good.token("one")), true)
			require.Equal(t, types.HeaderStopAllIterationAndWatermark, action)
		}
		calls := asked(host)
		require.Len(t, calls, 1)
		host.CallOnHttpCallResponse(calls[0].CalloutID, [][2]string{{":status", "200"}}, nil, good.jwks("one"))
		for _, stream := range streams {
			assert.Equal(t, types.ActionContinue, host.GetCurrentHttpStreamAction(stream))
			assert.Equal(t, []string{"partner"}, values(host.GetCurrentRequestHeaders(stream), httpheader.Consumer))
		}
	})
}

func TestTheClockFetchesBeforeAnybodyAsks(t *testing.T) {
	good := newIDP(t)
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, remoteConfig)
		host.Tick() // the clock asks
		calls := asked(host)
		require.Len(t, calls, 1)
		host.CallOnHttpCallResponse(calls[0].CalloutID, [][2]string{{":status", "200"}}, nil, good.jwks("one"))
		action := host.CallOnHttpRequestHeaders(headers("/", "authorization: Bearer "+good.token("one")))
		assert.Equal(t, types.ActionContinue, action, "nothing to wait for")
		assert.Empty(t, asked(host))
	})
}

func TestTokensThatNoKeyCouldVerifyWaitForNothing(t *testing.T) {
	good := newIDP(t)
	withIssuer := strings.Replace(remoteConfig, `"keep_token": false`, `"issuer": "idp"`, 1)
	test.RunGoTest(t, func(t *testing.T) {
		for name, request := range map[string][][2]string{
			"no token":       headers("/"),
			"no JWT":         headers("/", "authorization: Bearer abc"),
			"unsecured":      headers("/", "authorization: Bearer eyJhbGciOiJub25lIn0.e30."),
			"another issuer": headers("/", "authorization: Bearer "+good.token("one")),
		} {
			t.Run(name, func(t *testing.T) {
				host := plugintest.Start(t, withIssuer)
				host.CallOnHttpRequestHeaders(request)
				require.NotNil(t, host.GetLocalResponse())
				assert.Equal(t, uint32(401), host.GetLocalResponse().StatusCode)
				assert.Empty(t, asked(host))
			})
		}
	})
}
