package main

import (
	"regexp"
	"testing"

	"github.com/dunglas/httpsfv"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
	"github.com/wasmplane/wasmplane/extensions/internal/ratelimit"
)

// request makes request headers from a path and "name: value" lines.
func request(path string, lines ...string) [][2]string {
	return plugintest.Request("GET", path, lines...)
}

func TestTheReply(t *testing.T) {
	tests := []struct {
		name, config, body string
		status             uint32
		headers            [][2]string
	}{
		{"as ever", `}`, "rate_limited", 429, [][2]string{}},
		{"own status and text", `, "rejected_code": 503, "rejected_msg": "busy"}`, "busy", 503, [][2]string{}},
		{"headers", `, "show_limit_quota_header": true, "rate_limit_headers": true}`, "rate_limited", 429, [][2]string{
			{"RateLimit", `"x-app";r=0;t=86400`}, {"RateLimit-Policy", `"x-app";q=1;w=86400`}, {"Retry-After", "86400"},
			{"X-RateLimit-Limit", "1"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "86400"},
		}},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, `{"limit_by_header": "x-app", "limit_keys": [{"key": "mobile", "query_per_day": 1}]`+tt.config)
				require.Equal(t, types.HeaderContinue, host.CallOnHttpRequestHeaders(request("/", "x-app: mobile")))
				assert.Nil(t, host.GetLocalResponse())
				host.CompleteHttp()
				require.Equal(t, types.HeaderStopAllIterationAndWatermark, host.CallOnHttpRequestHeaders(request("/", "x-app: mobile")))
				reply := host.GetLocalResponse()
				require.NotNil(t, reply)
				assert.Equal(t, tt.status, reply.StatusCode)
				assert.Equal(t, tt.body, string(reply.Data))
				assert.ElementsMatch(t, tt.headers, reply.Headers)
				assert.Equal(t, "Too many requests", reply.StatusCodeDetail)
			})
		}
	})
}

func TestHeadersOfResponsesAreStructuredFields(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"limit_by_header": "x-app", "limit_keys": [{"key": "m", "query_per_minute": 6, "burst": 3}], "rate_limit_headers": true}`)
		host.CallOnHttpRequestHeaders(request("/", "x-app: m"))
		host.CallOnHttpResponseHeaders([][2]string{{":status", "200"}, {"ratelimit", "of the backend"}})
		headers := host.GetResponseHeaders()
		require.Len(t, headers, 3)
		for name, want := range map[string]map[string]int64{"ratelimit": {"r": 2, "t": 10}, "ratelimit-policy": {"q": 3, "w": 30}} {
			value, ok := test.GetHeaderValue(headers, name)
			require.True(t, ok, name)
			list, err := httpsfv.UnmarshalList([]string{value})
			require.NoError(t, err, value)
			require.Len(t, list, 1)
			item := list[0].(httpsfv.Item)
			assert.Equal(t, "x-app", item.Value)
			require.Len(t, item.Params.Names(), len(want))
			for param, n := range want {
				got, _ := item.Params.Get(param)
				assert.Equal(t, n, got, name)
			}
		}
	})
}

func TestMetrics(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"limit_by_header": "x-app", "limit_keys": [{"key": "m", "query_per_day": 2}], "metrics": "shop_1"}`)
		for range 5 {
			host.CallOnHttpRequestHeaders(request("/", "x-app: m"))
			host.CompleteHttp()
		}
		host.CallOnHttpRequestHeaders(request("/", "x-app: other"))
		passed, err := host.GetCounterMetric("key_rate_limit_shop_1_passed")
		require.NoError(t, err)
		assert.Equal(t, uint64(2), passed)
		rejected, err := host.GetCounterMetric("key_rate_limit_shop_1_rejected")
		require.NoError(t, err)
		assert.Equal(t, uint64(3), rejected)
	})
}

