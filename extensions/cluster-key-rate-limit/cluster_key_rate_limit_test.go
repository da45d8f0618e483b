package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// request makes request headers from a path and "name: value" lines.
func request(path string, lines ...string) [][2]string {
	return plugintest.Request("GET", path, lines...)
}

// command decodes a Redis command.
func command(t *testing.T, query []byte) []string {
	t.Helper()
	value, n, err := resp.NewReader(bytes.NewReader(query)).ReadValue()
	require.NoError(t, err)
	require.Equal(t, len(query), n)
	var words []string
	for _, word := range value.Array() {
		words = append(words, word.String())
	}
	return words
}

const (
	redisService = `"redis": {"service_name": "r.static"}`
	global2      = `{"rule_name": "g", "global_threshold": {"query_per_minute": 2}, ` + redisService
)

func integers(list ...int) []byte {
	values := make([]interface{}, len(list))
	for i, n := range list {
		values[i] = n
	}
	return test.CreateRedisRespArray(values)
}

func TestVerdicts(t *testing.T) {
	tests := []struct {
		name, config string
		answer       []int
		status       uint32 // 0: passes
		body         string
		headers      [][2]string // of the refusal, or of the response
	}{
		{"below the threshold", global2 + `}`, []int{2, 1, 60}, 0, "", nil},
		{"below, quota headers", global2 + `, "show_limit_quota_header": true}`, []int{2, 1, 60}, 0, "",
			[][2]string{{"X-RateLimit-Limit", "2"}, {"X-RateLimit-Remaining", "1"}}},
		{"at the threshold", global2 + `, "show_limit_quota_header": "true"}`, []int{2, 2, 5}, 0, "",
			[][2]string{{"X-RateLimit-Limit", "2"}, {"X-RateLimit-Remaining", "0"}}},
		{"above", global2 + `}`, []int{2, 3, 41}, 429, "Too many requests", [][2]string{{"X-RateLimit-Reset", "41"}}},
		{"above, quota headers, own code and text", global2 + `, "show_limit_quota_header": true, "rejected_code": 503, "rejected_msg": "x"}`, []int{2, 3, 41}, 503, "x",
			[][2]string{{"X-RateLimit-Limit", "2"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "41"}}},
		{"above, an empty body", global2 + `, "rejected_msg": ""}`, []int{2, 3, 0}, 429, "", [][2]string{{"X-RateLimit-Reset", "0"}}},
		{"far above, after the threshold was lowered", global2 + `}`, []int{2, 500, 7}, 429, "Too many requests", [][2]string{{"X-RateLimit-Reset", "7"}}},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, tt.config)
				require.Equal(t, types.HeaderStopAllIterationAndWatermark, host.CallOnHttpRequestHeaders(request("/")), "held until Redis answers")
				off, err := host.GetProperty([]string{"clear_route_cache"})
				require.NoError(t, err)
				assert.Equal(t, "off", string(off))
				host.CallOnRedisCall(0, integers(tt.answer...))
				reply := host.GetLocalResponse()
				if tt.status != 0 {
					require.NotNil(t, reply)
					assert.Equal(t, tt.status, reply.StatusCode)
					assert.Equal(t, tt.body, string(reply.Data))
					assert.Equal(t, tt.headers, reply.Headers)
					assert.Equal(t, "cluster-key-rate-limit.rejected", reply.StatusCodeDetail)
					assert.Equal(t, types.HeaderStopAllIterationAndWatermark, host.GetHttpStreamAction(), "stays held")
					return
				}
				assert.Nil(t, reply)
				assert.Equal(t, types.ActionContinue, host.GetHttpStreamAction())
				host.CallOnHttpResponseHeaders([][2]string{{":status", "200"}, {"x-ratelimit-limit", "of the backend"}})
				headers := host.GetResponseHeaders()
				if tt.headers == nil {
					assert.True(t, test.HasHeaderWithValue(headers, "x-ratelimit-limit", "of the backend"))
					assert.Len(t, headers, 2)
					return
				}
				for _, h := range tt.headers {
					assert.True(t, test.HasHeaderWithValue(headers, strings.ToLower(h[0]), h[1]), h[0])
				}
				assert.Len(t, headers, 3, "the backend's is replaced, and there is no X-RateLimit-Reset")
			})
		}
	})
}

