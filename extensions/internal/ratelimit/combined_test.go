package ratelimit

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// all is an item with limit_by_all.
func all(t *testing.T, parts string) Item {
	t.Helper()
	rules, err := ParseRules(gjson.Parse(`{"rule_name": "r", "rule_items": [{"limit_by_all": [`+parts+`], "query_per_minute": 5}]}`), "query")
	require.NoError(t, err)
	require.Len(t, rules.Items, 1)
	return rules.Items[0]
}

func TestCombinedItems(t *testing.T) {
	i := all(t, `{"limit_by_per_header": "X-A"}, {"limit_by_param": "p", "keys": ["x", "y"]}, {"limit_by_per_consumer": ""}`)
	assert.Equal(t, "limit_by_all", i.Type)
	assert.Equal(t, "limit_by_per_header+limit_by_param+limit_by_per_consumer", i.Name)
	assert.Equal(t, []Rate{{Threshold: 5, Window: 60}}, i.Rates)
	assert.True(t, i.PerValue)
	request := func(path, a, consumer string) [][2]string {
		return [][2]string{{":path", path}, {"x-a", a}, {"x-mse-consumer", consumer}}
	}
	digest := func(headers [][2]string) string {
		value, key, ok := i.Match(headers)
		require.True(t, ok)
		assert.Equal(t, 0, key)
		assert.Regexp(t, "^sha256-[0-9a-f]{64}$", value.Text)
		return value.Text
	}
	seen := map[string]bool{}
	for _, headers := range [][][2]string{
		request("/?p=x", "a", "b"), request("/?p=y", "a", "b"), request("/?p=x", "ab", ""), request("/?p=x", "", "ab"),
		request("/?p=x", "a", "bx"), request("/?p=x", "b", "a"),
	} {
		text := digest(headers)
		assert.False(t, seen[text], "%v has a counter of its own", headers)
		seen[text] = true
		assert.Equal(t, text, digest(headers))
	}
	for _, headers := range [][][2]string{
		{{":path", "/?p=x"}, {"x-a", "a"}},
		{{":path", "/?p=x"}, {"x-mse-consumer", "a"}},
		request("/?p=z", "a", "b"),
		request("/", "a", "b"),
	} {
		_, key, ok := i.Match(headers)
		assert.False(t, ok, "%v", headers)
		assert.Equal(t, -1, key)
	}
}

func TestPartsWithoutKeysTakeEveryValue(t *testing.T) {
	w := warned(t)
	i := all(t, `{"limit_by_per_ip": "from-header-x-real-ip"}, {"limit_by_per_cookie": "c"}`)
	for _, address := range []string{"192.0.2.1", "2001:db8::1"} {
		_, _, ok := i.Match([][2]string{{"x-real-ip", address}, {"cookie", "c=1"}})
		assert.True(t, ok, address)
	}
	_, _, ok := i.Match([][2]string{{"x-real-ip", "]"}, {"cookie", "c=1"}})
	assert.False(t, ok)
	assert.Len(t, w.lines, 1, "what is no address is told")
}

