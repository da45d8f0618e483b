package main

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func load(t *testing.T, config string) Config {
	t.Helper()
	var c Config
	require.NoError(t, parseConfig(field.Of(gjson.Parse(config)), &c))
	return c
}

func TestWeightsAreConsecutiveRanges(t *testing.T) {
	const groups = `"weightGroups": [{"headerName": "x-lane", "headerValue": "gray", "weight": 30}, {"headerName": "x-lane", "headerValue": "blue", "weight": 20}]`
	for _, config := range []string{
		`{` + groups + `}`,
		`{` + groups + `, "weightBy": {"conditionType": "cookie", "key": "uid"}}`, // the request has no such cookie
	} {
		c := load(t, config)
		for number, want := range map[int]string{0: "gray", 29: "gray", 30: "blue", 49: "blue", 50: "", 99: ""} {
			c.weights.draw = func() int { return number }
			chosen := c.choose(&request{})
			if want == "" {
				assert.Nil(t, chosen, number)
				continue
			}
			require.NotNil(t, chosen, number)
			assert.Equal(t, tag{"x-lane", want, true}, *chosen)
		}
	}
}

func TestDrawsAreBelowAHundred(t *testing.T) {
	w := load(t, `{"weightGroups": []}`).weights
	for range 1000 {
		number := w.draw()
		require.True(t, number >= 0 && number < 100, number)
	}
}

func TestWeightsStickApartFromPercentages(t *testing.T) {
	c := load(t, `{"weightBy": {"conditionType": "client_ip"}, "weightGroups": [{"headerName": "a", "headerValue": "b", "weight": 1}]}`)
	c.weights.draw = func() int { t.Fatal("drawn"); return 0 }
	client := netip.MustParseAddr("203.0.113.7")
	r := &request{client: &client}
	assert.Equal(t, 41, c.weights.place(r))
	assert.Equal(t, 75, bucket("203.0.113.7"), "as it is known")
}

func TestBucket(t *testing.T) {
	for value, want := range map[string]int{"u1": 42, "u2": 55, "u3": 48, "a b": 2} { // by another implementation of SHA-256
		assert.Equal(t, want, bucket(value), value)
	}
}

func TestConditions(t *testing.T) {
	client := netip.MustParseAddr("192.0.2.7")
	received := &request{client: &client, headers: [][2]string{
		{":authority", "Shop.Test.:8443"}, {":path", "/a%2Fb/?x=1&y=a+b&empty=&%7A=%7a"}, {":method", "GET"},
		{"x-a", "Value"}, {"x-a", "other"}, {"x-empty", ""}, {"cookie", "a=1;b= 2 ;novalue; q=\"x\""}, {"cookie", "late=1"},
	}}
	for condition, want := range map[string]bool{
		`{"conditionType": "header", "key": "X-A", "operator": "equal", "value": "Value"}`:            true,
		`{"conditionType": "header", "key": "x-a", "operator": "equal", "value": "value"}`:            false,
		`{"conditionType": "header", "key": "x-a", "operator": "in", "value": ["other"]}`:             false,
		`{"conditionType": "header", "key": "x-a", "operator": "prefix", "value": "Val"}`:             true,
		`{"conditionType": "header", "key": "x-a", "operator": "regex", "value": "al"}`:               true,
		`{"conditionType": "header", "key": "x-a", "operator": "regex", "value": "^al"}`:              false,
		`{"conditionType": "header", "key": "x-empty", "operator": "not_equal", "value": "a"}`:        true,
		`{"conditionType": "header", "key": "host", "operator": "equal", "value": "Shop.Test.:8443"}`: true,
		`{"conditionType": "HEADER", "key": "x-none", "operator": "regex", "value": ""}`:              false,
		`{"conditionType": "cookie", "key": "a", "operator": "EQUAL", "value": 1}`:                    true,
		`{"conditionType": "cookie", "key": "b", "operator": "equal", "value": " 2"}`:                 true,
		`{"conditionType": "cookie", "key": "q", "operator": "equal", "value": "\"x\""}`:              true,
		`{"conditionType": "cookie", "key": "novalue", "operator": "exists"}`:                         false,
		`{"conditionType": "cookie", "key": "late", "operator": "exists"}`:                            true,
		`{"conditionType": "parameter", "key": "y", "operator": "equal", "value": "a b"}`:             true,
		`{"conditionType": "parameter", "key": "z", "operator": "equal", "value": "z"}`:               true,
		`{"conditionType": "parameter", "key": "empty", "operator": "exists"}`:                        true,
		`{"conditionType": "parameter", "key": "X", "operator": "exists"}`:                            false,
		`{"conditionType": "path", "operator": "equal", "value": "/a%2Fb/"}`:                          true,
		`{"conditionType": "host", "operator": "prefix", "value": "SHOP."}`:                           true,
		`{"conditionType": "host", "operator": "not_in", "value": ["SHOP.TEST"]}`:                     false,
		`{"conditionType": "client_ip", "operator": "in", "value": ["::ffff:192.0.2.0/120"]}`:         true,
		`{"conditionType": "client_ip", "operator": "not_equal", "value": "192.0.2.7"}`:               false,
		`{"conditionType": "client_ip", "operator": "not_equal", "value": "192.0.2.8"}`:               true,
		`{"conditionType": "client_ip", "operator": "in", "value": ["::/0"]}`:                         false,
		`{"conditionType": "client_ip", "operator": "regex", "value": "^192"}`:                        true,
	} {
		c, err := parseCondition(field.Of(gjson.Parse(condition)))
		require.NoError(t, err, condition)
		assert.Equal(t, want, c.holds(received), condition)
	}
}