func TestEveryRedisProblemLetsTheRequestPass(t *testing.T) {
	tests := []struct {
		name   string
		status int32
		answer []byte
	}{
		{"connection failed", 1, nil},
		{"an error", 0, test.CreateRedisResp(errors.New("ERR wrong"))},
		{"null", 0, test.CreateRedisRespNull()},
		{"a number", 0, test.CreateRedisRespInt(3)},
		{"a text", 0, test.CreateRedisRespString("2,3,4")},
		{"two integers", 0, integers(2, 3)},
		{"four integers", 0, integers(2, 3, 4, 5)},
		{"no integers", 0, test.CreateRedisRespArray([]interface{}{"2", "3", "x"})},
		{"an empty array", 0, integers()},
		{"no RESP", 0, []byte("HTTP/1.1 400 Bad Request\r\n\r\n")},
		{"half an answer", 0, []byte("*3\r\n:2\r\n:3\r\n")},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, global2+`, "show_limit_quota_header": true}`)
				require.Equal(t, types.HeaderStopAllIterationAndWatermark, host.CallOnHttpRequestHeaders(request("/")))
				host.CallOnRedisCall(tt.status, tt.answer)
				assert.Nil(t, host.GetLocalResponse())
				assert.Equal(t, types.ActionContinue, host.GetHttpStreamAction())
				host.CallOnHttpResponseHeaders([][2]string{{":status", "200"}})
				assert.Equal(t, [][2]string{{":status", "200"}}, host.GetResponseHeaders())
			})
		}
	})
}

// Counters of the rules below begin like this.
const counter = "higress-cluster-key-rate-limit:partner:"

const partner = `{"rule_name": "partner", "rule_items": [
	{"limit_by_param": "token", "limit_keys": [{"key": "vip-1", "query_per_second": 50}]},
	{"limit_by_header": "X-Tenant", "limit_keys": [{"key": "acme", "query_per_hour": 7}]},
	{"limit_by_per_header": "X-Tenant", "limit_keys": [{"key": "regexp:^internal-", "query_per_minute": 1000}, {"key": "*", "query_per_minute": 60}]},
	{"limit_by_cookie": "tier", "limit_keys": [{"key": "a=b", "query_per_day": 1}]},
	{"limit_by_consumer": "", "limit_keys": [{"key": "batch-job", "query_per_hour": 10}]},
	{"limit_by_per_consumer": "", "limit_keys": [{"key": "*", "query_per_hour": 500}]},
	{"limit_by_per_cookie": "sid", "limit_keys": [{"key": "*", "query_per_second": 5}]},
	{"limit_by_per_param": "app", "limit_keys": [{"key": "regexp:^[a-z]+$", "query_per_second": 6}]},
	{"limit_by_per_ip": "from-header-X-Real-IP", "limit_keys": [{"key": "10.8.0.0/16", "query_per_day": 5000}, {"key": "0.0.0.0/0", "query_per_day": 200}]}
], ` + redisService + `}`

