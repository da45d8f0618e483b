package ratelimit

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// item is a configuration with one entry of rule_items.
func item(source, keys string) string {
	return `{"rule_name": "r", "rule_items": [{` + source + `, "limit_keys": [` + keys + `]}]}`
}

func TestLoadErrors(t *testing.T) {
	const (
		inItem  = "failed to parse rule_item in rule_items: "
		noRate  = "one of 'query_per_second', 'query_per_minute', 'query_per_hour', or 'query_per_day' must be set for "
		someKey = `{"key": "a", "query_per_day": 1}`
	)
	tests := []struct{ name, config, want string }{
		{"no name", `{"global_threshold": {"query_per_day": 1}}`, "missing rule_name in config"},
		{"neither mode", `{"rule_name": ""}`, "at least one of 'global_threshold' or 'rule_items' must be set"},
		{"both modes", `{"rule_name": "r", "global_threshold": {"query_per_day": 1}, "rule_items": []}`, "'global_threshold' and 'rule_items' cannot be set at the same time"},
		{"no rate", `{"rule_name": "r", "global_threshold": {}}`, "failed to parse global_threshold: " + noRate + "global_threshold"},
		{"rate of another unit", `{"rule_name": "r", "global_threshold": {"token_per_day": 1}}`, "failed to parse global_threshold: " + noRate + "global_threshold"},
		{"zero", `{"rule_name": "r", "global_threshold": {"query_per_second": 0}}`, "failed to parse global_threshold: 'query_per_second' must be a positive integer, got 0"},
		{"a fraction below one", `{"rule_name": "r", "global_threshold": {"query_per_hour": 0.5}}`, "failed to parse global_threshold: 'query_per_hour' must be a positive integer, got 0"},
		{"negative text", `{"rule_name": "r", "global_threshold": {"query_per_minute": "-3"}}`, "failed to parse global_threshold: 'query_per_minute' must be a positive integer, got -3"},
		{"no items", `{"rule_name": "r", "rule_items": []}`, "config rule_items cannot be empty"},
		{"no source", item(`"limit_by_header": ""`, someKey), inItem + "only one of 'limit_by_header' and 'limit_by_param' and 'limit_by_consumer' and 'limit_by_cookie' and 'limit_by_per_header' and 'limit_by_per_param' and 'limit_by_per_consumer' and 'limit_by_per_cookie' and 'limit_by_per_ip' can be set"},
		{"another address source", item(`"limit_by_per_ip": "x-real-ip"`, someKey), inItem + "the 'limit_by_per_ip' restriction must start with 'from-header-' or be exactly 'from-remote-addr'"},
		{"an address source without header", item(`"limit_by_per_ip": "from-header-"`, someKey), inItem + "limit_by_per_ip parse error: empty after 'from-header-'"},
		{"no keys", `{"rule_name": "r", "rule_items": [{"limit_by_header": "h"}]}`, inItem + "missing limit_keys in config"},
		{"empty keys", item(`"limit_by_header": "h"`, ""), inItem + "config limit_keys cannot be empty"},
		{"an empty key", item(`"limit_by_header": "h"`, `{"key": "", "query_per_day": 1}`), inItem + "limit_keys key is required"},
		{"an absent key", item(`"limit_by_header": "h"`, `{"query_per_day": 1}`), inItem + "limit_keys key is required"},
		{"a key without rate", item(`"limit_by_header": "h"`, `{"key": "a"}`), inItem + noRate + "key: a"},
		{"a key with rate zero", item(`"limit_by_header": "h"`, `{"key": "a", "query_per_day": 0}`), inItem + "'query_per_day' must be a positive integer for key 'a', got 0"},
		{"a plain key for each header", item(`"limit_by_per_header": "h"`, `{"key": "plain", "query_per_day": 1}`), inItem + "the 'limit_by_per_header' restriction must start with 'regexp:' or be exactly '*'"},
		{"a plain key for each consumer", item(`"limit_by_per_consumer": ""`, `{"key": "**", "query_per_day": 1}`), inItem + "the 'limit_by_per_consumer' restriction must start with 'regexp:' or be exactly '*'"},
		{"a bad pattern", item(`"limit_by_per_param": "p"`, `{"key": "regexp:(", "query_per_day": 1}`), inItem + "failed to compile regex for key 'regexp:(': error parsing regexp: missing closing ): `(`"},
		{"a mask out of range", item(`"limit_by_per_ip": "from-remote-addr"`, `{"key": "10.0.0.0/33", "query_per_day": 1}`), inItem + "failed to parse IPNet for key '10.0.0.0/33': invalid IP[10.0.0.0/33]"},
		{"no address", item(`"limit_by_per_ip": "from-remote-addr"`, `{"key": "*", "query_per_day": 1}`), inItem + "failed to parse IPNet for key '*': invalid IP[*]"},
		{"the second item", `{"rule_name": "r", "rule_items": [{"limit_by_header": "h", "limit_keys": [` + someKey + `]}, {}]}`, inItem + "only one of 'limit_by_header' and 'limit_by_param' and 'limit_by_consumer' and 'limit_by_cookie' and 'limit_by_per_header' and 'limit_by_per_param' and 'limit_by_per_consumer' and 'limit_by_per_cookie' and 'limit_by_per_ip' can be set"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseRules(gjson.Parse(tt.config), "query")
			assert.EqualError(t, err, tt.want)
		})
	}
}

