package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

const (
	now  = 1_700_000_000
	both = `"consumers": [{"name": "billing", "client_id": "c-1", "client_secret": "cs-1"}, {"name": "report", "client_id": "c-2", "client_secret": "cs-2"}]`
	form = "grant_type=client_credentials&client_id=c-1&client_secret=cs-1"

	// issued is the token for form and the scope "a b" at now with sixteen counted bytes as random ones and a life of 600
	// seconds. It was made by Python's hmac and base64.
	issued = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImFwcGxpY2F0aW9uL2F0K2p3dCJ9.eyJpc3MiOiJIaWdyZXNzLUdhdGV3YXkiLCJzdWIiOiJiaWxsaW5nIiwiYXVkIjoiZGVmYXVsdCIsImV4cCI6MTcwMDAwMDYwMCwiaWF0IjoxNzAwMDAwMDAwLCJqdGkiOiIwMDAxMDIwMy0wNDA1LTQ2MDctODgwOS0wYTBiMGMwZDBlMGYiLCJjbGllbnRfaWQiOiJjLTEiLCJzY29wZSI6ImEgYiJ9.6sE7avCZ6hIajEldFxyiwJRP9YANmZ2gsdlA-hg9mIk"
)

// pluginClock and pluginRandom are those of the plugin that the test host runs: the host takes the first that was
// registered.
var (
	pluginClock  func() time.Time
	pluginRandom io.Reader
)

type randomSource struct{}

func (randomSource) Read(b []byte) (int, error) { return pluginRandom.Read(b) }

func TestMain(m *testing.M) {
	register(func() time.Time { return pluginClock() }, randomSource{})
	os.Exit(m.Run())
}

func at(seconds int64) func() time.Time {
	return func() time.Time { return time.Unix(now+seconds, 0) }
}

// counted are sixteen bytes that can be told apart.
func counted() io.Reader {
	return bytes.NewReader([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
}

type noBytes struct{}

func (noBytes) Read([]byte) (int, error) { return 0, errors.New("there are none") }

// load reads a global configuration, and returns what is logged of it.
func load(t testing.TB, config string) (*Config, []string) {
	t.Helper()
	written := plugintest.KeepLog()
	var c Config
	require.NoError(t, newTable(at(0), counted()).ParseGlobal(gjson.Parse(config), &c))
	return &c, written.Lines
}

// start is the plugin in a host, at now.
func start(t *testing.T, config string) test.TestHost {
	t.Helper()
	pluginClock, pluginRandom = at(0), counted()
	return plugintest.Start(t, config)
}

func TestTheAnswerOfTheTokenEndpoint(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := start(t, `{`+both+`, "token_ttl": 600}`)
		action := host.CallOnHttpRequestHeaders(plugintest.Request("GET", "/oauth2/token?"+form+"&scope=a%20b"), test.WithEndOfStream(true))
		assert.Equal(t, types.HeaderStopAllIterationAndWatermark, action)
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.Equal(t, uint32(200), reply.StatusCode)
		assert.Empty(t, reply.StatusCodeDetail)
		assert.Equal(t, [][2]string{{"content-type", "application/json"}, {"cache-control", "no-store"}, {"pragma", "no-cache"}}, reply.Headers)
		assert.Equal(t, "\n{\n  \"token_type\": \"bearer\",\n  \"access_token\": \""+issued+"\",\n  \"expires_in\": 600\n}", string(reply.Data))
	})
}

func TestTheLifeOfAToken(t *testing.T) {
	tests := []struct {
		after int64 // s
		skew  string
		want  uint32 // 0: passes
	}{
		{0, "", 0},
		{600, "", 0},
		{659, "", 0},
		{660, "", 0},
		{661, "", 401},
		{662, "", 401},
		{-60, "", 0},
		{-61, "", 401},
		{600, `, "clock_skew_seconds": 0`, 0},
		{601, `, "clock_skew_seconds": 0`, 401},
		{-1, `, "clock_skew_seconds": 0`, 401},
		{1 << 40, `, "clock_skew_seconds": 1099511627776`, 0},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			host := start(t, `{`+both+`, "token_ttl": 600`+tt.skew+`}`)
			pluginClock = at(tt.after)
			host.CallOnHttpRequestHeaders(plugintest.Request("GET", "/", "authorization: Bearer "+issued), test.WithEndOfStream(true))
			reply, status := host.GetLocalResponse(), uint32(0)
			if reply != nil {
				status = reply.StatusCode
			}
			assert.Equal(t, tt.want, status, "%+v", tt)
			assert.Equal(t, tt.want == 0, test.HasHeaderWithValue(host.GetRequestHeaders(), httpheader.Consumer, "billing"))
			host.Reset()
		}
	})
}

