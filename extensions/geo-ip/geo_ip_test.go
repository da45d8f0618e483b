package main

import (
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// request makes request headers from "name: value" lines.
func request(lines ...string) [][2]string { return plugintest.Request("GET", "/", lines...) }

// located are the request headers for a location, as they are written.
func located(country, province, city, provider string) [][2]string {
	return [][2]string{{"x-higress-geo-country", country}, {"x-higress-geo-province", province}, {"x-higress-geo-city", city}, {"x-higress-geo-isp", provider}}
}

const testland = `"table": "5.6.0.0/16|Testland|North|Foo Town|TelCo\n5.6.7.0/24|Testland|South||\n", "table_mode": "replace"`

var (
	north    = located("Testland", "North", "Foo+Town", "TelCo")
	south    = located("Testland", "South", "", "")
	inside   = located("%E5%86%85%E7%BD%91IP", "%E5%86%85%E7%BD%91IP", "%E5%86%85%E7%BD%91IP", "%E5%86%85%E7%BD%91IP")
	forged   = []string{"x-higress-geo-country: X", "x-higress-geo-isp: Y"}
	shenzhen = located("%E4%B8%AD%E5%9B%BD", "%E5%B9%BF%E4%B8%9C%E7%9C%81", "%E6%B7%B1%E5%9C%B3%E5%B8%82", "%E9%98%BF%E9%87%8C%E4%BA%91")
)

func TestRequests(t *testing.T) {
	byTable, byHeader := `{`+testland+`}`, `{"ip_source_type": "header", "ip_header_name": "X-Real-IP", `+testland+`}`
	tests := []struct {
		name, config, peer string
		lines              []string
		want               [][2]string // headers of the location, nil for none
	}{
		{"a network", byTable, "5.6.1.1:80", nil, north},
		{"the smallest network", byTable, "5.6.7.8:80", nil, south},
		{"not in the table", byTable, "9.9.9.9:80", nil, nil},
		{"an internal network", byTable, "10.1.2.3:5", nil, inside},
		{"the last address of one", byTable, "100.127.255.255:1", nil, inside},
		{"the first address behind it", byTable, "100.128.0.0:1", nil, nil},
		{"IPv6", byTable, "[2001:db8::1]:80", nil, nil},
		{"IPv4 in IPv6", byTable, "[::ffff:5.6.1.1]:80", nil, north},
		{"a socket of the machine", byTable, "@/run/socket", nil, nil},
		{"no address", byTable, "", nil, nil},
		{"what a client claims is replaced", byTable, "5.6.1.1:80", forged, north},
		{"what a client claims is removed", byTable, "9.9.9.9:80", forged, nil},
		{"with IPv6, too", byTable, "[2001:db8::1]:80", forged, nil},
		{"without an address, too", byTable, "", forged, nil},
		{"with ipv6, too", `{"ip_protocol": "ipv6"}`, "8.8.8.8:1", forged, nil},

		{"a header", byHeader, "", []string{"x-real-ip: 5.6.1.1"}, north},
		{"no header", byHeader, "5.6.1.1:80", nil, nil},
		{"an empty header", byHeader, "5.6.1.1:80", []string{"x-real-ip: "}, nil},
		{"the first of a list", byHeader, "", []string{"x-real-ip: 5.6.1.1, 8.8.8.8"}, north},
		{"with white space", byHeader, "", []string{"x-real-ip:  5.6.1.1 , 8.8.8.8"}, north},
		{"an endless header", byHeader, "", []string{"x-real-ip: " + strings.Repeat("1.", 30000)}, nil},
		{"line breaks", byHeader, "", []string{"x-real-ip: 5.6.1.1\r\nx: y"}, nil},
		{"X-Forwarded-For", `{"ip_source_type": "header", ` + testland + `}`, "", []string{"x-forwarded-for: 5.6.1.1, 8.8.8.8"}, north},
		{"an empty name is X-Forwarded-For", `{"ip_source_type": "header", "ip_header_name": "", ` + testland + `}`, "", []string{"x-forwarded-for: 5.6.1.1"}, north},
		{"unknown words are the defaults", `{"ip_protocol": "foo", "ip_source_type": "foo", ` + testland + `}`, "5.6.1.1:80", []string{"x-forwarded-for: 5.6.7.8"}, north},

		{"the built-in table", ``, "120.24.78.68:80", nil, shenzhen},
		{"the built-in table, with an empty one besides", `{"table": "", "ip_protocol": "ipv4"}`, "120.24.78.68:80", nil, shenzhen},
		{"rows besides it", `{"table": ["8.0.0.0/8|here|||"]}`, "8.8.8.8:80", nil, located("here", "", "", "")},
		{"rows of internal networks", `{"table": ["10.0.0.0/8|here|||"], "table_mode": "extend"}`, "10.8.8.8:80", nil, located("here", "", "", "")},
		{"internal networks stay so beside other rows", `{"table": ["8.0.0.0/8|here|||"]}`, "10.8.8.8:80", nil, inside},
		{"a table in place of the built-in one leaves internal networks", `{"table": ["10.0.0.0/8|here|||"], "table_mode": "replace"}`, "10.8.8.8:80", nil, inside},
		{"and has nothing else", byTable, "120.24.78.68:80", nil, nil},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := start(t, tt.config, tt.peer)
				action := host.CallOnHttpRequestHeaders(request(tt.lines...))
				assert.Equal(t, types.ActionContinue, action)
				assert.Nil(t, host.GetLocalResponse())
				var own []string
				for _, line := range tt.lines {
					if !strings.HasPrefix(line, "x-higress-geo-") {
						own = append(own, line)
					}
				}
				assert.ElementsMatch(t, append(request(own...), tt.want...), host.GetRequestHeaders())
			})
		}
	})
}