func TestRates(t *testing.T) {
	const ignored = "'query_per_%s' is ignored beside 'query_per_%s' for global_threshold"
	tests := []struct {
		name, json, unit string
		want             Rate
		warnings         []string
	}{
		{"second", `{"query_per_second": 5}`, "query", Rate{Threshold: 5, Window: 1}, nil},
		{"minute", `{"query_per_minute": 5}`, "query", Rate{Threshold: 5, Window: 60}, nil},
		{"hour", `{"query_per_hour": 5}`, "query", Rate{Threshold: 5, Window: 3600}, nil},
		{"day", `{"query_per_day": 5}`, "query", Rate{Threshold: 5, Window: 86400}, nil},
		{"text", `{"query_per_day": "5"}`, "query", Rate{Threshold: 5, Window: 86400}, nil},
		{"a fraction is cut", `{"query_per_day": 1.9}`, "query", Rate{Threshold: 1, Window: 86400}, nil},
		{"second counts before minute", `{"query_per_minute": 1, "query_per_second": 2}`, "query", Rate{Threshold: 2, Window: 1}, []string{fmt.Sprintf(ignored, "minute", "second")}},
		{"minute before hour and day", `{"query_per_day": 1, "query_per_hour": 2, "query_per_minute": 3}`, "query", Rate{Threshold: 3, Window: 60}, []string{fmt.Sprintf(ignored, "hour", "minute"), fmt.Sprintf(ignored, "day", "minute")}},
		{"another unit", `{"query_per_second": 2, "token_per_hour": 9}`, "token", Rate{Threshold: 9, Window: 3600}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := warned(t)
			rules, err := ParseRules(gjson.Parse(`{"rule_name": "r", "global_threshold": `+tt.json+`}`), tt.unit)
			require.NoError(t, err)
			assert.Equal(t, Rules{Name: "r", Global: tt.want}, rules)
			assert.Equal(t, tt.warnings, w.lines)
		})
	}
}