func TestClaims(t *testing.T) {
	const rest = `"iss":"Higress-Gateway","sub":"billing","aud":"default","client_id":"c-1"`
	tests := []struct {
		claims string
		good   bool
	}{
		{`{` + rest + `,"iat":1700000000,"exp":1700000000}`, true},
		{`{` + rest + `,"iat":0,"exp":9007199254740992}`, true},
		{`{` + rest + `,"iat":-1,"exp":1700000000}`, true},
		{`{` + rest + `,"iat":1700000000}`, false},
		{`{` + rest + `,"exp":1700000000}`, false},
		{`{` + rest + `,"iat":1700000000,"exp":null}`, false},
		{`{` + rest + `,"iat":1700000000,"exp":"1700000000"}`, false},
		{`{` + rest + `,"iat":1700000000,"exp":1.7e9}`, false},
		{`{` + rest + `,"iat":1700000000,"exp":1700000000.5}`, false},
		{`{` + rest + `,"iat":1700000000,"exp":1e400}`, false},
		{`{` + rest + `,"iat":true,"exp":1700000000}`, false},
		{`{` + rest + `,"iat":1700000000,"exp":1700000000,"nbf":1700000060}`, true},
		{`{` + rest + `,"iat":1700000000,"exp":1700000000,"nbf":1700000061}`, false},
		{`{` + rest + `,"iat":1700000000,"exp":1700000000,"nbf":"1"}`, false},
		{`{` + rest + `,"iat":1700000000,"exp":1700000000,"\u0065xp":1800000000}`, false},
		{`{"iss":1,"sub":"billing","aud":"default","client_id":"c-1","iat":0,"exp":1700000000}`, false},
		{`{"iss":"Higress-Gateway","sub":["billing"],"aud":"default","client_id":"c-1","iat":0,"exp":1700000000}`, false},
		{`{"iss":"Higress-Gateway","sub":"billing","client_id":"c-1","iat":0,"exp":1700000000}`, false},
		{`{"iss":"Higress-Gateway","sub":"billing","aud":"","client_id":"c-1","iat":0,"exp":1700000000}`, true},
		{`{"iss":"Higress-Gateway","sub":"billing","aud":"default","client_id":["c-1"],"iat":0,"exp":1700000000}`, false},
		{`{"iss":"Higress-Gateway","sub":"billing","aud":"default","iat":0,"exp":1700000000}`, false},
		{`{"a":{` + rest + `,"iat":0,"exp":1700000000}}`, false},
		{`null`, false},
		{``, false},
	}
	config, _ := load(t, `{`+both+`}`)
	for _, tt := range tests {
		token := jwt.Sign(jwt.HS256, []byte("cs-1"), tokenHeader, []byte(tt.claims))
		c, _, problem := config.Auth.verify(token)
		assert.Equal(t, tt.good, problem == "", "%s: %s", tt.claims, problem)
		assert.Equal(t, tt.good, c != nil, tt.claims)
	}
}

func TestSecrets(t *testing.T) {
	config, _ := load(t, `{"consumers": [{"name": "a", "client_id": "a", "client_secret": "s\u0000t"}, {"name": "b", "client_id": "b", "client_secret": "s"}]}`)
	tests := []struct {
		id, secret string
		want       bool
	}{
		{"a", "s\x00t", true},
		{"a", "s", false},
		{"a", "s\x00t\x00", false},
		{"a", "", false},
		{"b", "s", true},
		{"b", "s\x00t", false},
		{"B", "s", false},
		{"", "", false},
		{"", string(stranger.secret), false},
		{"c", string(stranger.digest[:]), false},
	}
	for _, tt := range tests {
		c, ok := config.Auth.clients.authenticate(tt.id, tt.secret)
		assert.Equal(t, tt.want, ok, "%+v", tt)
		assert.True(t, !ok || c.id == tt.id)
	}
}

