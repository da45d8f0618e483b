package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/proxytest"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	issuerURL = "https://login.corp.test/realms/shop"
	// shop needs no discovery, but the keys.
	shop = `{"oidc_issuer_url": "` + issuerURL + `", "skip_oidc_discovery": true, "login_url": "` + issuerURL + `/auth",
		"redeem_url": "` + issuerURL + `/token", "oidc_jwks_url": "` + issuerURL + `/certs", "client_id": "shop-web",
		"client_secret": "s3cr3t", "cookie_secret": "0123456789abcdef", "service_name": "login.dns", "service_port": 443,
		"redirect_url": "https://app.shop.test", "cookie_refresh": "4m"}`
)

// with is a configuration with further fields; null removes one.
func with(t testing.TB, further string) string {
	t.Helper()
	fields := map[string]any{}
	require.NoError(t, json.Unmarshal([]byte(shop), &fields))
	require.NoError(t, json.Unmarshal([]byte(further), &fields))
	text, err := json.Marshal(fields)
	require.NoError(t, err)
	return string(text)
}

func load(t testing.TB, further string) *client {
	t.Helper()
	var c Config
	require.NoError(t, parse(with(t, further), &c))
	return c.client
}

// parse reads a configuration without a host.
func parse(config string, c *Config) error {
	plugintest.KeepLog()
	return parseConfig(field.Of(gjson.Parse(config)), c)
}

var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// published is the provider's key set.
func published() string {
	n := base64.RawURLEncoding.EncodeToString(signingKey().N.Bytes())
	return `{"keys": [{"kty": "RSA", "kid": "one", "n": "` + n + `", "e": "AQAB"}]}`
}

// idToken signs claims, those of a good token unless they say otherwise; null removes one.
func idToken(t testing.TB, now time.Time, further string) string {
	t.Helper()
	claims := map[string]any{"iss": issuerURL, "aud": "shop-web", "sub": "ann", "exp": now.Add(time.Hour).Unix()}
	require.NoError(t, json.Unmarshal([]byte(further), &claims))
	for name, value := range claims {
		if value == nil {
			delete(claims, name)
		}
	}
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	encode := base64.RawURLEncoding.EncodeToString
	input := encode([]byte(`{"alg":"RS256","kid":"one"}`)) + "." + encode(payload)
	digest := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(rand.Reader, signingKey(), crypto.SHA256, digest[:])
	require.NoError(t, err)
	return input + "." + encode(signature)
}

// gateway is the plugin on the emulated host.
type gateway struct {
	*testing.T
	test.TestHost
	client *client // of the same configuration, to make and read cookies
}

func start(t *testing.T, further string) gateway {
	t.Helper()
	return gateway{t, plugintest.Start(t, with(t, further)), load(t, further)}
}

// cookieOf is the cookie of a session that was sealed at that time.
func (g gateway) cookieOf(s *session, at time.Time) string {
	c := g.client.cookies
	return c.name + "=" + c.seal(c.name, s.encode(false), at)
}

// request begins a request, with a cookie if there is one.
func (g gateway) request(path, cookie string) (stream uint32, action types.Action) {
	headers := [][2]string{{":authority", "app.shop.test"}, {":path", path}, {":method", "GET"}, {":scheme", "https"}}
	if cookie != "" {
		headers = append(headers, [2]string{"cookie", cookie})
	}
	stream = g.InitializeHttpContext()
	return stream, g.CallOnRequestHeaders(stream, headers, true)
}

// calls are the plugin's own call-outs that have no answer yet.
func (g gateway) calls() []proxytest.HttpCalloutAttribute {
	return g.GetCalloutAttributesFromContext(proxytest.PluginContextID)
}

// answer answers one of the plugin's own call-outs.
func (g gateway) answer(call int, status, body string) {
	g.Helper()
	require.Greater(g, len(g.calls()), call)
	g.CallOnHttpCallResponse(g.calls()[call].CalloutID, [][2]string{{":status", status}}, nil, []byte(body))
}

// giveKeys answers the call for keys.
func (g gateway) giveKeys() {
	g.Helper()
	g.Tick()
	require.Len(g, g.calls(), 1)
	g.answer(0, "200", published())
}

// setCookies are the cookies that the response of a stream sets.
func (g gateway) setCookies(stream uint32) []string {
	var lines []string
	for _, h := range g.GetCurrentResponseHeaders(stream) {
		if h[0] == "set-cookie" {
			lines = append(lines, h[1])
		}
	}
	return lines
}

// service takes calls, and answers when the test says so.
type service struct {
	wrapper.HttpClient
	refuses error
	calls   []call
}

type call struct {
	url     string
	timeout uint32
	answer  wrapper.ResponseCallback
}

func (s *service) Get(url string, _ [][2]string, answer wrapper.ResponseCallback, timeout ...uint32) error {
	if s.refuses != nil {
		return s.refuses
	}
	s.calls = append(s.calls, call{url, timeout[0], answer})
	return nil
}

func (s *service) Post(url string, _ [][2]string, _ []byte, answer wrapper.ResponseCallback, timeout ...uint32) error {
	return s.Get(url, nil, answer, timeout...)
}