func TestWhichSourceCounts(t *testing.T) {
	tests := []struct {
		name, fields string
		typ, keyName string
		source       Source
	}{
		{"header", `"limit_by_header": "X-Tenant"`, "limit_by_header", "X-Tenant", Source{Place: Header, Name: "x-tenant"}},
		{"parameter", `"limit_by_param": "Token"`, "limit_by_param", "Token", Source{Place: Param, Name: "Token"}},
		{"cookie", `"limit_by_cookie": "Sid"`, "limit_by_cookie", "Sid", Source{Place: Cookie, Name: "Sid"}},
		{"consumer, empty", `"limit_by_consumer": ""`, "limit_by_consumer", "x-mse-consumer", Source{Place: Header, Name: "x-mse-consumer"}},
		{"consumer, null", `"limit_by_consumer": null`, "limit_by_consumer", "x-mse-consumer", Source{Place: Header, Name: "x-mse-consumer"}},
		{"consumer, its text does not matter", `"limit_by_consumer": "x-user"`, "limit_by_consumer", "x-mse-consumer", Source{Place: Header, Name: "x-mse-consumer"}},
		{"parameter after header", `"limit_by_param": "p", "limit_by_header": "h"`, "limit_by_param", "p", Source{Place: Param, Name: "p"}},
		{"cookie after parameter", `"limit_by_cookie": "c", "limit_by_param": "p"`, "limit_by_cookie", "c", Source{Place: Cookie, Name: "c"}},
		{"consumer after cookie", `"limit_by_consumer": "", "limit_by_cookie": "c"`, "limit_by_consumer", "x-mse-consumer", Source{Place: Header, Name: "x-mse-consumer"}},
		{"an empty name is none", `"limit_by_cookie": "", "limit_by_header": "h"`, "limit_by_header", "h", Source{Place: Header, Name: "h"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rules, err := ParseRules(gjson.Parse(item(tt.fields, `{"key": "a", "query_per_day": 1}`)), "query")
			require.NoError(t, err)
			require.Len(t, rules.Items, 1)
			assert.Equal(t, tt.typ, rules.Items[0].Type)
			assert.Equal(t, tt.keyName, rules.Items[0].Name)
			assert.Equal(t, tt.source, rules.Items[0].Source)
		})
	}
	perValue := []struct {
		name, fields, key string
		typ, keyName      string
		source            Source
	}{
		{"for each header", `"limit_by_per_header": "X-T"`, "*", "limit_by_per_header", "X-T", Source{Place: Header, Name: "x-t"}},
		{"for each consumer", `"limit_by_per_consumer": "", "limit_by_per_cookie": "c", "limit_by_consumer": ""`, "*", "limit_by_per_consumer", "x-mse-consumer", Source{Place: Header, Name: "x-mse-consumer"}},
		{"for each address in a header", `"limit_by_per_ip": "from-header-X-Real-IP", "limit_by_per_consumer": ""`, "::/0", "limit_by_per_ip", "from-header-X-Real-IP", Source{Place: HeaderAddress, Name: "x-real-ip"}},
		{"for each peer", `"limit_by_per_ip": "from-remote-addr"`, "::1", "limit_by_per_ip", "from-remote-addr", Source{Place: PeerAddress}},
	}
	for _, tt := range perValue {
		t.Run(tt.name, func(t *testing.T) {
			rules, err := ParseRules(gjson.Parse(item(tt.fields, `{"key": "`+tt.key+`", "query_per_day": 1}`)), "query")
			require.NoError(t, err)
			require.Len(t, rules.Items, 1)
			assert.Equal(t, tt.typ, rules.Items[0].Type)
			assert.Equal(t, tt.keyName, rules.Items[0].Name)
			assert.Equal(t, tt.source, rules.Items[0].Source)
		})
	}
}