func start(t *testing.T, config, peer string) test.TestHost {
	t.Helper()
	host := plugintest.Start(t, config)
	if peer != "" {
		require.NoError(t, host.SetProperty([]string{"source", "address"}, []byte(peer)))
	}
	return host
}

func TestPropertiesAreNotEncoded(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		for peer, want := range map[string]map[string]string{
			"5.6.1.1:80": {"geo-country": "Testland", "geo-province": "North", "geo-city": "Foo Town", "geo-isp": "TelCo"},
			"5.6.7.8:80": {"geo-country": "Testland", "geo-province": "South", "geo-city": "", "geo-isp": ""},
			"10.0.0.1:1": {"geo-country": "内网IP", "geo-province": "内网IP", "geo-city": "内网IP", "geo-isp": "内网IP"},
			"9.9.9.9:80": {"geo-country": "", "geo-province": "", "geo-city": "", "geo-isp": ""},
		} {
			host := start(t, `{`+testland+`}`, peer)
			host.CallOnHttpRequestHeaders(request())
			for name, value := range want {
				assert.Equal(t, value, plugintest.Property(host, name), "%s of %s", name, peer)
			}
			off, err := host.GetProperty([]string{"clear_route_cache"})
			require.NoError(t, err)
			assert.Equal(t, "off", string(off))
			host.Reset()
		}
	})
}

func TestTheLogSaysWhyNothingIsKnown(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range []struct {
			config, peer string
			logs         func(test.TestHost) []string
			want         string
		}{
			{`{` + testland + `}`, "9.9.9.9:80", test.TestHost.GetErrorLogs, "the location is not known: 9.9.9.9"},
			{`{` + testland + `}`, "", test.TestHost.GetErrorLogs, "the client's address cannot be read"},
			{`{` + testland + `}`, "5.6.1:80", test.TestHost.GetErrorLogs, "the client's address cannot be read: not an address: 5.6.1:80"},
			{`{` + testland + `}`, "[2001:db8::1]:80", test.TestHost.GetWarnLogs, "there is no data about IPv6 addresses: 2001:db8::1"},
			{`{"ip_protocol": "ipv6"}`, "", test.TestHost.GetWarnLogs, "ip_protocol: nothing is looked up"},
			{`{"ip_protocol": "ipv5"}`, "8.8.8.8:1", test.TestHost.GetWarnLogs, "ip_protocol: ipv4 is used instead of ipv5"},
			{`{"ip_source_type": "socket"}`, "8.8.8.8:1", test.TestHost.GetWarnLogs, "ip_source_type: origin-source is used instead of socket"},
			{`{"table": "5.6.0.0/16|a|b|c|d\n\n# x\n5.6.0.0/33|a|b|c|d\n5.6.9.9/16|e|f|g|h\n"}`, "8.8.8.8:1", test.TestHost.GetWarnLogs,
				"table: 2 of 3 rows are skipped, the first is line 4: the prefix length must be between 0 and 32"},
		} {
			host := start(t, tt.config, tt.peer)
			host.CallOnHttpRequestHeaders(request())
			assert.Contains(t, strings.Join(tt.logs(host), "\n"), tt.want)
			host.Reset()
		}
	})
}

