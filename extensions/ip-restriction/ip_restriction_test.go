package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

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

const (
	byHeader = `{"ip_source_type": "header", "ip_header_name": "True-Client-IP", "allow": ["203.0.113.0/24", "2001:db8:1::/48"], "status": 451, "message": "Not available in your network"}`
	byPeer   = `{"deny": ["198.51.100.7", "192.0.2.0/24"]}`
)

func TestRequests(t *testing.T) {
	passes, blocked := plugintest.Refusal{}, plugintest.Refused(403, "key-auth.ip_denied", `{"message":"Your IP address is blocked."}`)
	unknown := plugintest.Refused(403, "key-auth.get_ip_failed", `{"message":"Your IP address is blocked."}`)
	elsewhere := plugintest.Refused(451, "key-auth.ip_not_allowed", `{"message":"Not available in your network"}`)
	tests := []struct {
		name, config, peer string
		lines              []string
		want               plugintest.Refusal
	}{
		{"a peer that is denied", byPeer, "198.51.100.7:4711", nil, blocked},
		{"its neighbour", byPeer, "198.51.100.8:1", nil, passes},
		{"in a network that is denied", byPeer, "192.0.2.255:1", nil, blocked},
		{"of the other family", byPeer, "[2001:db8::1]:9", nil, passes},
		{"an IPv4-mapped peer is the IPv4 address", byPeer, "[::ffff:198.51.100.7]:9", nil, blocked},
		{"the same in hexadecimal", byPeer, "[::ffff:c633:6407]:9", nil, blocked},
		{"headers do not count", byPeer, "198.51.100.8:1", []string{"x-forwarded-for: 198.51.100.7"}, passes},
		{"no peer address", byPeer, "", nil, unknown},
		{"a peer without an address", byPeer, "@/run/socket", nil, unknown},
		{"a network of IPv4 holds no IPv6 address", `{"deny": ["10.0.0.0/8"]}`, "[a00::1]:1", nil, passes},
		{"all of IPv6 is not IPv4", `{"deny": ["::/0"]}`, "10.0.0.1:1", nil, passes},
		{"all of IPv6", `{"deny": ["::/0"]}`, "[2001:db8::1]:1", nil, blocked},
		{"all of IPv4", `{"deny": ["0.0.0.0/0"]}`, "10.0.0.1:1", nil, blocked},
		{"a zone is dropped", `{"deny": ["fe80::/10"]}`, "[fe80::1%eth0]:1", nil, blocked},
		{"an allowed peer", `{"allow": "192.0.2.0/24"}`, "192.0.2.1:1", nil, passes},
		{"another", `{"allow": "192.0.2.0/24"}`, "192.0.3.1:1", nil, plugintest.Refused(403, "key-auth.ip_not_allowed", blocked.Body)},
		{"an unknown source is the peer", `{"ip_source_type": "socket", "deny": ["198.51.100.7"]}`, "198.51.100.7:1", []string{"x-forwarded-for: 1.1.1.1"}, blocked},
		{"status 0 is the default", `{"status": 0, "deny": ["198.51.100.7"]}`, "198.51.100.7:1", nil, blocked},
		{"an empty message is the default", `{"message": "", "deny": ["198.51.100.7"]}`, "198.51.100.7:1", nil, blocked},
		{"a message is escaped", `{"message": "a\"b<c>&\n", "deny": ["198.51.100.7"]}`, "198.51.100.7:1", nil, plugintest.Refused(403, blocked.Details, `{"message":"a\"b\u003cc\u003e\u0026\n"}`)},

		{"a header with an allowed address", byHeader, "", []string{"true-client-ip: 203.0.113.9"}, passes},
		{"another", byHeader, "", []string{"true-client-ip: 203.0.114.1"}, elsewhere},
		{"IPv6", byHeader, "", []string{"true-client-ip: 2001:db8:1:2::5"}, passes},
		{"IPv6 with a port", byHeader, "", []string{"true-client-ip: [2001:db8:1::1]:443"}, passes},
		{"IPv4 with a port", byHeader, "", []string{"true-client-ip: 203.0.113.9:443"}, passes},
		{"the first of a list", byHeader, "", []string{"true-client-ip: 203.0.113.9, 8.8.8.8"}, passes},
		{"not the second", byHeader, "", []string{"true-client-ip: 8.8.8.8, 203.0.113.9"}, elsewhere},
		{"the first of several headers", byHeader, "", []string{"true-client-ip: 8.8.8.8", "true-client-ip: 203.0.113.9"}, elsewhere},
		{"mapped", byHeader, "", []string{"true-client-ip: ::ffff:203.0.113.7"}, passes},
		{"no header", byHeader, "203.0.113.9:1", nil, plugintest.Refused(451, unknown.Details, elsewhere.Body)},
		{"nonsense", byHeader, "", []string{"true-client-ip: abc"}, plugintest.Refused(451, unknown.Details, elsewhere.Body)},
		{"an empty header", byHeader, "", []string{"true-client-ip: "}, plugintest.Refused(451, unknown.Details, elsewhere.Body)},
		{"a long header", byHeader, "", []string{"true-client-ip: " + strings.Repeat("[", 40000)}, plugintest.Refused(451, unknown.Details, elsewhere.Body)},
		{"a deny list refuses what has no address, too", `{"ip_source_type": "header", "deny": ["10.0.0.1"]}`, "", nil, unknown},
		{"X-Forwarded-For unless said otherwise", `{"ip_source_type": "header", "allow": ["10.0.0.1"]}`, "", []string{"x-forwarded-for: 10.0.0.1"}, passes},

		{"the last that is no proxy", `{"ip_source_type": "header", "trusted_cidrs": ["10.0.0.0/8"], "allow": ["203.0.113.9"]}`, "",
			[]string{"x-forwarded-for: 6.6.6.6", "x-forwarded-for: 203.0.113.9, 10.1.1.1"}, passes},
		{"a forged first address does not help", `{"ip_source_type": "header", "trusted_cidrs": ["10.0.0.0/8"], "allow": ["203.0.113.9"]}`, "",
			[]string{"x-forwarded-for: 203.0.113.9, 6.6.6.6, 10.1.1.1"}, plugintest.Refused(403, "key-auth.ip_not_allowed", blocked.Body)},
		{"a number of proxies", `{"ip_source_type": "header", "trusted_hops": 2, "allow": ["203.0.113.9"]}`, "",
			[]string{"x-forwarded-for: 203.0.113.9, 10.1.1.1"}, passes},
		{"fewer than that", `{"ip_source_type": "header", "trusted_hops": 2, "allow": ["203.0.113.9"]}`, "",
			[]string{"x-forwarded-for: 203.0.113.9"}, unknown},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, tt.config)
				if tt.peer != "" {
					require.NoError(t, host.SetProperty([]string{"source", "address"}, []byte(tt.peer)))
				}
				action := host.CallOnHttpRequestHeaders(request(tt.lines...))
				tt.want.AssertVerdict(t, host, action)
				assert.Equal(t, request(tt.lines...), host.GetRequestHeaders(), "the request is left as it is")
			})
		}
	})
}