func TestLoading(t *testing.T) {
	const key = `"limit_keys": [{"key": "k", "query_per_day": 1}]`
	tests := []struct{ name, config, want string }{
		{"empty", `{}`, errSources.Error()},
		{"both", `{"limit_by_header": "a", "limit_by_param": "b", ` + key + `}`, errSources.Error()},
		{"an old and a new one", `{"limit_by_header": "a", "limit_by_per_ip": "from-remote-addr", ` + key + `}`, errSources.Error()},
		{"empty texts", `{"limit_by_header": "", "limit_by_param": "", ` + key + `}`, errSources.Error()},
		{"an empty one beside another", `{"limit_by_header": "", "limit_by_param": "a", ` + key + `}`, ""},
		{"a number as name", `{"limit_by_header": 7, ` + key + `}`, ""},
		{"a negative number as name", `{"limit_by_header": -7, ` + key + `}`, "cannot parse limit_by_header"},
		{"a list as name", `{"limit_by_param": ["a"], ` + key + `}`, "cannot parse limit_by_param"},
		{"no keys", `{"limit_by_header": "a"}`, "no limit keys found in configuration"},
		{"empty keys", `{"limit_by_header": "a", "limit_keys": []}`, "no limit keys found in configuration"},
		{"an object of keys", `{"limit_by_header": "a", "limit_keys": {}}`, "failed to parse configuration for limit_keys."},
		{"a key that is no object", `{"limit_by_header": "a", "limit_keys": ["k"]}`, "failed to parse configuration for limit_keys. limit_keys[0]: must be an object"},
		{"a key of another type", `{"limit_by_header": "a", "limit_keys": [{"key": 1.5, "query_per_day": 1}]}`, "failed to parse configuration for limit_keys. limit_keys[0].key: must be a string or a number that is not negative"},
		{"no rate", `{"limit_by_header": "a", "limit_keys": [{"key": "k", "query_per_day": 0}]}`, "failed to parse configuration for limit_keys. limit_keys[0]: one of 'query_per_second', 'query_per_minute', 'query_per_hour' or 'query_per_day' must be set"},
		{"a negative rate", `{"limit_by_header": "a", "limit_keys": [{"key": "k", "query_per_day": "-3"}]}`, "failed to parse configuration for limit_keys. limit_keys[0].query_per_day: must not be negative, but is -3"},
		{"a negative rate after a good one", `{"limit_by_header": "a", "limit_keys": [{"key": "k", "query_per_second": 1, "query_per_day": -0.5}]}`, "failed to parse configuration for limit_keys. limit_keys[0].query_per_day: must not be negative, but is -0.5"},
		{"a rate that is no number", `{"limit_by_header": "a", "limit_keys": [{"key": "k", "query_per_day": "many"}]}`, `failed to parse configuration for limit_keys. limit_keys[0].query_per_day: must be a number, not "many"`},
		{"a rate of another type", `{"limit_by_header": "a", "limit_keys": [{"key": "k", "query_per_day": true}]}`, "failed to parse configuration for limit_keys. limit_keys[0].query_per_day: must be a number, not true"},
		{"no burst", `{"limit_by_header": "a", "limit_keys": [{"key": "k", "query_per_day": 1, "burst": 0}]}`, "failed to parse configuration for limit_keys. limit_keys[0].burst: must be between 1 and 9007199254740992, not 0"},
		{"a plain key where patterns are expected", `{"limit_by_per_header": "a", ` + key + `}`, "failed to parse configuration for limit_keys. limit_keys[0].key: the 'limit_by_per_header' restriction must start with 'regexp:' or be exactly '*'"},
		{"an address source that is none", `{"limit_by_per_ip": "x", ` + key + `}`, "the 'limit_by_per_ip' restriction must start with 'from-header-' or be exactly 'from-remote-addr'"},
		{"a status that is none", `{"limit_by_header": "a", ` + key + `, "rejected_code": 99}`, "rejected_code: must be between 200 and 599, got 99"},
		{"a switch that is none", `{"limit_by_header": "a", ` + key + `, "rate_limit_headers": "on"}`, `rate_limit_headers: must be true or false, not "on"`},
		{"a bad name for metrics", `{"limit_by_header": "a", ` + key + `, "metrics": "a.b"}`, "metrics: must be made of letters, digits and _"},
		{"no name for metrics", `{"limit_by_header": "a", ` + key + `, "metrics": ""}`, "metrics: must not be empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var config Config
			err := parseGlobal(gjson.Parse(tt.config), &config)
			if tt.want == "" {
				require.NoError(t, err)
				assert.NotNil(t, config.limiter)
				return
			}
			assert.EqualError(t, err, tt.want)
			assert.Nil(t, config.limiter)
			assert.EqualError(t, parseRule(gjson.Parse(tt.config), Config{}, &config), tt.want, "in a rule")
		})
	}
	t.Run("no configuration limits nothing", func(t *testing.T) {
		var config Config
		require.NoError(t, parseGlobal(gjson.Result{}, &config))
		assert.Nil(t, config.limiter)
	})
	t.Run("a disabled rule needs nothing else and inherits nothing", func(t *testing.T) {
		var global, rule Config
		require.NoError(t, parseGlobal(gjson.Parse(`{"limit_by_header": "a", `+key+`}`), &global))
		require.NoError(t, parseRule(gjson.Parse(`{"_disable_": true}`), global, &rule))
		assert.Nil(t, rule.limiter)
		assert.EqualError(t, parseRule(gjson.Parse(`{"_disable_": "maybe"}`), global, &rule), `_disable_: must be true or false, not "maybe"`)
	})
}

