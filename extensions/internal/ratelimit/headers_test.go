package ratelimit

import (
	"testing"

	"github.com/dunglas/httpsfv"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func TestPolicyName(t *testing.T) {
	for _, tt := range []struct{ name, read string }{
		{"rule", "rule"},
		{"", "default"},
		{`a "quoted" \ name`, `a "quoted" \ name`},
		{"tab\tand\r\nlines", "tab_and__lines"},
		{"früh 限", "fr_h _"},
		{"a;q=1, b", "a;q=1, b"},
		{"\xff", "_"},
	} {
		item, err := httpsfv.UnmarshalItem([]string{PolicyName(tt.name)})
		require.NoError(t, err, tt.name)
		assert.Equal(t, tt.read, item.Value)
		assert.Empty(t, item.Params.Names())
	}
}

// fields reads a header with one item, whose name and integers it returns.
func fields(t *testing.T, value string) (name string, numbers map[string]int64) {
	t.Helper()
	list, err := httpsfv.UnmarshalList([]string{value})
	require.NoError(t, err, value)
	require.Len(t, list, 1)
	item := list[0].(httpsfv.Item)
	numbers = map[string]int64{}
	for _, param := range item.Params.Names() {
		n, _ := item.Params.Get(param)
		numbers[param] = n.(int64)
	}
	return item.Value.(string), numbers
}

func TestHeadersOfARefusal(t *testing.T) {
	tests := []struct {
		name, config string
		limit        Limit
		decision     Decision
		reset        bool
		want         [][2]string
	}{
		{"none", `{}`, Limit{}, Decision{}, false, [][2]string{}},
		{"the reset alone", `{}`, Limit{}, Decision{Reset: 41}, true, [][2]string{{"X-RateLimit-Reset", "41"}}},
		{"the quota", `{"show_limit_quota_header": true}`, Limit{}, Decision{Quota: 2, Reset: 41}, true,
			[][2]string{{"X-RateLimit-Limit", "2"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "41"}}},
		{"those of the draft", `{"rate_limit_headers": true}`, Limit{Rate: Rate{Threshold: 100, Window: 60}}, Decision{Quota: 100, Reset: 41}, false,
			[][2]string{{"RateLimit", `"rule";r=0;t=41`}, {"RateLimit-Policy", `"rule";q=100;w=60`}, {"Retry-After", "41"}}},
		{"a bucket is a quota in the time in which it fills", `{"rate_limit_headers": true}`,
			Limit{Rate: Rate{Threshold: 100, Window: 60, Burst: 6}, Algorithm: TokenBucket}, Decision{Quota: 6, Reset: 1}, false,
			[][2]string{{"RateLimit", `"rule";r=0;t=1`}, {"RateLimit-Policy", `"rule";q=6;w=4`}, {"Retry-After", "1"}}},
		{"a window that ends just now", `{"rate_limit_headers": true}`, Limit{Rate: Rate{Threshold: 1, Window: 1}}, Decision{Quota: 1}, false,
			[][2]string{{"RateLimit", `"rule";r=0;t=0`}, {"RateLimit-Policy", `"rule";q=1;w=1`}, {"Retry-After", "1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, err := ParseHeaders(gjson.Parse(tt.config), "rule")
			require.NoError(t, err)
			got := h.OfRefusal(&tt.limit, &tt.decision, tt.reset)
			assert.Equal(t, tt.want, got)
			for _, header := range got {
				switch header[0] {
				case limitHeader:
					name, numbers := fields(t, header[1])
					assert.Equal(t, "rule", name)
					assert.Equal(t, map[string]int64{"r": tt.decision.Remaining, "t": tt.decision.Reset}, numbers)
				case policyHeader:
					name, numbers := fields(t, header[1])
					assert.Equal(t, "rule", name)
					assert.Equal(t, map[string]int64{"q": tt.limit.Quota(), "w": tt.limit.Period()}, numbers)
				}
			}
		})
	}
}

func TestNumbersBeyondStructuredFields(t *testing.T) {
	limit := Limit{Rate: Rate{Threshold: MaxThreshold, Window: 86400}}
	h, err := ParseHeaders(gjson.Parse(`{"rate_limit_headers": "true"}`), "")
	require.NoError(t, err)
	name, numbers := fields(t, h.policy(&limit))
	assert.Equal(t, "default", name)
	assert.Equal(t, map[string]int64{"q": 999_999_999_999_999, "w": 86400}, numbers)
	_, numbers = fields(t, h.left(&Decision{Remaining: MaxThreshold}))
	assert.Equal(t, map[string]int64{"r": 999_999_999_999_999, "t": 0}, numbers)
}

func TestASwitchThatIsNone(t *testing.T) {
	_, err := ParseHeaders(gjson.Parse(`{"rate_limit_headers": "on"}`), "")
	assert.EqualError(t, err, `rate_limit_headers: must be true or false, not "on"`)
}
