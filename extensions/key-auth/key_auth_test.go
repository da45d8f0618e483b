package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// headers makes request headers from a path and "name: value" lines.
func headers(path string, lines ...string) [][2]string {
	return plugintest.Request("GET", path, lines...)
}

const consumersAB = `"keys": ["x-api-key", "apikey"], "consumers": [{"name": "app-a", "credential": "k-aaa"}, {"name": "app-b", "credential": "k-bbb"}]`

func TestWhoMustAuthenticate(t *testing.T) {
	tests := []struct {
		name, config, key string
		status            uint32 // 0: passes
	}{
		{"unset, no rule: a key is needed", `{` + consumersAB + `}`, "", 401},
		{"unset, no rule: any consumer passes", `{` + consumersAB + `}`, "k-bbb", 0},
		{"null counts as unset", `{"global_auth": null, ` + consumersAB + `}`, "", 401},
		{"unset, a rule elsewhere: open", `{` + consumersAB + `, "_rules_": [{"_match_route_": ["other"], "allow": ["app-a"]}]}`, "", 0},
		{"true, a rule elsewhere: any consumer", `{"global_auth": true, ` + consumersAB + `, "_rules_": [{"_match_route_": ["other"], "allow": ["app-a"]}]}`, "", 401},
		{"true, a rule elsewhere: any consumer passes", `{"global_auth": "true", ` + consumersAB + `, "_rules_": [{"_match_route_": ["other"], "allow": ["app-a"]}]}`, "k-bbb", 0},
		{"false, no rule: open", `{"global_auth": false, ` + consumersAB + `}`, "", 0},
		{"false, the rule matches: needs a key", `{"global_auth": false, ` + consumersAB + `, "_rules_": [{"_match_route_": ["here"], "allow": ["app-a"]}]}`, "", 401},
		{"false, the rule matches: allowed", `{"global_auth": false, ` + consumersAB + `, "_rules_": [{"_match_route_": ["here"], "allow": ["app-a"]}]}`, "k-aaa", 0},
		{"the rule matches: not allowed", `{"global_auth": true, ` + consumersAB + `, "_rules_": [{"_match_route_": ["here"], "allow": "app-a"}]}`, "k-bbb", 403},
		{"a rule of its own is enforced whatever global_auth says", `{"global_auth": false, ` + consumersAB + `, "_rules_": [{"_match_route_": ["here"], "keys": ["x-api-key"], "credentials": ["own"]}]}`, "k-aaa", 403},
		{"a nameless key never satisfies allow", `{"keys": ["x-api-key"], "credentials": ["k-aaa"], "_rules_": [{"_match_route_": ["here"], "allow": ["app-a"]}]}`, "k-aaa", 403},
		{"a disabled rule is open", `{"global_auth": true, ` + consumersAB + `, "_rules_": [{"_match_route_": ["here"], "_disable_": "true"}]}`, "", 0},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, tt.config)
				require.NoError(t, host.SetRouteName("here"))
				request := headers("/")
				if tt.key != "" {
					request = headers("/", "x-api-key: "+tt.key)
				}
				host.CallOnHttpRequestHeaders(request)
				reply := host.GetLocalResponse()
				if tt.status == 0 {
					assert.Nil(t, reply)
					return
				}
				require.NotNil(t, reply)
				assert.Equal(t, tt.status, reply.StatusCode)
				assert.False(t, test.HasHeader(host.GetRequestHeaders(), httpheader.Consumer))
			})
		}
	})
}

