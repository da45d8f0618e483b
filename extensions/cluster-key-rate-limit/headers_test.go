package main

import (
	"strconv"
	"testing"

	"github.com/dunglas/httpsfv"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// structuredField reads a structured field with one item.
func structuredField(t *testing.T, headers [][2]string, name string) (string, map[string]int64) {
	t.Helper()
	value, ok := test.GetHeaderValue(headers, name)
	require.True(t, ok, "%s in %v", name, headers)
	list, err := httpsfv.UnmarshalList([]string{value})
	require.NoError(t, err, value)
	require.Len(t, list, 1)
	item := list[0].(httpsfv.Item)
	numbers := map[string]int64{}
	for _, param := range item.Params.Names() {
		n, _ := item.Params.Get(param)
		numbers[param] = n.(int64)
	}
	return item.Value.(string), numbers
}

func TestRateLimitHeaders(t *testing.T) {
	tests := []struct {
		name, config  string
		answer        []int
		refused       bool
		policy, limit map[string]int64
	}{
		{"a fixed window", `"global_threshold": {"query_per_minute": 100}`, []int{100, 91, 41}, false, map[string]int64{"q": 100, "w": 60}, map[string]int64{"r": 9, "t": 41}},
		{"used up", `"global_threshold": {"query_per_minute": 100}`, []int{100, 101, 41}, true, map[string]int64{"q": 100, "w": 60}, map[string]int64{"r": 0, "t": 41}},
		{"a sliding window", `"algorithm": "sliding_window", "global_threshold": {"query_per_hour": 7}`, []int{1, 6, 3000}, false, map[string]int64{"q": 7, "w": 3600}, map[string]int64{"r": 6, "t": 3000}},
		{"used up, too", `"algorithm": "sliding_window", "global_threshold": {"query_per_hour": 7}`, []int{0, 0, 12}, true, map[string]int64{"q": 7, "w": 3600}, map[string]int64{"r": 0, "t": 12}},
		{"a bucket", `"algorithm": "token_bucket", "global_threshold": {"query_per_minute": 6, "burst": 3}`, []int{1, 2, 10}, false, map[string]int64{"q": 3, "w": 30}, map[string]int64{"r": 2, "t": 10}},
		{"an empty bucket", `"algorithm": "token_bucket", "global_threshold": {"query_per_minute": 6}`, []int{0, 0, 10}, true, map[string]int64{"q": 6, "w": 60}, map[string]int64{"r": 0, "t": 10}},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, `{"rule_name": "a \"rule\"", "rate_limit_headers": true, `+tt.config+`, `+redisService+`}`)
				host.CallOnHttpRequestHeaders(request("/"))
				host.CallOnRedisCall(0, integers(tt.answer...))
				var headers [][2]string
				if reply := host.GetLocalResponse(); tt.refused {
					require.NotNil(t, reply)
					headers = reply.Headers
					after, _ := test.GetHeaderValue(headers, "Retry-After")
					assert.Equal(t, strconv.FormatInt(tt.limit["t"], 10), after)
				} else {
					require.Nil(t, reply)
					host.CallOnHttpResponseHeaders([][2]string{{":status", "200"}})
					headers = host.GetResponseHeaders()
					require.Len(t, headers, 3)
				}
				for name, want := range map[string]map[string]int64{"RateLimit-Policy": tt.policy, "RateLimit": tt.limit} {
					rule, numbers := structuredField(t, headers, name)
					assert.Equal(t, `a "rule"`, rule)
					assert.Equal(t, want, numbers, name)
				}
			})
		}
	})
}
