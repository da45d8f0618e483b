package main

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

const now = 1_700_000_000

// secret is the key of the consumers that oct makes.
const secret = "0123456789abcdef0123456789abcdef"

// oct is a consumer whose tokens are signed with secret; more are further members.
func oct(name, more string) string {
	return `{"name": "` + name + `", "jwks": "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"k1\",\"k\":\"` +
		base64.RawURLEncoding.EncodeToString([]byte(secret)) + `\"}]}"` + more + `}`
}

func token(claims string) string {
	return jwt.Sign(jwt.HS256, []byte(secret), []byte(`{"alg":"HS256","kid":"k1"}`), []byte(claims))
}

// headers makes request headers from a path and "name: value" lines.
func headers(path string, lines ...string) [][2]string {
	return plugintest.Request("GET", path, lines...)
}

// parse reads a configuration whose clock stands.
func parse(t testing.TB, config string) *Config {
	t.Helper()
	plugintest.KeepLog()
	var c Config
	require.NoError(t, table.ParseGlobal(gjson.Parse(config), &c))
	c.Auth.clock = func() time.Time { return time.Unix(now, 0) }
	return &c
}

func TestTimesAndClaims(t *testing.T) {
	tests := []struct {
		consumer, claims string
		want             *consumers.Refusal
	}{
		{``, `{}`, nil},
		{``, `{"exp": 1699999940}`, nil},
		{``, `{"exp": 1699999939}`, &expired},
		{``, `{"nbf": 1700000060}`, nil},
		{``, `{"nbf": 1700000061}`, &expired},
		{``, `{"iat": 1700000060}`, nil},
		{``, `{"iat": 1700000061}`, &expired},
		{`, "clock_skew_seconds": 0`, `{"exp": 1700000000, "nbf": 1700000000, "iat": 1700000000}`, nil},
		{`, "clock_skew_seconds": 0`, `{"exp": 1699999999.9}`, &expired},
		{`, "clock_skew_seconds": -10`, `{"exp": 1700000010}`, nil},
		{`, "clock_skew_seconds": -10`, `{"exp": 1700000009}`, &expired},
		{`, "clock_skew_seconds": "5"`, `{"exp": 1699999995}`, nil},
		{``, `{"exp": 0}`, &expired},
		{``, `{"exp": -1}`, &expired},
		{``, `{"exp": 1e400}`, nil},
		{``, `{"exp": -1e400}`, &expired},
		{``, `{"exp": 9223372036854775807}`, nil},
		{``, `{"nbf": 9223372036854775807}`, &expired},
		{``, `{"iat": 1e400}`, &expired},
		{``, `{"exp": null}`, &unverified},
		{``, `{"exp": "1800000000"}`, &unverified},
		{``, `{"exp": [1800000000]}`, &unverified},
		{``, `{"exp": {}}`, &unverified},
		{``, `{"iat": true}`, &unverified},
		{``, `{"exp": 1800000000, "\u0065xp": 1}`, &unverified},
		{``, `{"aud": 1}`, &unverified},
		{``, `{"sub": 1}`, &unverified},
		{`, "issuer": "a"`, `{"iss": "a"}`, nil},
		{`, "issuer": "a"`, `{"iss": "A"}`, &unverified},
		{`, "issuer": "a"`, `{"iss": " a"}`, &unverified},
		{`, "issuer": "a"`, `{"iss": ["a"]}`, &unverified},
		{`, "issuer": "a"`, `{}`, &unverified},
		{`, "issuer": ""`, `{"iss": "anyone"}`, nil},
		{`, "issuer": "a", "claims": {"iss": "b"}`, `{"iss": "b"}`, nil},
		{`, "issuer": 7`, `{"iss": "7"}`, nil},
		{`, "claims": {"https://a.test/role": "admin"}`, `{"https://a.test/role": "admin"}`, nil},
		{`, "claims": {"a.b": "c"}`, `{"a": {"b": "c"}}`, &unverified},
		{`, "claims": {"level": 5}`, `{"level": "5"}`, nil},
		{`, "claims": {"level": 5}`, `{"level": 5}`, &unverified},
	}
	for _, tt := range tests {
		config := parse(t, `{"consumers": [`+oct("a", tt.consumer)+`]}`)
		r := &request{headers: headers("/", "authorization: Bearer "+token(tt.claims))}
		decision, wait := r.decide(config, now)
		assert.Nil(t, wait)
		assert.Equal(t, tt.want, decision.refusal, "%s %s", tt.consumer, tt.claims)
		assert.Equal(t, tt.want == nil, decision.consumer != nil)
	}
}