func TestLoadErrors(t *testing.T) {
	tests := []struct{ name, config, want string }{
		{"no keys", `{"consumers": [{"name": "a", "credential": "b"}]}`, "keys is required"},
		{"no keys is told before the switches", `{"in_query": false, "in_header": false}`, "keys is required"},
		{"empty keys", `{"keys": [], "consumers": [{"name": "a", "credential": "b"}]}`, "keys cannot be empty"},
		{"null keys", `{"keys": null, "consumers": [{"name": "a", "credential": "b"}]}`, "keys cannot be empty"},
		{"both switches off", `{"keys": ["k"], "in_query": "false", "in_header": 0, "consumers": [{"name": "a", "credential": "b"}]}`, "in_query and in_header: one of them must be true"},
		{"a switch of another type", `{"keys": ["k"], "in_query": [], "consumers": [{"name": "a", "credential": "b"}]}`, "in_query: must be true or false, not []"},
		{"no consumers", `{"keys": ["k"]}`, "consumers is required"},
		{"empty consumers", `{"keys": ["k"], "consumers": []}`, "consumers cannot be empty"},
		{"consumers and credentials", `{"keys": ["k"], "consumers": [{"name": "a", "credential": "b"}], "credentials": ["c"]}`, "consumers and credentials: only one of them can be set"},
		{"credentials without keys", `{"credentials": ["c"]}`, "keys is required"},
		{"empty credentials", `{"keys": ["k"], "credentials": []}`, "credentials cannot be empty"},
		{"an empty nameless key", `{"keys": ["k"], "credentials": ["a", ""]}`, "credentials[1]: must not be empty"},
		{"no name", `{"keys": ["k"], "consumers": [{"credential": "b"}]}`, "consumers[0].name: consumer name is required"},
		{"a line break in a name", `{"keys": ["k"], "consumers": [{"name": "a\nx: y", "credential": "b"}]}`, "consumers[0].name: must not hold control characters"},
		{"no credential", `{"keys": ["k"], "consumers": [{"name": "a"}]}`, "consumers[0].credential: consumer credential is required"},
		{"an empty credential", `{"keys": ["k"], "consumers": [{"name": "a", "credentials": ["b", ""]}]}`, "consumers[0].credentials[1]: consumer credential is required"},
		{"no credential in the list", `{"keys": ["k"], "consumers": [{"name": "a", "credentials": []}]}`, "consumers[0].credentials: consumer credential is required"},
		{"a key twice", `{"keys": ["k"], "consumers": [{"name": "a", "credential": "b"}, {"name": "c", "credentials": ["d", "b"]}]}`, "duplicate consumer credential: consumers[1]"},
		{"a key twice, once as a digest", `{"keys": ["k"], "consumers": [{"name": "a", "credential": "b"}, {"name": "c", "credential_sha256": "` + digest("b") + `"}]}`, "duplicate consumer credential: consumers[1]"},
		{"a short digest", `{"keys": ["k"], "consumers": [{"name": "c", "credential_sha256": "abcd"}]}`, "consumers[0].credential_sha256: must be 64 hexadecimal digits"},
		{"a scheme of two words", `{"keys": ["k"], "authorization_type": "Bearer x", "consumers": [{"name": "a", "credential": "b"}]}`, "authorization_type: must be a word such as Bearer"},
		{"a line break in the realm", `{"keys": ["k"], "realm": "a\r\nset-cookie: x", "consumers": [{"name": "a", "credential": "b"}]}`, "realm: must not hold control characters"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var config Config
			assert.EqualError(t, table.ParseGlobal(gjson.Parse(tt.config), &config), tt.want)
		})
	}
}

func TestRuleLoadErrors(t *testing.T) {
	var global, empty, broken Config
	require.NoError(t, table.ParseGlobal(gjson.Parse(`{`+consumersAB+`}`), &global))
	require.NoError(t, table.ParseGlobal(gjson.Parse(`{"global_auth": true, "_rules_": [{}]}`), &broken), "reported by the first rule")
	tests := []struct {
		name   string
		global Config
		rule   string
		want   string
	}{
		{"no allow", global, `{}`, "allow is required"},
		{"empty allow", global, `{"allow": []}`, "allow cannot be empty"},
		{"null allow", global, `{"allow": null}`, "allow cannot be empty"},
		{"allow without a global part", empty, `{"allow": ["a"]}`, "allow: needs consumers in the global configuration"},
		{"a broken global part", broken, `{"_disable_": true}`, "global configuration: keys is required"},
		{"disable of another type", global, `{"_disable_": "maybe", "allow": ["app-a"]}`, `_disable_: must be true or false, not "maybe"`},
		{"consumers of its own without keys", global, `{"consumers": [{"name": "a", "credential": "b"}]}`, "keys is required"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var config Config
			assert.EqualError(t, table.ParseRule(gjson.Parse(tt.rule), tt.global, &config), tt.want)
		})
	}
}