func TestCombinedLoadErrors(t *testing.T) {
	const rate = `, "query_per_minute": 5`
	tests := []struct{ name, item, want string }{
		{"no list", `"limit_by_all": "a"` + rate, "'limit_by_all' must be a list of sources"},
		{"an empty list", `"limit_by_all": []` + rate, "'limit_by_all' must be a list of sources"},
		{"beside another source", `"limit_by_all": [{"limit_by_per_header": "h"}], "limit_by_consumer": ""` + rate, "'limit_by_all' and 'limit_by_consumer' cannot be set at the same time"},
		{"with keys of an item", `"limit_by_all": [{"limit_by_per_header": "h"}], "limit_keys": []` + rate, "'limit_by_all' has no 'limit_keys', but 'keys' in each of its entries, and its rate beside it"},
		{"without a rate", `"limit_by_all": [{"limit_by_per_header": "h"}]`, "one of 'query_per_second', 'query_per_minute', 'query_per_hour', or 'query_per_day' must be set for limit_by_all"},
		{"a text as entry", `"limit_by_all": ["h"]` + rate, "'limit_by_all[0]': must be an object"},
		{"an entry without source", `"limit_by_all": [{"limit_by_per_header": "h"}, {}]` + rate, "'limit_by_all[1]': one of the 'limit_by_…' fields must be set"},
		{"an entry with two", `"limit_by_all": [{"limit_by_header": "h", "limit_by_param": "p"}]` + rate, "'limit_by_all[0]': 'limit_by_header' and 'limit_by_param' cannot be set at the same time"},
		{"literal keys are required", `"limit_by_all": [{"limit_by_header": "h"}]` + rate, "'limit_by_all[0]': 'keys' must be set for 'limit_by_header'"},
		{"a plain key where patterns are expected", `"limit_by_all": [{"limit_by_per_header": "h", "keys": "a"}]` + rate, "'limit_by_all[0]': the 'limit_by_per_header' restriction must start with 'regexp:' or be exactly '*'"},
		{"no address", `"limit_by_all": [{"limit_by_per_ip": "from-remote-addr", "keys": ["a"]}]` + rate, "'limit_by_all[0]': failed to parse IPNet for key 'a': invalid IP[a]"},
		{"an unknown address source", `"limit_by_all": [{"limit_by_per_ip": "x"}]` + rate, "'limit_by_all[0]': the 'limit_by_per_ip' restriction must start with 'from-header-' or be exactly 'from-remote-addr'"},
		{"keys of another type", `"limit_by_all": [{"limit_by_header": "h", "keys": [7]}]` + rate, "'limit_by_all[0]': keys[0]: must be a string"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseRules(gjson.Parse(`{"rule_name": "r", "rule_items": [{`+tt.item+`}]}`), "query")
			assert.EqualError(t, err, "failed to parse rule_item in rule_items: "+tt.want)
		})
	}
}

func FuzzCombined(f *testing.F) {
	warned(f)
	f.Add("/?p=a", "b", "a", "1.2.3.4")
	f.Add("/?p=%zz;", "", "sid; a==", "]")
	f.Add("?p", "a\x00b", "a=", "::ffff:1.2.3.4, x")
	rules, err := ParseRules(gjson.Parse(`{"rule_name": "r", "rule_items": [{"limit_by_all": [{"limit_by_per_param": "p"},
		{"limit_by_per_header": "h"}, {"limit_by_per_cookie": "a"}, {"limit_by_per_ip": "from-header-ip"}], "query_per_minute": 5}]}`), "query")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path, header, cookie, address string) {
		headers := [][2]string{{":path", path}, {"h", header}, {"cookie", cookie}, {"ip", address}}
		value, key, ok := rules.Items[0].Match(headers)
		if ok != (key == 0) || ok && len(value.Text) != len("sha256-")+64 || !ok && key != -1 {
			t.Fatalf("%q, %d, %v", value.Text, key, ok)
		}
	})
}

func FuzzSlot(f *testing.F) {
	f.Add([]byte{}, "a")
	f.Add(make([]byte, slotEntry), "a")
	f.Add(make([]byte, longestSlot), "b")
	f.Add(make([]byte, longestSlot+slotEntry), "b")
	f.Fuzz(func(t *testing.T, slot []byte, value string) {
		const now = 1_900_000_000 * second
		_, digest := place(value)
		for _, algorithm := range []Algorithm{FixedWindow, SlidingWindow, TokenBucket} {
			limit := Limit{Rate: Rate{Threshold: 2, Window: 1, Burst: 2}, Algorithm: algorithm}
			next, decision := limit.takeIn(slot, digest, now)
			if len(next)%slotEntry != 0 || len(next) > longestSlot || len(next) == 0 {
				t.Fatalf("a slot of %d bytes", len(next))
			}
			if decision.Remaining < 0 || decision.Reset < 0 {
				t.Fatalf("%+v", decision)
			}
		}
	})
}