func TestCounters(t *testing.T) {
	long := strings.Repeat("x", 256)
	tests := []struct {
		name    string
		request [][2]string
		counter string // empty: not limited
		args    []string
	}{
		{"parameter", request("/a?token=vip-1&token=z"), "limit_by_param:1:token:vip-1", []string{"50", "1"}},
		{"parameter beside malformed ones", request("/a?x=%zz&y;&token=vip-1"), "limit_by_param:1:token:vip-1", []string{"50", "1"}},
		{"another parameter", request("/a?token=other"), "", nil},
		{"header, exact", request("/", "x-tenant: acme"), "limit_by_header:3600:X-Tenant:acme", []string{"7", "3600"}},
		{"header without a key, the next item counts", request("/", "x-tenant: bob"), "limit_by_per_header:60:X-Tenant:bob", []string{"60", "60"}},
		{"header, pattern", request("/", "x-tenant: internal-9"), "limit_by_per_header:60:X-Tenant:internal-9", []string{"1000", "60"}},
		{"header, a value equal to the key", request("/", "x-tenant: regexp:^internal-"), "limit_by_per_header:60:X-Tenant:regexp:^internal-", []string{"1000", "60"}},
		{"an empty header", request("/", "x-tenant: "), "limit_by_per_header:60:X-Tenant:", []string{"60", "60"}},
		{"a value of 256 bytes", request("/", "x-tenant: "+long), "limit_by_per_header:60:X-Tenant:" + long, []string{"60", "60"}},
		{"a longer value", request("/", "x-tenant: "+long+"x"), "limit_by_per_header:60:X-Tenant:sha256-2f2af9e1b4e9ef5b77cfc6a1f7a0a0ac", nil},
		{"cookie", request("/", "cookie: a=1; tier=a=b"), "limit_by_cookie:86400:tier:a=b", []string{"1", "86400"}},
		{"consumer", request("/", "x-mse-consumer: batch-job"), "limit_by_consumer:3600:x-mse-consumer:batch-job", []string{"10", "3600"}},
		{"any consumer", request("/", "x-mse-consumer: bob"), "limit_by_per_consumer:3600:x-mse-consumer:bob", []string{"500", "3600"}},
		{"any cookie", request("/", "cookie: sid=abc=="), "limit_by_per_cookie:1:sid:abc==", []string{"5", "1"}},
		{"a cookie without =", request("/", "cookie: sid; a=b"), "", nil},
		{"parameter, pattern", request("/?app=web"), "limit_by_per_param:1:app:web", []string{"6", "1"}},
		{"parameter, pattern does not match", request("/?app=WEB"), "", nil},
		{"address in a network", request("/", "x-real-ip: 10.8.1.2, 9.9.9.9"), "limit_by_per_ip:86400:from-header-X-Real-IP:10.8.1.2", []string{"5000", "86400"}},
		{"any address", request("/", "x-real-ip: 9.9.9.9:1234 , 10.8.1.2"), "limit_by_per_ip:86400:from-header-X-Real-IP:9.9.9.9", []string{"200", "86400"}},
		{"a mapped address", request("/", "x-real-ip: ::ffff:10.8.1.2"), "limit_by_per_ip:86400:from-header-X-Real-IP:10.8.1.2", []string{"5000", "86400"}},
		{"an IPv6 address", request("/", "x-real-ip: [2001:DB8::1]:99"), "limit_by_per_ip:86400:from-header-X-Real-IP:2001:db8::1", []string{"200", "86400"}},
		{"a bracket", request("/", "x-real-ip: ]"), "", nil},
		{"nothing to limit by", request("/"), "", nil},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, partner)
				action := host.CallOnHttpRequestHeaders(tt.request)
				off, err := host.GetProperty([]string{"clear_route_cache"})
				require.NoError(t, err, "on every request")
				assert.Equal(t, "off", string(off))
				calls := host.GetRedisCalloutAttributes()
				if tt.counter == "" {
					assert.Equal(t, types.ActionContinue, action)
					assert.Empty(t, calls)
					return
				}
				require.Equal(t, types.HeaderStopAllIterationAndWatermark, action)
				require.Len(t, calls, 1)
				assert.Equal(t, "outbound|80||r.static", calls[0].Upstream)
				words := command(t, calls[0].Query)
				if tt.args == nil {
					require.Len(t, words, 6)
					assert.Regexp(t, "^"+counter+"limit_by_per_header:60:X-Tenant:sha256-[0-9a-f]{64}$", words[3])
					return
				}
				assert.Equal(t, append([]string{"eval", script, "1", counter + tt.counter}, tt.args...), words)
			})
		}
	})
}

func TestThePeersAddress(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		const config = `{"rule_name": "", "rule_items": [{"limit_by_per_ip": "from-remote-addr", "limit_keys": [{"key": "::/0", "query_per_second": 1}]}], ` + redisService + `}`
		tests := []struct{ name, address, value string }{
			{"IPv4", "10.1.2.3:4567", "10.1.2.3"},
			{"IPv6", "[::1]:4567", "::1"},
			{"mapped", "[::ffff:10.1.2.3]:1", "10.1.2.3"},
			{"none", "", ""},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, config)
				if tt.address == "" {
					assert.Equal(t, types.ActionContinue, host.CallOnHttpRequestHeaders(request("/")))
					assert.Empty(t, host.GetRedisCalloutAttributes())
					return
				}
				require.NoError(t, host.SetProperty([]string{"source", "address"}, []byte(tt.address)))
				host.CallOnHttpRequestHeaders(request("/"))
				calls := host.GetRedisCalloutAttributes()
				require.Len(t, calls, 1)
				assert.Equal(t, "higress-cluster-key-rate-limit::limit_by_per_ip:1:from-remote-addr:"+tt.value, command(t, calls[0].Query)[3])
			})
		}
	})
}