func TestErrorsHoldNoKey(t *testing.T) {
	var config Config
	err := table.ParseGlobal(gjson.Parse(`{"keys": ["k"], "consumers": [{"name": "a", "credential": "TOPSECRET"}, {"name": "b", "credential": "TOPSECRET"}]}`), &config)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "TOPSECRET")
}

func TestIdentify(t *testing.T) {
	tests := []struct {
		name, config string
		request      [][2]string
		verdict      verdict
		consumer     string
	}{
		{"plus stands for a space", `{"keys": ["k"], "consumers": [{"name": "a", "credential": "x y"}]}`, headers("/?k=x+y"), verdictKnown, "a"},
		{"plus stands for itself", `{"keys": ["k"], "consumers": [{"name": "a", "credential": "x+y"}]}`, headers("/?k=x+y"), verdictKnown, "a"},
		{"the whole header is the key", `{"keys": ["authorization"], "consumers": [{"name": "a", "credential": "Bearer abc"}]}`, headers("/", "authorization: Bearer abc"), verdictKnown, "a"},
		{"without authorization_type no word is stripped", `{"keys": ["authorization"], "consumers": [{"name": "a", "credential": "abc"}]}`, headers("/", "authorization: Bearer abc"), verdictUnknown, ""},
		{"a key over 32 KiB", `{"keys": ["k"], "consumers": [{"name": "a", "credential": "` + strings.Repeat("x", 40000) + `"}]}`, headers("/", "k: "+strings.Repeat("x", 40000)), verdictUnknown, ""},
		{"an empty header is no key", `{"keys": ["k"], "consumers": [{"name": "a", "credential": "b"}]}`, headers("/", "k: "), verdictNone, ""},
		{"an empty header lets the parameter count", `{"keys": ["k"], "consumers": [{"name": "a", "credential": "b"}]}`, headers("/?k=b", "k: "), verdictKnown, "a"},
		{"one key with a plus in header and query", `{"keys": ["k"], "consumers": [{"name": "a", "credential": "x+y", "keys": ["l"]}, {"name": "b", "credential": "2"}]}`, headers("/?l=x+y", "l: x+y"), verdictKnown, "a"},
		{"one key with a plus, twice", `{"keys": ["k"], "consumers": [{"name": "a", "credential": "x+y"}]}`, headers("/?k=x+y&k=x%2By"), verdictKnown, "a"},
		{"a space and a plus", `{"keys": ["k"], "consumers": [{"name": "a", "credential": "x+y"}]}`, headers("/?k=x%20y&k=x%2By"), verdictSeveral, ""},
		{"several keys, the first consumer wins", `{"keys": ["k", "l"], "consumers": [{"name": "a", "credentials": ["1"]}, {"name": "b", "credentials": ["2"]}]}`, headers("/", "k: 2", "l: 1"), verdictKnown, "a"},
		{"a consumer's key in another consumer's place", `{"keys": ["k"], "consumers": [{"name": "a", "credential": "1", "keys": ["only-here"]}, {"name": "b", "credential": "2"}]}`, headers("/", "k: 1"), verdictUnknown, ""},
		{"the gateway's own place for a consumer with keys", `{"consumers": [{"name": "a", "credential": "1", "keys": ["k"]}]}`, headers("/", "x-hi-original-auth: 1"), verdictKnown, "a"},
		{"not for a consumer without keys of its own", `{"keys": ["k"], "consumers": [{"name": "a", "credential": "1"}]}`, headers("/", "x-hi-original-auth: 1"), verdictNone, ""},
		{"a digest", `{"keys": ["k"], "consumers": [{"name": "a", "credential_sha256": ["` + strings.ToUpper(digest("s")) + `"]}]}`, headers("/", "k: s"), verdictKnown, "a"},
		{"the digest itself", `{"keys": ["k"], "consumers": [{"name": "a", "credential_sha256": "` + digest("s") + `"}]}`, headers("/", "k: "+digest("s")), verdictUnknown, ""},
		{"a consumer's own scheme word", `{"keys": ["k"], "consumers": [{"name": "a", "credential": "1", "authorization_type": "Token"}, {"name": "b", "credential": "2"}]}`, headers("/", "k: Token 1"), verdictKnown, "a"},
		{"is not the other's", `{"keys": ["k"], "consumers": [{"name": "a", "credential": "1", "authorization_type": "Token"}, {"name": "b", "credential": "2"}]}`, headers("/", "k: Token 2"), verdictUnknown, ""},
		{"numbers are read as their text", `{"keys": "k", "consumers": {"name": "a", "credential": 1234}}`, headers("/", "k: 1234"), verdictKnown, "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var config Config
			require.NoError(t, table.ParseGlobal(gjson.Parse(tt.config), &config))
			index, verdict := config.Auth.credentials.identify(findKeys(config.Auth.credentials, tt.request, nil))
			assert.Equal(t, tt.verdict, verdict)
			if tt.consumer != "" {
				require.GreaterOrEqual(t, index, 0)
				assert.Equal(t, tt.consumer, config.Auth.credentials.list[index].consumer)
			}
		})
	}
}