func TestWhereTokensStand(t *testing.T) {
	const good = "{}"
	tests := []struct {
		name, places string
		request      [][2]string
		want         *consumers.Refusal
	}{
		{"the default header", ``, headers("/", "authorization: Bearer "+token(good)), nil},
		{"its prefix in small letters", ``, headers("/", "authorization: bearer "+token(good)), &missing},
		{"its prefix with two spaces", ``, headers("/", "authorization: Bearer  "+token(good)), &unverified},
		{"the prefix alone", ``, headers("/", "authorization: Bearer "), &missing},
		{"no prefix", ``, headers("/", "authorization: "+token(good)), &missing},
		{"the default parameter", ``, headers("/?access_token=" + token(good)), nil},
		{"the parameter with escapes", ``, headers("/?acces%73_token=" + strings.ReplaceAll(token(good), ".", "%2E")), nil},
		{"an empty parameter", ``, headers("/?access_token="), &missing},
		{"an empty parameter before another", ``, headers("/?access_token=&access_token=" + token(good)), nil},
		{"two parameters", ``, headers("/?access_token=x&access_token=" + token(good)), &unverified},
		{"empty lists are none", `, "from_headers": [], "from_params": [], "from_cookies": []`, headers("/", "authorization: Bearer "+token(good)), nil},
		{"a list of its own ends the defaults", `, "from_params": ["t"]`, headers("/", "authorization: Bearer "+token(good)), &missing},
		{"two prefixes of one header", `, "from_headers": [{"name": "X-T", "value_prefix": "A "}, {"name": "x-t", "value_prefix": "B "}]`, headers("/", "x-t: B "+token(good)), nil},
		{"a header without a prefix", `, "from_headers": [{"name": "X-T"}]`, headers("/", "x-t: "+token(good)), nil},
		{"a cookie", `, "from_cookies": ["t"]`, headers("/", "cookie: a=b; t="+token(good)), nil},
		{"a cookie in another line", `, "from_cookies": ["t"]`, headers("/", "cookie: a=b", "cookie: t="+token(good)), nil},
		{"a cookie in quotes", `, "from_cookies": ["t"]`, headers("/", `cookie: t="`+token(good)+`"`), nil},
		{"a cookie whose name begins so", `, "from_cookies": ["t"]`, headers("/", "cookie: t2="+token(good)), &missing},
		{"a cookie in another case", `, "from_cookies": ["t"]`, headers("/", "cookie: T="+token(good)), &missing},
		{"a cookie without a value", `, "from_cookies": ["t"]`, headers("/", "cookie: t; t="+token(good)), nil},
		{"two cookies", `, "from_cookies": ["t"]`, headers("/", "cookie: t=x; t="+token(good)), &unverified},
		{"a value with an equals sign", `, "from_cookies": ["t"]`, headers("/", "cookie: t="+token(good)+"="), &unverified},
		{"every place is tried", `, "from_headers": [{"name": "x-t"}], "from_params": ["t"], "from_cookies": ["t"]`, headers("/?t=x.y.z", "x-t: a.b.c", "cookie: t="+token(good)), nil},
		{"a header that comes twice is not passed over", `, "from_headers": [{"name": "x-t"}], "from_params": ["t"]`, headers("/?t="+token(good), "x-t: a", "x-t: b"), &unverified},
		{"a header over 32 KiB is not passed over", `, "from_headers": [{"name": "x-t"}], "from_params": ["t"]`, headers("/?t="+token(good), "x-t: "+strings.Repeat("a", 40000)), &unverified},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := parse(t, `{"consumers": [`+oct("a", tt.places)+`]}`)
			decision, _ := (&request{headers: tt.request}).decide(config, now)
			assert.Equal(t, tt.want, decision.refusal)
		})
	}
}