func TestKeys(t *testing.T) {
	exact := func() KeyList { return &exactKeys{} }
	patterns := func() KeyList { return &patternKeys{field: "limit_by_per_header"} }
	tests := []struct {
		name  string
		kind  func() KeyList
		keys  []string
		value string
		want  int
	}{
		{"exact", exact, []string{"a", "b"}, "b", 1},
		{"exact is case-sensitive", exact, []string{"a"}, "A", -1},
		{"the first of two equal keys", exact, []string{"x", "a", "a"}, "a", 1},
		{"a star is a literal there", exact, []string{"*"}, "a", -1},
		{"pattern", patterns, []string{"regexp:^a", "*"}, "anna", 0},
		{"unanchored", patterns, []string{"regexp:nn", "*"}, "anna", 0},
		{"the first that fits, in order", patterns, []string{"*", "regexp:^a"}, "anna", 0},
		{"everything else", patterns, []string{"regexp:^a", "*"}, "bob", 1},
		{"the empty value", patterns, []string{"regexp:^a", "*"}, "", 1},
		{"none", patterns, []string{"regexp:^a"}, "bob", -1},
		{"a value equal to the key's text", patterns, []string{"regexp:^a"}, "regexp:^a", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys := tt.kind()
			for _, key := range tt.keys {
				require.NoError(t, keys.Add(key))
			}
			assert.Equal(t, tt.want, keys.Match(Value{Text: tt.value}))
		})
	}
}

func TestNetworks(t *testing.T) {
	tests := []struct {
		name  string
		keys  []string
		value string
		want  int
	}{
		{"network", []string{"10.8.0.0/16"}, "10.8.1.2", 0},
		{"outside", []string{"10.8.0.0/16"}, "10.9.1.2", -1},
		{"host bits do not matter", []string{"10.8.7.6/16"}, "10.8.1.2", 0},
		{"address", []string{"10.8.1.1", "10.8.1.2"}, "10.8.1.2", 1},
		{"the first that fits, not the longest", []string{"10.0.0.0/8", "10.8.1.2"}, "10.8.1.2", 0},
		{"the first that fits, not the shortest", []string{"10.8.1.2", "10.0.0.0/8"}, "10.8.1.2", 0},
		{"the first of two equal keys", []string{"9.9.9.9", "10.8.0.0/16", "10.8.3.0/16"}, "10.8.1.2", 1},
		{"everything before a network", []string{"0.0.0.0/0", "10.8.0.0/16"}, "10.8.1.2", 0},
		{"everything after a network", []string{"10.8.0.0/16", "0.0.0.0/0"}, "10.8.1.2", 0},
		{"everything else", []string{"10.8.0.0/16", "0.0.0.0/0"}, "1.1.1.1", 1},
		{"0.0.0.0/0 fits IPv6", []string{"0.0.0.0/0"}, "2001:db8::1", 0},
		{"::/0 fits IPv4", []string{"::/0"}, "1.1.1.1", 0},
		{"IPv6", []string{"2001:db8::/32"}, "2001:db8::1", 0},
		{"families do not mix", []string{"32.1.0.0/16"}, "2001:db8::1", -1},
		{"nor do they the other way", []string{"2001:db8::/16"}, "32.1.2.3", -1},
		{"a mapped address", []string{"::ffff:10.8.1.2"}, "10.8.1.2", 0},
		{"a mapped network", []string{"::ffff:10.8.0.0/112"}, "10.8.1.2", 0},
		{"outside of a mapped network", []string{"::ffff:10.8.0.0/112"}, "10.9.1.2", -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys := &networkKeys{}
			for _, key := range tt.keys {
				require.NoError(t, keys.Add(key))
			}
			assert.Equal(t, tt.want, keys.Match(Value{Addr: netip.MustParseAddr(tt.value)}))
		})
	}
}

func TestNetworksThatAreNone(t *testing.T) {
	for _, key := range []string{"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0", "/8", "a", "10.0.0.0/a", "fe80::1%eth0", " 10.0.0.1"} {
		assert.EqualError(t, (&networkKeys{}).Add(key), "failed to parse IPNet for key '"+key+"': invalid IP["+key+"]")
	}
}

