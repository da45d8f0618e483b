package main

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

const redisService = `"redis": {"service_name": "r.static"}`

// request makes request headers from "name: value" lines.
func request(lines ...string) [][2]string { return plugintest.Request("POST", "/", lines...) }

// command decodes a Redis command.
func command(t *testing.T, query []byte) (words []string) {
	t.Helper()
	value, n, err := resp.NewReader(bytes.NewReader(query)).ReadValue()
	require.NoError(t, err)
	require.Equal(t, len(query), n)
	for _, word := range value.Array() {
		words = append(words, word.String())
	}
	return words
}

func assertRefused(t *testing.T, host test.TestHost, status uint32, details, body string) {
	t.Helper()
	plugintest.Refused(status, details, body).AssertRefused(t, host)
	assert.NotEqual(t, types.ActionContinue, host.GetHttpStreamAction())
}

func TestRequestsThatRedisIsAskedAbout(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{`+redisService+`}`)
		require.Equal(t, types.HeaderStopAllIterationAndWatermark, host.CallOnHttpRequestHeaders(request("x-higress-nonce: 12345678")),
			"the body is held, too")
		calls := host.GetRedisCalloutAttributes()
		require.Len(t, calls, 1)
		assert.Equal(t, "outbound|80||r.static", calls[0].Upstream)
		assert.Equal(t, []string{"SET", "replay-protection:12345678", "1", "NX", "EX", "900"}, command(t, calls[0].Query))
		host.CallOnRedisCall(0, []byte("+OK\r\n"))
		assert.Nil(t, host.GetLocalResponse())
		assert.Equal(t, types.ActionContinue, host.GetHttpStreamAction())
		assert.True(t, test.HasHeaderWithValue(host.GetRequestHeaders(), "x-higress-nonce", "12345678"))

		host.InitHttp()
		host.CallOnHttpRequestHeaders(request("x-higress-nonce: 12345678"))
		host.CallOnRedisCall(0, test.CreateRedisRespNull())
		assertRefused(t, host, 429, duplicateNonce, "Replay Attack Detected")
		require.Len(t, host.GetWarnLogs(), 1)
		assert.Contains(t, host.GetWarnLogs()[0], `duplicate nonce detected: "1234…"`)
		for _, lines := range [][]string{host.GetInfoLogs(), host.GetWarnLogs(), host.GetErrorLogs()} {
			assert.NotContains(t, strings.Join(lines, "\n"), "12345678")
		}
	})
}

func TestRequestsThatRedisIsNotAskedAbout(t *testing.T) {
	const nonce = "x-higress-nonce: "
	tests := []struct {
		name, config string
		lines        []string
		details      string // "" if it passes
		body         string
	}{
		{"no nonce", ``, nil, "", ""},
		{"an empty nonce", ``, []string{nonce}, "", ""},
		{"an empty nonce twice", ``, []string{nonce, nonce}, "", ""},
		{"another header", ``, []string{"x-nonce: 12345678"}, "", ""},
		{"no nonce, forced", `"force_nonce": 1,`, nil, missingNonce, "Missing Required Header"},
		{"an empty nonce, forced", `"force_nonce": true,`, []string{nonce}, missingNonce, "Missing Required Header"},
		{"too short", ``, []string{nonce + "1234567"}, invalidNonce, "Invalid Nonce"},
		{"too long", ``, []string{nonce + strings.Repeat("1", 129)}, invalidNonce, "Invalid Nonce"},
		{"far too long", ``, []string{nonce + strings.Repeat("1", 1<<16)}, invalidNonce, "Invalid Nonce"},
		{"too long in bytes", `"nonce_max_length": 8,`, []string{nonce + "äöüß1"}, invalidNonce, "Invalid Nonce"},
		{"no text", ``, []string{nonce + "1234567\xff"}, invalidNonce, "Invalid Nonce"},
		{"no base64", `"validate_base64": "true",`, []string{nonce + "1234567 "}, invalidNonce, "Invalid Nonce"},
		{"two", ``, []string{nonce + "12345678", nonce + "12345679"}, invalidNonce, "Invalid Nonce"},
		{"one that is empty beside", ``, []string{nonce + "12345678", nonce}, invalidNonce, "Invalid Nonce"},
		{"an empty one before", ``, []string{nonce, nonce + "12345678"}, invalidNonce, "Invalid Nonce"},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, `{`+tt.config+redisService+`}`)
				action := host.CallOnHttpRequestHeaders(request(tt.lines...))
				assert.Empty(t, host.GetRedisCalloutAttributes())
				if tt.details == "" {
					assert.Equal(t, types.ActionContinue, action)
					assert.Nil(t, host.GetLocalResponse())
					return
				}
				assertRefused(t, host, 400, tt.details, tt.body)
			})
		}
	})
}

func TestWithoutAVerdictTheFailureModeCounts(t *testing.T) {
	tests := []struct {
		name   string
		status int32
		answer []byte
	}{
		{"connection failed", 1, nil},
		{"an error", 0, test.CreateRedisResp(errors.New("ERR wrong"))},
		{"a number", 0, test.CreateRedisRespInt(1)},
		{"another text", 0, test.CreateRedisRespString("QUEUED")},
		{"an empty text", 0, test.CreateRedisRespString("")},
		{"a list", 0, test.CreateRedisRespArray([]interface{}{"OK"})},
		{"no RESP", 0, []byte("HTTP/1.1 400 Bad Request\r\n\r\n")},
		{"half an answer", 0, []byte("$2\r\nO")},
		{"nothing", 0, []byte{}},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name+", open", func(t *testing.T) {
				host := plugintest.Start(t, `{`+redisService+`}`)
				host.CallOnHttpRequestHeaders(request("x-higress-nonce: 12345678"))
				host.CallOnRedisCall(tt.status, tt.answer)
				assert.Nil(t, host.GetLocalResponse())
				assert.Equal(t, types.ActionContinue, host.GetHttpStreamAction())
				assert.NotEmpty(t, host.GetErrorLogs())
			})
			t.Run(tt.name+", closed", func(t *testing.T) {
				host := plugintest.Start(t, `{"failure_mode": "closed",`+redisService+`}`)
				host.CallOnHttpRequestHeaders(request("x-higress-nonce: 12345678"))
				host.CallOnRedisCall(tt.status, tt.answer)
				assertRefused(t, host, 503, redisUnavailable, "")
			})
		}
	})
}

func TestConfigurations(t *testing.T) {
	tests := []struct {
		name, config string
		want         Config // without the client
	}{
		{"the defaults", `{` + redisService + `}`, Config{prefix: "replay-protection:", header: "x-higress-nonce", ttl: "900", least: 8, most: 128,
			status: 429, message: []byte("Replay Attack Detected"), unavailableStatus: 503}},
		{"zeros and empty texts", `{"force_nonce": false, "nonce_header": "", "nonce_ttl": 0, "nonce_min_length": 0, "nonce_max_length": 0, "reject_code": 0, "reject_msg": "",
			"redis": {"service_name": "r.dns", "service_port": 0, "timeout": 0, "database": 0, "key_prefix": "", "username": "", "password": ""}}`,
			Config{prefix: "replay-protection:", header: "x-higress-nonce", ttl: "900", least: 8, most: 128,
				status: 429, message: []byte("Replay Attack Detected"), unavailableStatus: 503}},
		{"everything", `{"force_nonce": true, "nonce_header": "X-N", "nonce_ttl": "300", "nonce_min_length": 16, "nonce_max_length": 16, "validate_base64": true,
			"reject_code": 409, "reject_msg": "used", "failure_mode": "closed", "failure_status": 502,
			"redis": {"service_name": "r.dns", "service_port": 6380, "timeout": 10, "database": 2, "key_prefix": "np", "username": "u", "password": "p"}}`,
			Config{prefix: "np:", header: "x-n", force: true, ttl: "300", least: 16, most: 16, charset: true, status: 409, message: []byte("used"), failClosed: true, unavailableStatus: 502}},
		{"codes that no answer ends with", `{"reject_code": 100, "failure_status": 199, ` + redisService + `}`, Config{prefix: "replay-protection:", header: "x-higress-nonce", ttl: "900", least: 8, most: 128,
			status: 429, message: []byte("Replay Attack Detected"), unavailableStatus: 503}},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				plugintest.Start(t, `{`+redisService+`}`) // a host, which the client logs in to
				var config Config
				require.NoError(t, parseConfig(field.Of(gjson.Parse(tt.config)), &config))
				require.NotNil(t, config.redis)
				config.redis = nil
				assert.Equal(t, tt.want, config)
			})
		}
	})
}

func TestLoadErrors(t *testing.T) {
	tests := []struct{ name, config, want string }{
		{"no Redis", `{}`, "missing redis config"},
		{"null", `{"redis": null}`, "missing redis config"},
		{"a Redis that is none", `{"redis": "r.static"}`, "redis: must be an object"},
		{"no name", `{"redis": {}}`, "redis service name is required"},
		{"an empty name", `{"redis": {"service_name": ""}}`, "redis service name is required"},
		{"a port out of range", `{"redis": {"service_name": "r", "service_port": 65536}}`, "redis.service_port: must be between 0 and 65535, not 65536"},
		{"a negative timeout", `{"redis": {"service_name": "r", "timeout": -1}}`, "redis.timeout: must be between 0 and 600000, not -1"},
		{"a database that is none", `{"redis": {"service_name": "r", "database": "x"}}`, `redis.database: must be a whole number, not "x"`},
		{"a prefix that is none", `{"redis": {"service_name": "r", "key_prefix": 1}}`, "redis.key_prefix: must be a string"},
		{"a password that is none", `{"redis": {"service_name": "r", "password": {"s3cret": 1}}}`, "redis.password: must be a string"},
		{"a negative time", `{"nonce_ttl": -1, ` + redisService + `}`, "nonce_ttl: must be between 0 and 2147483647, not -1"},
		{"lengths that no nonce has", `{"nonce_min_length": 50, "nonce_max_length": 20, ` + redisService + `}`, "nonce_min_length: must not be more than nonce_max_length, 20"},
		{"a minimum above the default maximum", `{"nonce_min_length": 129, ` + redisService + `}`, "nonce_min_length: must not be more than nonce_max_length, 128"},
		{"a maximum below the default minimum", `{"nonce_max_length": 7, ` + redisService + `}`, "nonce_min_length: must not be more than nonce_max_length, 7"},
		{"a nonce longer than any", `{"nonce_max_length": 32769, ` + redisService + `}`, "nonce_max_length: must be between 0 and 32768, not 32769"},
		{"a switch that is none", `{"force_nonce": "yes", ` + redisService + `}`, `force_nonce: must be true or false, not "yes"`},
		{"no header", `{"nonce_header": "x nonce", ` + redisService + `}`, `nonce_header: must be the name of a header`},
		{"a pseudo header", `{"nonce_header": ":path", ` + redisService + `}`, `nonce_header: must be the name of a header`},
		{"a code too small", `{"reject_code": 99, ` + redisService + `}`, "reject_code: must be between 100 and 599, not 99"},
		{"a code too large", `{"reject_code": 600, ` + redisService + `}`, "reject_code: must be between 100 and 599, not 600"},
		{"a negative code", `{"reject_code": -1, ` + redisService + `}`, "reject_code: must be between 100 and 599, not -1"},
		{"a code that is no number", `{"failure_status": "x", ` + redisService + `}`, "failure_status: must be between 100 and 599, not x"},
		{"a mode that is none", `{"failure_mode": "shut", ` + redisService + `}`, `failure_mode: must be one of open, closed, not "shut"`},
		{"a message that is none", `{"reject_msg": 1, ` + redisService + `}`, "reject_msg: must be a string"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var config Config
			assert.EqualError(t, parseConfig(field.Of(gjson.Parse(tt.config)), &config), tt.want)
		})
	}
}

func TestABrokenGlobalConfigurationFailsItsRules(t *testing.T) {
	whole, rule := independent.Parsers(parseConfig)
	var global, config Config
	require.NoError(t, whole(gjson.Parse(`{"nonce_ttl": -1, "_rules_": [{}]}`), &global))
	assert.EqualError(t, rule(gjson.Parse(`{`+redisService+`}`), global, &config), "global configuration: nonce_ttl: must be between 0 and 2147483647, not -1")
}

func FuzzNonce(f *testing.F) {
	for _, nonce := range []string{"", "12345678", strings.Repeat(`\`, 8), "550e8400-e29b-41d4-a716-446655440000", "1234567\xff", "äöüß", "a\r\nSET b 1", strings.Repeat("a", 200)} {
		f.Add(nonce, true)
		f.Add(nonce, false)
	}
	f.Fuzz(func(t *testing.T, nonce string, charset bool) {
		config := Config{least: 8, most: 128, charset: charset}
		if config.allows(nonce) && (len(nonce) < 8 || len(nonce) > 128 || !utf8.ValidString(nonce)) {
			t.Fatal("is allowed")
		}
		shown, err := strconv.Unquote(brief(nonce))
		if err != nil || len(nonce) >= 8 && utf8.ValidString(nonce) && len(shown) > len(nonce)/2+len("…") {
			t.Fatalf("the log shows %s", brief(nonce))
		}
	})
}

func TestAFaultOfThePluginLetsNothingPass(t *testing.T) {
	plugintest.RefusesAtAFault(t, `{`+redisService+`}`, request("x-higress-nonce: 0123456789abcdef"),
		func(c *Config) { c.redis = nil }, "replay-protection.internal_error")
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	const wasm = "../../build/replay-protection.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, `{`+redisService+`}`)
		host.CallOnHttpRequestHeaders(request("x-higress-nonce: 12345678"))
		host.CallOnRedisCall(0, test.CreateRedisRespNull())
		assertRefused(t, host, 429, duplicateNonce, "Replay Attack Detected")
		host.CompleteHttp()
	})
}