func TestWhatIsForwarded(t *testing.T) {
	t1 := token(`{"sub":"u-1"}`)
	tests := []struct {
		name, consumer string
		request        [][2]string
		want           map[string][]string // nil: not there
	}{
		{"the token stays", ``, headers("/?access_token=" + t1), map[string][]string{":path": {"/?access_token=" + t1}}},
		{"out of every place where it stands", `, "keep_token": false, "from_headers": [{"name": "x-t"}], "from_params": ["t", "u"], "from_cookies": ["t"]`,
			headers("/%zz?a=%20&t="+t1+"&&u="+t1+"#f", "x-t: "+t1, "cookie: a=b=c;  t="+t1+"; t2=z; d"),
			map[string][]string{":path": {"/%zz?a=%20&#f"}, "x-t": nil, "cookie": {"a=b=c; t2=z; d"}}},
		{"another token stays", `, "keep_token": false, "from_headers": [{"name": "x-t"}], "from_params": ["t"]`,
			headers("/?t="+t1, "x-t: a.b.c"), map[string][]string{":path": {"/"}, "x-t": {"a.b.c"}}},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, `{"consumers": [`+oct("a", tt.consumer)+`]}`)
				require.Equal(t, types.ActionContinue, host.CallOnHttpRequestHeaders(tt.request))
				require.Nil(t, host.GetLocalResponse())
				for name, want := range tt.want {
					assert.Equal(t, want, values(host.GetRequestHeaders(), name), name)
				}
			})
		}
	})
}

// values returns the values of a header.
func values(headers [][2]string, name string) (list []string) {
	for _, h := range headers {
		if strings.EqualFold(h[0], name) {
			list = append(list, h[1])
		}
	}
	return list
}

func TestClaimsToHeaders(t *testing.T) {
	tests := []struct {
		claim string // JSON; "" for a claim that is not there
		want  []string
	}{
		{`"u-1"`, []string{"u-1"}},
		{`"ümlaut"`, []string{"ümlaut"}},
		{`1234567890`, []string{"1234567890"}},
		{`12345678901234567890`, []string{"12345678901234567890"}},
		{`1.23e3`, []string{"1230"}},
		{`0.5`, []string{"0.5"}},
		{`-7`, []string{"-7"}},
		{`true`, []string{"true"}},
		{`false`, []string{"false"}},
		{`["a", "b c"]`, []string{`["a","b c"]`}},
		{`{"a" : {"b":1}}`, []string{`{"a":{"b":1}}`}},
		{`null`, nil},
		{`""`, nil},
		{``, nil},
		{`"a\r\nx-mse-consumer: root"`, nil},
		{`"a\u0000"`, nil},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.claim, func(t *testing.T) {
				host := plugintest.Start(t, `{"consumers": [`+oct("a", `, "claims_to_headers": [{"claim": "a.b", "header": "X-One"}, {"claim": "a.b", "header": "x-two", "override": false}]`)+`]}`)
				claims := `{"a.b": ` + tt.claim + `}`
				if tt.claim == "" {
					claims = `{}`
				}
				host.CallOnHttpRequestHeaders(headers("/", "authorization: Bearer "+token(claims), "x-one: client", "x-two: client"))
				require.Nil(t, host.GetLocalResponse())
				assert.Equal(t, tt.want, values(host.GetRequestHeaders(), "x-one"))
				added := "client" + strings.Join(tt.want, "") // as this host adds; see cases.yaml
				assert.Equal(t, []string{added}, values(host.GetRequestHeaders(), "x-two"))
			})
		}
	})
}