func TestRates(t *testing.T) {
	tests := []struct {
		entry string
		want  ratelimit.Limit
	}{
		{`{"query_per_second": 2, "query_per_day": 1}`, ratelimit.Limit{Rate: ratelimit.Rate{Threshold: 2, Window: 1}}},
		{`{"query_per_second": 0, "query_per_minute": "3"}`, ratelimit.Limit{Rate: ratelimit.Rate{Threshold: 3, Window: 60}}},
		{`{"query_per_second": 0.5, "query_per_hour": 2.5}`, ratelimit.Limit{Rate: ratelimit.Rate{Threshold: 2, Window: 3600}}},
		{`{"query_per_second": "", "query_per_minute": null, "query_per_day": 9}`, ratelimit.Limit{Rate: ratelimit.Rate{Threshold: 9, Window: 86400}}},
		{`{"query_per_day": 1e30}`, ratelimit.Limit{Rate: ratelimit.Rate{Threshold: ratelimit.MaxThreshold, Window: 86400}}},
		{`{"query_per_day": 9, "burst": "3"}`, ratelimit.Limit{Rate: ratelimit.Rate{Threshold: 9, Window: 86400, Burst: 3}, Algorithm: ratelimit.TokenBucket}},
	}
	for _, tt := range tests {
		got, err := parseLimit(gjson.Parse(tt.entry))
		require.NoError(t, err, tt.entry)
		assert.Equal(t, tt.want, got, tt.entry)
	}
}

func TestARulesBucketsAreFoundByItsConditions(t *testing.T) {
	tests := []struct {
		name, a, b string
		same       bool
	}{
		{"another order", `{"_match_route_": ["a", "b"]}`, `{"_match_route_": ["b", "a"]}`, true},
		{"another quota", `{"_match_route_": ["a"], "limit_keys": [1]}`, `{"_match_route_": ["a"], "limit_keys": [2]}`, true},
		{"another route", `{"_match_route_": ["a"]}`, `{"_match_route_": ["b"]}`, false},
		{"another kind", `{"_match_route_": ["a"]}`, `{"_match_domain_": ["a"]}`, false},
		{"one that reads alike", `{"_match_route_": ["a", "b"]}`, `{"_match_route_": ["ab"]}`, false},
		{"one more", `{"_match_route_": ["a"]}`, `{"_match_route_": ["a"], "_match_service_": ["s"]}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.same, conditions(gjson.Parse(tt.a)) == conditions(gjson.Parse(tt.b)))
		})
	}
}

func TestTheLogShowsLittleOfAValue(t *testing.T) {
	tests := []struct{ value, shown string }{
		{"", "…"},
		{"a", "…"},
		{"abcd", "ab…"},
		{"sk-0123456789", "sk-0…"},
		{"\r\n\x00\xffabcd", "????…"},
	}
	for _, tt := range tests {
		assert.Regexp(t, "^"+regexp.QuoteMeta(tt.shown)+" sha256:[0-9a-f]{12}$", brief(tt.value))
	}
	assert.Equal(t, "… sha256:ca978112ca1b", brief("a"), "a client who knows the value finds it")
}

// broken are buckets that never count.
type broken struct{ err error }

func (b broken) Take(string, *ratelimit.Limit) (ratelimit.Decision, error) {
	return ratelimit.Decision{}, b.err
}

func (b broken) TakeOf(string, string, *ratelimit.Limit) (ratelimit.Decision, error) {
	return ratelimit.Decision{}, b.err
}

func TestWhatCannotBeCountedPasses(t *testing.T) {
	for _, err := range []error{ratelimit.ErrContended, types.ErrorStatusBadArgument} {
		for _, config := range []string{
			`{"limit_by_header": "x-app", "limit_keys": [{"key": "m", "query_per_day": 1}]}`,
			`{"limit_by_per_header": "x-app", "limit_keys": [{"key": "*", "query_per_day": 1}]}`,
		} {
			var c Config
			require.NoError(t, parseGlobal(gjson.Parse(config), &c))
			c.buckets = broken{err}
			value, limited := c.find(request("/", "x-app: m"))
			require.NotNil(t, limited)
			_, counted := c.take(limited, value)
			assert.False(t, counted)
		}
	}
}

func TestTheCompiledModuleStartsAndCounts(t *testing.T) {
	const wasm = "../../build/key-rate-limit.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, `{"limit_by_param": "apikey", "limit_keys": [{"key": "trial", "query_per_day": 1}]}`)
		assert.Equal(t, types.HeaderContinue, host.CallOnHttpRequestHeaders(request("/?apikey=trial")))
		host.CompleteHttp()
		assert.Equal(t, types.HeaderStopAllIterationAndWatermark, host.CallOnHttpRequestHeaders(request("/?apikey=trial")))
		require.NotNil(t, host.GetLocalResponse())
		assert.Equal(t, uint32(429), host.GetLocalResponse().StatusCode)
	})
}