func TestMatch(t *testing.T) {
	rules, err := ParseRules(gjson.Parse(item(`"limit_by_param": "token"`,
		`{"key": "vip", "query_per_second": 50}, {"key": 123, "query_per_minute": 10}`)), "query")
	require.NoError(t, err)
	require.Len(t, rules.Items, 1)
	i := &rules.Items[0]
	assert.Equal(t, []Rate{{Threshold: 50, Window: 1}, {Threshold: 10, Window: 60}}, i.Rates)

	value, key, ok := i.Match([][2]string{{":path", "/?token=123"}})
	assert.True(t, ok, "numbers are taken as text")
	assert.Equal(t, "123", value.Text)
	assert.Equal(t, 1, key)
	_, _, ok = i.Match([][2]string{{":path", "/?token=124"}})
	assert.False(t, ok)
	_, _, ok = i.Match([][2]string{{":path", "/"}})
	assert.False(t, ok)
}

func TestDuplicateItemsAreWarnedOf(t *testing.T) {
	const entry = `{"limit_by_per_header": "x-t", "limit_keys": [{"key": "*", "query_per_day": 1}]}`
	const other = `{"limit_by_header": "x-t", "limit_keys": [{"key": "*", "query_per_day": 1}]}`
	w := warned(t)
	rules, err := ParseRules(gjson.Parse(`{"rule_name": "r", "rule_items": [`+entry+`, `+other+`, `+entry+`]}`), "query")
	require.NoError(t, err)
	assert.Len(t, rules.Items, 3, "all stay active")
	assert.Equal(t, []string{"duplicate rule found: limit_by_per_header='x-t' in rule_items"}, w.lines)
}

func TestParseRefusal(t *testing.T) {
	tests := []struct {
		name, config string
		status       uint32
		body         string
	}{
		{"defaults", `{}`, 429, "Too many requests"},
		{"null is absent", `{"rejected_code": null, "rejected_msg": null}`, 429, "Too many requests"},
		{"own", `{"rejected_code": 503, "rejected_msg": "busy"}`, 503, "busy"},
		{"text", `{"rejected_code": "403"}`, 403, "Too many requests"},
		{"an empty body", `{"rejected_msg": ""}`, 429, ""},
		{"the bounds", `{"rejected_code": 200}`, 200, "Too many requests"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			refusal, err := ParseRefusal(gjson.Parse(tt.config), "Too many requests", "p.rejected")
			require.NoError(t, err)
			assert.Equal(t, Refusal{tt.status, []byte(tt.body), "p.rejected"}, refusal)
		})
	}
	for code, got := range map[string]string{"0": "0", "199": "199", "600": "600", "-1": "-1", `"x"`: "0"} {
		_, err := ParseRefusal(gjson.Parse(`{"rejected_code": `+code+`}`), "", "")
		assert.EqualError(t, err, "rejected_code: must be between 200 and 599, got "+got)
	}
}

// BenchmarkMatch shows that the number of keys does not matter, except for patterns, which are tried one by one.
func BenchmarkMatch(b *testing.B) {
	for _, count := range []int{1, 1000} {
		exact, networks := &exactKeys{}, &networkKeys{}
		for i := range count {
			require.NoError(b, exact.Add(fmt.Sprintf("key-%d", i)))
			require.NoError(b, networks.Add(fmt.Sprintf("10.%d.%d.0/24", i/256, i%256)))
		}
		last := count - 1
		items := []struct {
			name    string
			item    Item
			headers [][2]string
		}{
			{"param", Item{Source: Source{Place: Param, Name: "k"}, Keys: exact}, [][2]string{{":path", fmt.Sprintf("/a?x=1&k=key-%d", last)}}},
			{"network", Item{Source: Source{Place: HeaderAddress, Name: "ip"}, Keys: networks}, [][2]string{{"ip", fmt.Sprintf("10.%d.%d.7", last/256, last%256)}}},
		}
		for _, bench := range items {
			b.Run(fmt.Sprintf("%s, %d keys", bench.name, count), func(b *testing.B) {
				for range b.N {
					if _, key, _ := bench.item.Match(bench.headers); key != last {
						b.Fatal(key)
					}
				}
			})
		}
	}
}