func TestAPanicRefuses(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"consumers": [`+oct("a", "")+`]}`)
		host.CallOnHttpRequestHeaders(headers("/", "authorization: Bearer "+token(`{}`)))
		require.Nil(t, host.GetLocalResponse())
		broken := parse(t, `{"consumers": [`+oct("a", "")+`]}`)
		broken.Auth.clock = nil
		assert.Equal(t, types.HeaderStopAllIterationAndWatermark, onRequestHeaders(nil, *broken))
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.Equal(t, uint32(401), reply.StatusCode)
		assert.Equal(t, "jwt-auth.internal_error", reply.StatusCodeDetail)
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	const wasm = "../../build/jwt-auth.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, `{"consumers": [`+oct("a", "")+`]}`)
		assert.Equal(t, types.ActionContinue, host.CallOnHttpRequestHeaders(headers("/", "authorization: Bearer "+token(`{}`))))
		assert.True(t, test.HasHeaderWithValue(host.GetRequestHeaders(), httpheader.Consumer, "a"))
		host.CompleteHttp()
	})
}

// Whatever the client sends, it passes only with a token that the key has signed.
func FuzzRequest(f *testing.F) {
	good := token(`{"exp": 1800000000}`)
	for _, seed := range [][3]string{{"/", "Bearer " + good, ""}, {"/?access_token=" + good, "", ""}, {"/", "", "t=" + good}, {"/%zz?access_token=%65", "Bearer a.b.c", `t="a";t`},
		{"/?access_token=" + token(`{"exp": 1}`), "Bearer " + token(`{"nbf": 1e99}`), "t"}} {
		f.Add(seed[0], seed[1], seed[2])
	}
	config := parse(f, `{"consumers": [`+oct("a", `, "from_headers": [{"name": "authorization", "value_prefix": "Bearer "}], "from_params": ["access_token"], "from_cookies": ["t"]`)+`]}`)
	f.Fuzz(func(t *testing.T, path, authorization, cookie string) {
		r := &request{headers: headers(path, "authorization: "+authorization, "cookie: "+cookie)}
		decision, _ := r.decide(config, now)
		if (decision.refusal == nil) == (decision.token == nil) {
			t.Fatalf("%+v", decision)
		}
		if decision.token == nil {
			return
		}
		if !decision.token.VerifyHMAC([]byte(secret)) || decision.token.Claims.CheckTimes(now, 60) != nil {
			t.Fatalf("%q passes", decision.token.Text())
		}
		left := r.withoutCookies(map[string]bool{"t": true})
		if len((&request{headers: headers("/", "cookie: "+left)}).cookieValues("t")) > 0 {
			t.Fatalf("%q keeps the cookie: %q", cookie, left)
		}
	})
}

func FuzzExemption(f *testing.F) {
	for _, path := range []string{"/public", "/public/../x", "/public/%2e%2e/x", "//public", "/public/..;/x", `/public\..\x`, "/public#/../x", "/publicity"} {
		f.Add(path)
	}
	config := parse(f, `{"consumers": [`+oct("a", "")+`], "exempt": [{"path_prefix": "/public"}]}`)
	f.Fuzz(func(t *testing.T, path string) {
		if !config.Auth.exempts(headers(path)) {
			return
		}
		bare, _, _ := strings.Cut(path, "?")
		if bare != "/public" && !strings.HasPrefix(bare, "/public/") || strings.ContainsAny(bare, "%;\\#") || strings.Contains(bare+"/", "/../") {
			t.Fatalf("%q is exempt", path)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{1, 1000} {
		var list []string
		for i := range n {
			list = append(list, oct(fmt.Sprintf("c%d", i), fmt.Sprintf(`, "issuer": "i%d"`, i)))
		}
		config := parse(b, `{"consumers": [`+strings.Join(list, ",")+`]}`)
		signed := headers("/", fmt.Sprintf("authorization: Bearer %s", token(fmt.Sprintf(`{"iss":"i%d"}`, n-1))))
		b.Run(fmt.Sprintf("%d consumers", n), func(b *testing.B) {
			for range b.N {
				if d, _ := (&request{headers: signed}).decide(config, now); d.refusal != nil {
					b.Fatal(d.refusal.Details)
				}
			}
		})
	}
}