func FuzzKeys(f *testing.F) {
	for _, seed := range [][2]string{{"/", ""}, {"/?k=a", "b"}, {"/?k=%zz&k=x+y", "Token a"}, {"/?%6b=a;k=a#k=a", "token  a"}, {"?", "\x00"}} {
		f.Add(seed[0], seed[1])
	}
	var config Config
	require.NoError(f, table.ParseGlobal(gjson.Parse(`{"keys": ["k"], "authorization_type": "Token", "consumers": [{"name": "a", "credential": "a"}]}`), &config))
	f.Fuzz(func(t *testing.T, path, value string) {
		found := findKeys(config.Auth.credentials, headers(path, "k: "+value), nil)
		_, verdict := config.Auth.credentials.identify(found)
		bare := withoutScheme(value, "Token")
		switch {
		case value == "" && verdict == verdictKnown:
			if !strings.Contains(path, "=") {
				t.Fatalf("%q has a key", path)
			}
		case value != "" && (verdict == verdictKnown) != (bare == "a"):
			t.Fatalf("%q is %d", value, verdict)
		}
	})
}

func TestAFaultOfThePluginLetsNothingPass(t *testing.T) {
	plugintest.RefusesAtAFault(t, `{"global_auth": true, `+consumersAB+`}`, headers("/", "x-api-key: k-bbb", "x-mse-consumer: app-a"),
		func(c *Config) { c.Auth.credentials = nil }, "key-auth.internal_error")
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	const wasm = "../../build/key-auth.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, `{"global_auth": true, `+consumersAB+`}`)
		require.Equal(t, types.ActionContinue, host.CallOnHttpRequestHeaders(headers("/", "x-api-key: k-bbb")))
		assert.True(t, test.HasHeaderWithValue(host.GetRequestHeaders(), httpheader.Consumer, "app-b"))
		host.CompleteHttp()
	})
}

func BenchmarkIdentify(b *testing.B) {
	for _, consumers := range []int{1, 1000} {
		var list []string
		for i := range consumers {
			list = append(list, fmt.Sprintf(`{"name": "c%d", "credential": "key-number-%d"}`, i, i))
		}
		var config Config
		require.NoError(b, table.ParseGlobal(gjson.Parse(`{"keys": ["k"], "consumers": [`+strings.Join(list, ",")+`]}`), &config))
		request := headers("/", fmt.Sprintf("k: key-number-%d", consumers-1))
		b.Run(fmt.Sprintf("%d consumers", consumers), func(b *testing.B) {
			for range b.N {
				config.Auth.credentials.identify(findKeys(config.Auth.credentials, request, nil))
			}
		})
	}
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