func TestWithoutAnAddressNoNetworkFits(t *testing.T) {
	for _, operator := range []string{"in", "not_in", "equal", "not_equal"} {
		c, err := parseCondition(field.Of(gjson.Parse(`{"conditionType": "client_ip", "operator": "` + operator + `", "value": "192.0.2.7"}`)))
		require.NoError(t, err)
		assert.False(t, c.holds(&request{client: &netip.Addr{}}), operator)
	}
}

func TestLoadErrors(t *testing.T) {
	group := func(condition string) string {
		return `{"conditionGroups": [{"headerName": "x", "headerValue": "y", "logic": "or", "conditions": [` + condition + `]}]}`
	}
	const place = "conditionGroups[0].conditions[0]: "
	for _, tt := range []struct{ config, want string }{
		{group(`{"key": "a", "operator": "equal", "value": "x"}`), place + "conditionType cannot be empty"},
		{group(`{"conditionType": "body", "key": "a", "operator": "equal", "value": "x"}`), place + "invalid conditionType: 'body'"},
		{group(`{"conditionType": "header", "operator": "equal", "value": "x"}`), place + "key cannot be empty"},
		{group(`{"conditionType": "header", "key": "a", "value": "x"}`), place + "operator cannot be empty"},
		{group(`{"conditionType": "header", "key": "a", "operator": "like", "value": "x"}`), place + "invalid operator: 'like'"},
		{group(`{"conditionType": "header", "key": "a", "operator": "equal", "value": []}`), place + "value must contain exactly one element for 'equal' operator"},
		{group(`{"conditionType": "header", "key": "a", "operator": "prefix", "value": ["a", "b"]}`), place + "value must contain exactly one element for 'prefix' operator"},
		{group(`{"conditionType": "header", "key": "a", "operator": "not_in"}`), place + "value must contain at least one element for 'in' or 'not_in' operators"},
		{group(`{"conditionType": "header", "key": "a", "operator": "percentage", "value": "1.5"}`), place + "value for 'percentage' must be a valid integer"},
		{group(`{"conditionType": "header", "key": "a", "operator": "percentage", "value": -1}`), place + "value for 'percentage' must be greater than 0 and less than 100"},
		{group(`{"conditionType": "header", "key": "a", "operator": "exists", "value": "x"}`), place + "value must be empty for 'exists' and 'not_exists' operators"},
		{group(`{"conditionType": "client_ip", "operator": "in", "value": ["10.0.0.0/8", "10.0.0.x"]}`), "conditionGroups[0].conditions[0].value[1]: not an IP address"},
		{`{"conditionGroups": "x"}`, "conditionGroups: must be a list of objects"},
		{`{"conditionGroups": [{"headerName": "x", "headerValue": "", "logic": "or"}]}`, `conditionGroups[0]: invalid condition group: {"headerName": "x", "headerValue": "", "logic": "or"}, HeaderName: x, HeaderValue: , Logic: or`},
		{`{"weightGroups": [{"headerName": "x", "headerValue": "y", "weight": 101}]}`, `weightGroups[0]: invalid weight config: {"headerName": "x", "headerValue": "y", "weight": 101}`},
		{`{"weightGroups": [{"headerName": "", "headerValue": "y", "weight": 1}]}`, `weightGroups[0]: invalid weight config: {"headerName": "", "headerValue": "y", "weight": 1}`},
		{`{"weightGroups": [{"headerName": "x", "headerValue": "y", "weight": 1}], "weightBy": {"conditionType": "cookie"}}`, "weightBy: key cannot be empty"},
		{`{"weightBy": "cookie"}`, "weightBy: must be an object"},
		{`{"override": "yes"}`, `override: must be true or false, not "yes"`},
	} {
		var c Config
		assert.EqualError(t, parseConfig(field.Of(gjson.Parse(tt.config)), &c), tt.want, tt.config)
	}
}