func TestGlobalCounter(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"rule_name": "g", "global_threshold": {"query_per_day": 9}, "redis": {"service_name": "redis.dns"}}`)
		host.CallOnHttpRequestHeaders(request("/"))
		calls := host.GetRedisCalloutAttributes()
		require.Len(t, calls, 1)
		assert.Equal(t, "outbound|6379||redis.dns", calls[0].Upstream)
		assert.Equal(t, []string{"eval", script, "1", "higress-cluster-key-rate-limit:g:global_threshold:86400", "9", "86400"}, command(t, calls[0].Query))
	})
}

func TestRulesReplaceTheGlobalConfigurationWhole(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, global2+`, "rejected_code": 503, "_rules_": [{"_match_route_": ["here"], "rule_name": "h", "global_threshold": {"query_per_hour": 1}, "redis": {"service_name": "other.dns", "service_port": 1}}]}`)
		require.NoError(t, host.SetRouteName("here"))
		host.CallOnHttpRequestHeaders(request("/"))
		calls := host.GetRedisCalloutAttributes()
		require.Len(t, calls, 1)
		assert.Equal(t, "outbound|1||other.dns", calls[0].Upstream)
		assert.Equal(t, "higress-cluster-key-rate-limit:h:global_threshold:3600", command(t, calls[0].Query)[3])
		host.CallOnRedisCall(0, integers(1, 2, 3))
		require.NotNil(t, host.GetLocalResponse())
		assert.Equal(t, uint32(429), host.GetLocalResponse().StatusCode)
	})
}

func TestLoadErrors(t *testing.T) {
	tests := []struct{ name, config, want string }{
		{"no redis is told first", `{}`, "missing redis in config"},
		{"no service", `{"redis": {}}`, "redis service name must not be empty"},
		{"no rule name", `{"global_threshold": {"query_per_day": 1}, ` + redisService + `}`, "missing rule_name in config"},
		{"rejected_code 0", global2 + `, "rejected_code": 0}`, "rejected_code: must be between 200 and 599, got 0"},
		{"both modes", global2 + `, "rule_items": []}`, "'global_threshold' and 'rule_items' cannot be set at the same time"},
	}
	test.RunGoTest(t, func(t *testing.T) {
		plugintest.Start(t, global2+`}`) // a host for the client
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				var config Config
				assert.EqualError(t, parseConfig(gjson.Parse(tt.config), &config), tt.want)
				assert.Nil(t, config.limiter)
			})
		}
	})
}

func TestAThresholdBeyondLuasNumbers(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"rule_name": "g", "global_threshold": {"query_per_day": "9223372036854775807"}, `+redisService+`}`)
		host.CallOnHttpRequestHeaders(request("/"))
		calls := host.GetRedisCalloutAttributes()
		require.Len(t, calls, 1)
		assert.Equal(t, "9007199254740992", command(t, calls[0].Query)[4])
	})
}

func TestTheCompiledModuleStartsAndCounts(t *testing.T) {
	const wasm = "../../build/cluster-key-rate-limit.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, global2+`, "show_limit_quota_header": true}`)
		require.Equal(t, types.HeaderStopAllIterationAndWatermark, host.CallOnHttpRequestHeaders(request("/")))
		host.CallOnRedisCall(0, integers(2, 1, 60))
		assert.Equal(t, types.ActionContinue, host.GetHttpStreamAction())
		host.CallOnHttpResponseHeaders([][2]string{{":status", "200"}})
		assert.True(t, test.HasHeaderWithValue(host.GetResponseHeaders(), "x-ratelimit-remaining", "1"))
		host.CompleteHttp()
	})
}