func TestLoadErrors(t *testing.T) {
	const feed = `"service_name": "lists.dns", "path": "/drop.txt"`
	tests := []struct{ name, config, want string }{
		{"both lists", `{"allow": ["10.0.0.1"], "deny": ["10.0.0.2"]}`, "allow and deny cannot be set at the same time"},
		{"both, from other places", `{"allow_file": "10.0.0.1", "deny_source": {` + feed + `}}`, "allow and deny cannot be set at the same time"},
		{"none", `{}`, "allow and deny cannot be empty at the same time"},
		{"empty lists", `{"allow": [], "deny": ""}`, "allow and deny cannot be empty at the same time"},
		{"no address", `{"deny": ["300.1.1.1"]}`, "deny[0]: add IP [300.1.1.1] into tree failed: not an IP address"},
		{"in a single string", `{"deny": "300.1.1.1"}`, "deny: add IP [300.1.1.1] into tree failed: not an IP address"},
		{"a prefix too long", `{"deny": ["10.0.0.1", "10.0.0.0/33"]}`, "deny[1]: add IP [10.0.0.0/33] into tree failed: the prefix length must be between 0 and 32"},
		{"an empty octet", `{"allow": ["1..2.3"]}`, "allow[0]: add IP [1..2.3] into tree failed: not an IP address"},
		{"an empty item", `{"allow": ["10.0.0.1", ""]}`, "allow[1]: must not be empty"},
		{"an item that is no string", `{"allow": [10]}`, "allow[0]: must be a string"},
		{"a list that is none", `{"allow": {"a": "10.0.0.1"}}`, "allow: must be a list of strings"},
		{"a status that is no number", `{"deny": ["::1"], "status": "x"}`, `status: must be a whole number, not "x"`},
		{"a message that is no string", `{"deny": ["::1"], "message": 1}`, "message: must be a string"},
		{"a header that is no string", `{"deny": ["::1"], "ip_source_type": "header", "ip_header_name": []}`, "ip_header_name: must be a string"},
		{"a bad line of a file", `{"deny_file": "# x\n10.0.0.x"}`, "deny_file: line 2: not an IP address: 10.0.0.x"},
		{"a file of comments", `{"deny_file": "# x\n"}`, "deny_file: has no entry"},
		{"a file that is not packed right", `{"deny_file": "H4sI!"}`, "deny_file: is not base64: illegal base64 data at input byte 4"},
		{"a file cut short", `{"deny_file": "` + gzipped("10.0.0.1\n")[:24] + `"}`, "deny_file: is not in gzip form: unexpected EOF"},
		{"a service that is no object", `{"deny_source": "lists.dns"}`, "deny_source: must be an object"},
		{"no service", `{"deny_source": {"path": "/"}}`, "deny_source.service_name: is required"},
		{"no path", `{"deny_source": {"service_name": "lists.dns"}}`, "deny_source.path: is required"},
		{"a path that is none", `{"deny_source": {"service_name": "lists.dns", "path": "drop.txt"}}`, "deny_source.path: must begin with /"},
		{"a port out of range", `{"deny_source": {` + feed + `, "service_port": 65536}}`, "deny_source.service_port: must be between 1 and 65535, not 65536"},
		{"no time at all", `{"deny_source": {` + feed + `, "timeout": 0}}`, "deny_source.timeout: must be between 1 and 60000, not 0"},
		{"always", `{"deny_source": {` + feed + `, "refresh_interval": 0}}`, "deny_source.refresh_interval: must be between 1 and 86400, not 0"},
		{"trusted proxies of the peer", `{"deny": ["::1"], "trusted_cidrs": ["10.0.0.0/8"]}`, "trusted_cidrs: needs ip_source_type header"},
		{"two ways to trust", `{"deny": ["::1"], "ip_source_type": "header", "trusted_cidrs": ["10.0.0.0/8"], "trusted_hops": 1}`, "trusted_cidrs and trusted_hops: only one of them can be set"},
		{"no hops", `{"deny": ["::1"], "ip_source_type": "header", "trusted_hops": 0}`, "trusted_hops: must be between 1 and 100, not 0"},
		{"a bad proxy", `{"deny": ["::1"], "ip_source_type": "header", "trusted_cidrs": ["x"]}`, "trusted_cidrs[0]: add IP [x] into tree failed: not an IP address"},
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
	require.NoError(t, whole(gjson.Parse(`{"deny": ["x"], "_rules_": [{}]}`), &global))
	assert.EqualError(t, rule(gjson.Parse(`{"deny": ["::1"]}`), global, &config), "global configuration: deny[0]: add IP [x] into tree failed: not an IP address")
}

func TestRepeatedItemsLoadWithAWarning(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"deny": ["10.0.0.1", "10.0.0.1", "10.0.0.0/8", "::ffff:10.0.0.1"]}`)
		assert.Len(t, containing(host.GetWarnLogs(), "ignore duplicate IP [10.0.0.1]"), 1)
		assert.Len(t, containing(host.GetWarnLogs(), "ignore duplicate IP [::ffff:10.0.0.1]"), 1)
		assert.Len(t, containing(host.GetWarnLogs(), "ignore duplicate"), 2)
	})
}

func containing(lines []string, part string) (found []string) {
	for _, line := range lines {
		if strings.Contains(line, part) {
			found = append(found, line)
		}
	}
	return found
}

func TestFilesInTheConfiguration(t *testing.T) {
	text := "# blocked\n198.51.100.7 ; since May\n2001:db8::/32\n"
	for name, file := range map[string]string{"as it is": text, "packed": gzipped(text), "packed, with a line break": gzipped(text) + "\n"} {
		t.Run(name, func(t *testing.T) {
			raw, err := json.Marshal(map[string]any{"deny_file": file, "deny": []string{"10.0.0.1"}})
			require.NoError(t, err)
			var config Config
			require.NoError(t, parseConfig(field.Of(gjson.ParseBytes(raw)), &config))
			v4, v6 := config.listed.configured.Ranges()
			assert.Equal(t, [2]int{2, 1}, [2]int{v4, v6})
			assert.True(t, config.deny)
		})
	}
}

// gzipped is gzip -c | base64 -w0.
func gzipped(text string) string { return base64.StdEncoding.EncodeToString(zipped(text)) }

func zipped(text string) []byte {
	var data bytes.Buffer
	zip := gzip.NewWriter(&data)
	_, _ = zip.Write([]byte(text))
	_ = zip.Close()
	return data.Bytes()
}

func TestAHundredThousandNetworks(t *testing.T) {
	var text strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&text, "%d.%d.%d.0/25\n", 1+i/50000, i/200%250, i%200)
	}
	raw, err := json.Marshal(map[string]any{"deny_file": gzipped(text.String())})
	require.NoError(t, err)
	assert.Less(t, len(raw), 1<<20, "what a cluster's configuration store takes")
	var config Config
	require.NoError(t, parseConfig(field.Of(gjson.ParseBytes(raw)), &config))
	v4, v6 := config.listed.configured.Ranges()
	assert.Equal(t, [2]int{100_000, 0}, [2]int{v4, v6})
}

func FuzzReadList(f *testing.F) {
	for _, text := range []string{"", "10.0.0.0/8\n::1", "# x\n", "\x1f\x8b", "<html>", "10.0.0.1;x\r\n"} {
		f.Add([]byte(text))
	}
	f.Add(zipped("10.0.0.1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, entries, err := readList(data)
		if (err == nil) != (set != nil) || set.Empty() != (entries == 0) {
			t.Fatalf("%d entries, %v", entries, err)
		}
	})
}

func TestAFaultOfThePluginLetsNothingPass(t *testing.T) {
	plugintest.RefusesAtAFault(t, `{"ip_source_type": "header", "allow": ["10.0.0.0/8"]}`, request("x-forwarded-for: 10.0.0.1"),
		func(c *Config) { c.listed = nil }, "ip-restriction.internal_error")
}