func TestOlderFieldsTakeWhatTheyTook(t *testing.T) {
	c := load(t, `{"conditionGroups": {"headerName": 7, "headerValue": true, "logic": "oR", "conditions": {"conditionType": "header", "key": 1, "operator": "in", "value": 5}},
		"weightGroups": [{"headerName": "a", "headerValue": "b", "weight": 30.9}, {"headerName": "a", "headerValue": "c", "weight": "20"}, {"headerName": "a", "headerValue": "d"}],
		"defaultTagKey": 1, "defaultTagVal": 2}`)
	require.Len(t, c.groups, 1)
	assert.Equal(t, tag{"7", "true", true}, c.groups[0].tag)
	assert.True(t, c.groups[0].matches(&request{headers: [][2]string{{"1", "5"}}}))
	var ends []int
	for _, g := range c.weights.groups {
		ends = append(ends, g.end)
	}
	assert.Equal(t, []int{30, 50, 50}, ends)
	assert.Equal(t, &tag{"1", "2", true}, c.fallback)
}

// FuzzRequest asks every source of a request from anywhere.
func FuzzRequest(f *testing.F) {
	f.Add("h.test:80", "/a?x=1&y=%zz;&&=#?x", "a=1; x=2", "x")
	f.Add("[::1]:", "?x", ";;=;x", "")
	f.Fuzz(func(t *testing.T, host, path, cookies, key string) {
		client := netip.Addr{}
		r := &request{client: &client, headers: [][2]string{{":authority", host}, {":path", path}, {"cookie", cookies}}}
		for _, kind := range []string{"header", "cookie", "parameter", "host", "path", "method", "client_ip"} {
			s := source{kind: kind, key: key}
			value, ok := s.value(r)
			if !ok && value != "" {
				t.Fatalf("no %s, and yet %q", kind, value)
			}
			if place := bucket(value); place < 0 || place > 99 {
				t.Fatalf("%q is at %d", value, place)
			}
		}
	})
}

func TestTheCompiledModuleStartsAndTags(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/traffic-tag.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{"weightGroups": [{"headerName": "x-lane", "headerValue": "gray", "weight": 100}]}`)
		assert.Equal(t, types.ActionContinue, host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "GET"}, {":scheme", "http"}}))
		assert.Contains(t, host.GetRequestHeaders(), [2]string{"x-lane", "gray"})
		host.CompleteHttp()
	})
}

func TestWhatIsLoggedAtLoad(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		for config, want := range map[string]string{`{}`: "plugin config is empty", `{"defaultTagKey": "x", "defaultTagVal": "a\nb"}`: "no header can be x"} {
			host := plugintest.Start(t, config)
			assert.Contains(t, strings.Join(host.GetErrorLogs(), "\n"), want, config)
			host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "GET"}})
			assert.Len(t, host.GetRequestHeaders(), 3)
			host.Reset()
		}
	})
}

func TestTagLinesAreNoNoise(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"defaultTagKey": "x-lane", "defaultTagVal": "stable"}`)
		host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "GET"}})
		assert.Contains(t, host.GetRequestHeaders(), [2]string{"x-lane", "stable"})
		logs := host.(interface {
			GetDebugLogs() []string
			GetInfoLogs() []string
		})
		assert.NotContains(t, strings.Join(logs.GetInfoLogs(), "\n"), "ADD HEADER")
		assert.Contains(t, strings.Join(logs.GetDebugLogs(), "\n"), "ADD HEADER: x-lane, value: stable")
	})
}