func TestRealms(t *testing.T) {
	tests := []struct {
		path  string
		lines []string
		want  string
	}{
		{"/a?token=s3cret", nil, "http://a.example/a"},
		{"/a", []string{"x-envoy-original-path: /before?token=s3cret"}, "http://a.example/before"},
		{`/a"b\`, nil, `http://a.example/a\"b\\`},
		{"/a\r\nx-b: c\x00\x7f", nil, "http://a.example/a??x-b: c??"},
		{"/ü", nil, "http://a.example/ü"},
		{"/" + strings.Repeat("a", 300), nil, "http://a.example/" + strings.Repeat("a", 255)},
		{"/" + strings.Repeat(`"`, 300), nil, "http://a.example/" + strings.Repeat(`\"`, 255)},
	}
	for _, tt := range tests {
		refusal := noToken(plugintest.Request("GET", tt.path, tt.lines...))
		assert.Equal(t, uint32(401), refusal.Status)
		assert.Equal(t, "oauth_access_denied", refusal.Details)
		assert.Equal(t, "Invalid Jwt token", refusal.Body)
		assert.Equal(t, [][2]string{{"WWW-Authenticate", `Bearer realm="` + tt.want + `"`}}, refusal.Headers)
	}
}

func TestWhatFailsRefuses(t *testing.T) {
	noClock := func() time.Time { panic("as a plugin with a fault does") }
	asForm := plugintest.Request("POST", "/oauth2/token", "content-type: application/x-www-form-urlencoded")
	tests := []struct {
		name    string
		clock   func() time.Time
		random  io.Reader
		headers [][2]string
		body    string
	}{
		{"a panic while a token is checked", noClock, counted(), plugintest.Request("GET", "/", "authorization: Bearer "+issued), ""},
		{"a panic while a token is made", noClock, counted(), plugintest.Request("GET", "/oauth2/token?"+form), ""},
		{"a panic while one is made for a form", noClock, counted(), asForm, form},
		{"no random bytes", at(0), noBytes{}, plugintest.Request("GET", "/oauth2/token?"+form), ""},
		{"too few random bytes", at(0), bytes.NewReader(make([]byte, 15)), asForm, form},
	}
	t.Setenv("WASM_DISABLE_PANIC_RECOVERY", "false") // the test host asks for crashes
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := start(t, `{`+both+`}`)
				pluginClock, pluginRandom = tt.clock, tt.random
				action := host.CallOnHttpRequestHeaders(tt.headers, test.WithEndOfStream(tt.body == ""))
				if tt.body != "" {
					require.Equal(t, types.HeaderStopIteration, action)
					require.Nil(t, host.GetLocalResponse())
					host.CallOnHttpRequestBody([]byte(tt.body))
				}
				reply := host.GetLocalResponse()
				require.NotNil(t, reply)
				assert.Equal(t, uint32(500), reply.StatusCode)
				assert.Equal(t, "oauth.internal_error", reply.StatusCodeDetail)
				assert.Empty(t, reply.Data)
				assert.False(t, test.HasHeaderWithValue(host.GetRequestHeaders(), httpheader.Consumer, "billing"))
			})
		}
	})
}

func TestTheCompiledModuleIssuesTokensAndTakesThem(t *testing.T) {
	const wasm = "../../build/oauth.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, `{`+both+`}`)
		host.CallOnHttpRequestHeaders(plugintest.Request("GET", "/oauth2/token?"+form), test.WithEndOfStream(true))
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		require.Equal(t, uint32(200), reply.StatusCode)
		token := gjson.GetBytes(reply.Data, "access_token").String()
		host.CompleteHttp()
		action := host.CallOnHttpRequestHeaders(plugintest.Request("GET", "/", "authorization: Bearer "+token), test.WithEndOfStream(true))
		require.Equal(t, types.ActionContinue, action)
		assert.True(t, test.HasHeaderWithValue(host.GetRequestHeaders(), httpheader.Consumer, "billing"))
		host.CompleteHttp()
	})
}