func TestLoadErrors(t *testing.T) {
	tests := []struct{ name, config, want string }{
		{"too few fields", `{"table": "5.6.0.0/16|Testland|North|x"}`, "table: line 1: has 4 fields, not 5"},
		{"nothing but bad rows", `{"table": "# x\n\n5.6.0.0/16\n::/0|a|b|c|d"}`, "table: line 3: has 1 fields, not 5"},
		{"IPv6", `{"table": ["2001:db8::/32|a|b|c|d"]}`, "table: row 0: not an IPv4 network"},
		{"no network", `{"table": ["x|a|b|c|d"]}`, "table: row 0: not an IP address"},
		{"a row that is no string", `{"table": ["5.6.0.0/16|a|b|c|d", 1]}`, "table[1]: must be a string"},
		{"a number", `{"table": 1}`, "table: must be a string or a list of strings"},
		{"packed, but not right", `{"table": "H4sI!"}`, "table: is not base64: illegal base64 data at input byte 4"},
		{"a broken table", `{"table": "geotab\u0000\u0001"}`, "table: is not a table of locations"},
		{"a mode without a table", `{"table_mode": "replace", "table": []}`, "table_mode: needs a table"},
		{"an unknown mode", `{"table_mode": "merge"}`, `table_mode: must be one of extend, replace, not "merge"`},
		{"a header that is no string", `{"ip_header_name": 1}`, "ip_header_name: must be a string"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var config Config
			assert.EqualError(t, parseConfig(field.Of(gjson.Parse(tt.config)), &config), tt.want)
		})
	}
	whole, rule := independent.Parsers(parseConfig)
	var global, config Config
	require.NoError(t, whole(gjson.Parse(`{"table": 1, "_rules_": [{}]}`), &global))
	assert.EqualError(t, rule(gjson.Parse(`{}`), global, &config), "global configuration: table: must be a string or a list of strings")
}

func TestReservedNetworks(t *testing.T) {
	for text, want := range map[string]bool{
		"0.0.0.0": true, "0.255.255.255": true, "1.0.0.0": false, "9.255.255.255": false, "10.0.0.0": true, "11.0.0.0": false,
		"100.63.255.255": false, "100.64.0.0": true, "100.128.0.0": false, "127.0.0.1": true, "128.0.0.0": false,
		"169.254.1.1": true, "172.15.255.255": false, "172.16.0.0": true, "172.32.0.0": false, "192.0.0.255": true, "192.0.1.0": false,
		"192.0.2.1": true, "192.88.99.1": true, "192.168.255.255": true, "192.169.0.0": false, "198.17.255.255": false, "198.18.0.0": true,
		"198.20.0.0": false, "198.51.100.7": true, "203.0.113.7": true, "203.0.114.0": false, "223.255.255.255": false,
		"224.0.0.0": true, "255.255.255.255": true,
	} {
		assert.Equal(t, want, isReserved(numberOf(text)), text)
	}
}

func TestAFaultOfThePluginLetsNothingPass(t *testing.T) {
	plugintest.RefusesAtAFault(t, `{"ip_source_type": "header", "table": "10.8.0.0/16|Germany|Berlin|Berlin|office", "table_mode": "replace"}`,
		request("x-forwarded-for: 10.8.0.1"), func(c *Config) { c.tables = nil }, "geo-ip.internal_error")
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	const wasm = "../../build/geo-ip.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := start(t, `{}`, "120.24.78.68:80")
		host.CallOnHttpRequestHeaders(request())
		assert.ElementsMatch(t, append(request(), shenzhen...), host.GetRequestHeaders())
		host.CompleteHttp()
	})
}
