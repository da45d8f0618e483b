package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// message makes request headers from a path and "name: value" lines.
func message(path string, lines ...string) [][2]string {
	return plugintest.Headers([][2]string{{":authority", "foo.test"}, {":path", path}, {":method", "POST"}, {":scheme", "http"}}, lines...)
}

func TestReroute(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		for value, want := range map[string]string{`false`: "off", `null`: "off", `"maybe"`: "off", `0`: "off", `true`: "", `"TRUE"`: "", `"t"`: "", `"1"`: "", `2`: ""} {
			t.Run(value, func(t *testing.T) {
				h := plugintest.Start(t, `{"reroute": `+value+`, "respRules": []}`)
				h.CallOnHttpRequestHeaders(message("/"), test.WithEndOfStream(true))
				assert.Equal(t, want, plugintest.Property(h, "clear_route_cache"))
				h.CompleteHttp()
			})
		}
	})
}

func TestBuffersAreRaisedOnlyWhereABodyIsRead(t *testing.T) {
	const both = `{"reqRules": [{"operate": "add", "body": [{"key": "a", "value": 1}]}], "respRules": [{"operate": "add", "body": [{"key": "a", "value": 1}]}]`
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range []struct{ name, config, contentType, request, response string }{
			{"JSON", both + `}`, "application/json", "104857600", "104857600"},
			{"text", both + `}`, "text/plain", "", ""},
			{"limits of their own", both + `, "max_request_body_bytes": 1000, "max_response_body_bytes": "2000"}`, "application/json", "1050576", "1052576"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				h := plugintest.Start(t, tt.config)
				h.CallOnHttpRequestHeaders(message("/", "content-type: "+tt.contentType))
				h.CallOnHttpResponseHeaders(plugintest.Headers(nil, ":status: 200", "content-type: "+tt.contentType))
				assert.Equal(t, tt.request, plugintest.Property(h, "set_decoder_buffer_limit"))
				assert.Equal(t, tt.response, plugintest.Property(h, "set_encoder_buffer_limit"))
				h.CompleteHttp()
			})
		}
	})
}

// Every header comes out in one list, in lower case and sorted, whenever there are rules.
func TestHeadersAreWrittenInOrder(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		h := plugintest.Start(t, `{"reqRules": [{"operate": "add"}], "respRules": [{"operate": "add"}]}`)
		action := h.CallOnHttpRequestHeaders(message("/?b=%20&a", "z: 1", "b: 2", "z: 0"), test.WithEndOfStream(true))
		assert.Equal(t, types.ActionContinue, action)
		assert.Equal(t, plugintest.Headers(nil, ":authority: foo.test", ":method: POST", ":path: /?b=%20&a", ":scheme: http", "b: 2", "z: 1", "z: 0"), h.GetRequestHeaders())
		h.CallOnHttpResponseHeaders(plugintest.Headers(nil, ":status: 200", "z: 1", "a: 2"))
		assert.Equal(t, plugintest.Headers(nil, ":status: 200", "a: 2", "z: 1"), h.GetResponseHeaders())
		h.CompleteHttp()
	})
}

// What a client makes too long for a header or parameter costs it that one, and no other edit.
func TestLongValues(t *testing.T) {
	const rules = `{"templates": true, "reqRules": [
		{"operate": "map", "mapSource": "querys", "headers": [{"fromKey": "a", "toKey": "x-map"}], "querys": [{"fromKey": "a", "toKey": "map"}]},
		{"operate": "replace", "headers": [{"key": "x-replace", "newValue": "${query.a}"}, {"key": "x-own", "newValue": "own"}], "querys": [{"key": "own", "newValue": "own"}]},
		{"operate": "add", "headers": [{"key": "x-add", "value": "${query.a}"}, {"key": "x-added", "value": "added"}]},
		{"operate": "append", "headers": [{"key": "x-append", "appendValue": "${query.a}"}, {"key": "x-append", "appendValue": "appended"}]},
		{"operate": "remove", "headers": [{"key": "x-gone"}], "querys": [{"key": "a"}, {"key": "gone"}]}]}`
	type headers = map[string][]string
	own := headers{"x-own": {"own"}, "x-added": {"added"}}
	for _, tt := range []struct {
		name, query string
		want        headers
		path        string // without the parameter map
		mapped      int    // values of it
		warnings    int
	}{
		{"as many as can be", strings.Repeat("a=1&", maxValues), headers{"x-map": slices.Repeat([]string{"1"}, maxValues), "x-replace": {"1"}, "x-add": {"1"}, "x-append": {"before", "1", "appended"}}, "/?own=own", maxValues, 0},
		{"one more", strings.Repeat("a=1&", maxValues+1), headers{"x-replace": {"1"}, "x-add": {"1"}, "x-append": {"before", "1", "appended"}}, "/?own=own", 0, 2},
		{"as long as can be", "a=" + strings.Repeat("x", maxValueBytes) + "&", headers{"x-map": {strings.Repeat("x", maxValueBytes)}, "x-replace": {strings.Repeat("x", maxValueBytes)}, "x-add": {strings.Repeat("x", maxValueBytes)},
			"x-append": {"before", strings.Repeat("x", maxValueBytes), "appended"}}, "/?own=own", 1, 0},
		{"one byte more", "a=" + strings.Repeat("x", maxValueBytes+1) + "&", headers{"x-append": {"before", "appended"}}, "/?own=own", 0, 5},
	} {
		test.RunGoTest(t, func(t *testing.T) {
			t.Run(tt.name, func(t *testing.T) {
				h := plugintest.Start(t, rules)
				h.CallOnHttpRequestHeaders(message("/?"+tt.query+"gone=1&map=spoof&own=spoof", "x-map: spoof", "x-replace: spoof", "x-own: spoof", "x-append: before", "x-gone: 1"), test.WithEndOfStream(true))
				got := headers{}
				for _, header := range h.GetRequestHeaders() {
					got[header[0]] = append(got[header[0]], header[1])
				}
				want := maps.Clone(own)
				maps.Copy(want, tt.want)
				for _, name := range []string{"x-map", "x-replace", "x-own", "x-add", "x-added", "x-append", "x-gone"} {
					assert.True(t, strings.Join(want[name], "") == strings.Join(got[name], ""), name) // this host joins what is added
				}
				query := parseQuery(got[":path"][0])
				assert.Len(t, query["map"], tt.mapped)
				assert.NotContains(t, query["map"], "spoof")
				assert.Equal(t, []string{"own"}, query["own"])
				delete(query, "map")
				assert.Equal(t, tt.path, withQuery("/", query))
				assert.Equal(t, tt.warnings, strings.Count(strings.Join(h.GetWarnLogs(), "\n"), "would become too long"))
				h.CompleteHttp()
			})
		})
	}
}

// Hosts take no more than 1024 headers at once, and empty the message when they get more.
func TestMoreHeadersThanHostsTakeAtOnce(t *testing.T) {
	const rules = `{"reqRules": [{"operate": "map", "headers": [{"fromKey": "a", "toKey": "b"}]}, {"operate": "replace", "headers": [{"key": "own", "newValue": "own"}]},
		{"operate": "append", "headers": [{"key": "more", "appendValue": "3"}]}, {"operate": "add", "headers": [{"key": "new", "value": "1"}]}, {"operate": "remove", "headers": [{"key": "gone"}]}]}`
	var config Config
	require.NoError(t, parseConfig(field.Of(gjson.Parse(rules)), &config))
	for _, tt := range []struct {
		name   string
		values int
		want   []string
	}{
		{"few", 2, []string{"all: a=1 a=1 b=1 b=1 keep=1 more=1 more=2 more=3 new=1 own=own"}},
		{"many", 600, append(append([]string{"replace b: 1"}, slices.Repeat([]string{"add b: 1"}, 599)...),
			"replace more: 1", "add more: 2", "add more: 3", "replace new: 1", "replace own: own", "remove gone")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			received := plugintest.Headers(nil, append(slices.Repeat([]string{"a: 1"}, tt.values), "own: spoof", "gone: 1", "gone: 2", "keep: 1", "more: 1", "more: 2", "b: spoof")...)
			e := &exchange{direction: config.request, headers: collect(received), headerItems: config.request.headers, pseudo: httpheader.Pseudo{Received: received}}
			e.editHeaders()
			var calls []string
			e.writeHeaders(func(all [][2]string) error {
				text := "all:"
				for _, h := range all {
					text += " " + h[0] + "=" + h[1]
				}
				calls = append(calls, text)
				return nil
			}, httpheader.Writer{
				Remove:  func(name string) error { calls = append(calls, "remove "+name); return nil },
				Replace: func(name, value string) error { calls = append(calls, "replace "+name+": "+value); return nil },
				Add:     func(name, value string) error { calls = append(calls, "add "+name+": "+value); return nil },
			})
			assert.Equal(t, tt.want, calls)
		})
	}
}

// A value that no header can have leaves none of what it was to replace, and all of what it was to come beside.
func TestValuesThatNoHeaderCanHave(t *testing.T) {
	const map1 = `{"operate": "map", "mapSource": "querys", "headers": [{"fromKey": "q", "toKey": "x"}]}`
	const template = `"headers": [{"key": "x", "newValue": "${query.q}", "value": "${query.q}", "appendValue": "a${query.q}"}]`
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range []struct {
			name, rule, query string
			headers, want     []string
		}{
			{"replaced", `{"operate": "replace", ` + template + `}`, "q=%00", []string{"x: spoof", "x: spoof"}, nil},
			{"replaced by a pattern", `{"operate": "replace", "headers": [{"key": "x", "newValue": "\n", "host_pattern": "foo"}]}`, "", []string{"x: spoof"}, nil},
			{"replaced where nothing was", `{"operate": "replace", ` + template + `}`, "q=%7f", nil, nil},
			{"mapped", map1, "q=%0d%0a", []string{"x: spoof"}, nil},
			{"mapped beside a good one", map1, "q=1&q=%01", []string{"x: spoof"}, nil},
			{"mapped, and good", map1, "q=1&q=%09", []string{"x: spoof"}, []string{"1", "\t"}},
			{"nothing to map", map1, "", []string{"x: kept"}, []string{"kept"}},
			{"added", `{"operate": "add", ` + template + `}`, "q=%00", nil, nil},
			{"not added", `{"operate": "add", ` + template + `}`, "q=%00", []string{"x: kept"}, []string{"kept"}},
			{"appended", `{"operate": "append", ` + template + `}`, "q=%00", []string{"x: kept"}, []string{"kept"}},
			{"appended to an odd one", `{"operate": "append", ` + template + `}`, "", []string{"x: \x01"}, []string{"\x01", "a"}},
			{"renamed, although odd", `{"operate": "rename", "headers": [{"oldKey": "y", "newKey": "x"}]}`, "", []string{"y: \x01", "x: kept"}, []string{"kept", "\x01"}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				h := plugintest.Start(t, `{"templates": true, "reqRules": [`+tt.rule+`]}`)
				h.CallOnHttpRequestHeaders(message("/?"+tt.query, tt.headers...), test.WithEndOfStream(true))
				got := collect(h.GetRequestHeaders())
				assert.Equal(t, tt.want, got["x"])
				assert.NotContains(t, got, "y")
				h.CompleteHttp()
			})
		}
	})
}

func TestPseudoHeadersKeepTheirOneValue(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range []struct{ name, rule, header, want string }{
			{"replaced", `{"operate": "replace", "headers": [{"key": ":authority", "newValue": "b.test"}]}`, ":authority", "b.test"},
			{"appended", `{"operate": "append", "headers": [{"key": ":path", "appendValue": "/b"}]}`, ":path", "/a?e=&s=x%20y"},
			{"renamed onto", `{"operate": "rename", "headers": [{"oldKey": "x-path", "newKey": ":path"}]}`, ":path", "/a?e=&s=x%20y"},
			{"mapped from one", `{"operate": "map", "headers": [{"fromKey": "x-path", "toKey": ":path"}]}`, ":path", "/p"},
			{"mapped from two", `{"operate": "map", "headers": [{"fromKey": "x-two", "toKey": ":path"}]}`, ":path", "/a?e=&s=x%20y"},
			{"mapped from an empty one", `{"operate": "map", "mapSource": "querys", "headers": [{"fromKey": "e", "toKey": ":method"}]}`, ":method", "POST"},
			{"mapped from one with a blank", `{"operate": "map", "mapSource": "querys", "headers": [{"fromKey": "s", "toKey": ":path"}]}`, ":path", "/a?e=&s=x%20y"},
			{"emptied by a pattern", `{"operate": "replace", "headers": [{"key": ":path", "newValue": "", "host_pattern": ".*"}]}`, ":path", "/a?e=&s=x%20y"},
			{"replaced by no method", `{"operate": "replace", "headers": [{"key": ":method", "newValue": "G@T"}]}`, ":method", "POST"},
			{"replaced by no host", `{"operate": "replace", "headers": [{"key": ":authority", "newValue": "a/b"}]}`, ":authority", "foo.test"},
			{"replaced by no scheme", `{"operate": "replace", "headers": [{"key": ":scheme", "newValue": "ftp"}]}`, ":scheme", "http"},
			{"replaced by no path", `{"operate": "replace", "headers": [{"key": ":path", "newValue": "http://b.test/"}]}`, ":path", "/a?e=&s=x%20y"},
			{"split", `{"operate": "dedupe", "headers": [{"key": ":authority", "strategy": "SPLIT_AND_RETAIN_LAST"}]}`, ":authority", "foo.test"},
			{"removed", `{"operate": "remove", "headers": [{"key": ":scheme"}]}`, ":scheme", "http"},
			{"renamed", `{"operate": "rename", "headers": [{"oldKey": ":scheme", "newKey": "x-path"}]}`, ":scheme", "http"},
			{"one that requests do not have", `{"operate": "add", "headers": [{"key": ":status", "value": "200"}]}`, ":status", ""},
		} {
			t.Run(tt.name, func(t *testing.T) {
				h := plugintest.Start(t, `{"reqRules": [`+tt.rule+`]}`)
				h.CallOnHttpRequestHeaders(message("/a?e=&s=x%20y", "x-path: /p", "x-two: 1", "x-two: 2"), test.WithEndOfStream(true))
				var got []string
				for _, header := range h.GetRequestHeaders() {
					if header[0] == tt.header {
						got = append(got, header[1])
					}
				}
				assert.Equal(t, tt.want, strings.Join(got, "|"))
				assert.True(t, test.HasHeaderWithValue(h.GetRequestHeaders(), "x-path", "/p"))
				h.CompleteHttp()
			})
		}
	})
}

// A response keeps a status with which its end is where clients look for it.
func TestStatuses(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range []struct {
			received, method string
			end              bool
			status, want     string
		}{
			{":status: 200", "GET", false, "404", "404"},
			{":status: 200", "GET", false, "100", "200"},
			{":status: 200", "GET", false, "10001", "200"},
			{":status: 200", "GET", false, "204", "200"},
			{":status: 200", "GET", false, "304", "200"},
			{":status: 200", "GET", true, "204", "204"},
			{":status: 304", "GET", true, "200", "304"},
			{":status: 304", "HEAD", true, "200", "200"},
		} {
			t.Run(tt.method+" "+tt.received+" to "+tt.status, func(t *testing.T) {
				h := plugintest.Start(t, `{"respRules": [{"operate": "replace", "headers": [{"key": ":status", "newValue": "`+tt.status+`"}]}]}`)
				request := message("/")
				request[slices.Index(request, [2]string{":method", "POST"})][1] = tt.method
				h.CallOnHttpRequestHeaders(request, test.WithEndOfStream(true))
				h.CallOnHttpResponseHeaders(plugintest.Headers(nil, tt.received, "content-length: 9"), test.WithEndOfStream(tt.end))
				assert.Equal(t, []string{tt.want}, collect(h.GetResponseHeaders())[":status"])
				h.CompleteHttp()
			})
		}
	})
}

func TestWhenHeadersAreHeld(t *testing.T) {
	const source = `{"operate": "map", "mapSource": "body", "%s": [{"fromKey": "a", "toKey": "b"}]}`
	rule := func(section string) string { return strings.Replace(source, "%s", section, 1) }
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range []struct {
			name, rules string
			headers     []string
			end         bool
			want        types.Action
		}{
			{"headers from the body", rule("headers"), []string{"content-type: application/json"}, false, types.HeaderStopIteration},
			{"a query from the body", rule("querys"), []string{"content-type: application/json"}, false, types.HeaderStopIteration},
			{"a body from the body", rule("body"), []string{"content-type: application/json"}, false, types.ActionContinue},
			{"no body", rule("headers"), []string{"content-type: application/json"}, true, types.ActionContinue},
			{"an upgrade", rule("headers"), []string{"content-type: application/json", "upgrade: websocket", "connection: upgrade"}, false, types.ActionContinue},
			{"compressed", rule("headers"), []string{"content-type: application/json", "content-encoding: br"}, false, types.ActionContinue},
			{"binary", rule("headers"), []string{"content-type: application/octet-stream"}, false, types.ActionContinue},
			{"no content type", rule("headers"), nil, false, types.ActionContinue},
			{"too long", rule("headers"), []string{"content-type: application/json", "content-length: 104857601"}, false, types.ActionContinue},
		} {
			t.Run(tt.name, func(t *testing.T) {
				h := plugintest.Start(t, `{"reqRules": [`+tt.rules+`], "respRules": [`+rule("headers")+`]}`)
				request := message("/", tt.headers...)
				if tt.name == "an upgrade" {
					request[slices.Index(request, [2]string{":method", "POST"})][1] = "GET"
				}
				assert.Equal(t, tt.want, h.CallOnHttpRequestHeaders(request, test.WithEndOfStream(tt.end)))
				if strings.Contains(tt.rules, `"headers"`) && tt.name != "an upgrade" {
					response := plugintest.Headers([][2]string{{":status", "200"}}, tt.headers...)
					assert.Equal(t, tt.want, h.CallOnHttpResponseHeaders(response, test.WithEndOfStream(tt.end)))
				}
				h.CompleteHttp()
			})
		}
	})
}

// What a map has copied is not what the source becomes later.
func TestMappedListsAreCopies(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		h := plugintest.Start(t, `{"reqRules": [
			{"operate": "map", "headers": [{"fromKey": "a", "toKey": "b"}, {"fromKey": "a", "toKey": "c"}]},
			{"operate": "append", "headers": [{"key": "b", "appendValue": "of b"}, {"key": "c", "appendValue": "of c"}, {"key": "a", "appendValue": "of a"}]}]}`)
		h.CallOnHttpRequestHeaders(message("/", "a: 1", "a: 2", "a: 3"), test.WithEndOfStream(true))
		assert.Equal(t, plugintest.Headers(nil, "a: 1", "a: 2", "a: 3", "a: of a", "b: 1", "b: 2", "b: 3", "b: of b", "c: 1", "c: 2", "c: 3", "c: of c"), h.GetRequestHeaders()[4:])
		h.CompleteHttp()
	})
}

func TestOddItemsLoadWithAWarning(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		for config, want := range map[string]string{
			`{"reqRules": [{"operate": "add", "headers": ["x"]}]}`:                                                          "reqRules[0].headers[0]: is no object, and does nothing",
			`{"reqRules": {"operate": "add", "headers": {"key": "a b", "value": "c"}}}`:                                     `reqRules.headers: "a b" is no header name, so nothing is done`,
			`{"respRules": [{"operate": "replace", "body": [{"key": "a", "newValue": "x", "value_type": "object"}]}]}`:      "respRules[0].body[0]: JSON bodies stay as they are: the value is no JSON",
			`{"respRules": [{"operate": "append", "body": [{"key": "a", "appendValue": "NaN", "value_type": "number"}]}]}`:  "the value is no number",
			`{"reqRules": [{"operate": "add", "body": [{"key": "a", "value": "yes", "value_type": "boolean"}]}]}`:           "the value is no boolean",
			`{"respRules": [{"operate": "map", "mapSource": "querys", "headers": [{"fromKey": "a", "toKey": "b"}]}]}`:       "",
			`{"reqRules": [{"operate": "remove", "headers": [{"key": ":status"}]}], "respRules": [{"operate": "remove"}]}`:  "",
			`{"reqRules": [{"operate": "rename", "headers": [{"oldKey": ":path", "newKey": ":Path"}]}], "respRules": null}`: "",
		} {
			t.Run(config, func(t *testing.T) {
				warnings := strings.Join(plugintest.Start(t, config).GetWarnLogs(), "\n")
				assert.Contains(t, warnings, want)
				assert.Equal(t, want == "", warnings == "", warnings)
			})
		}
	})
}

func TestUnavailableSourcesWarn(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		h := plugintest.Start(t, `{"reqRules": [{"operate": "map", "mapSource": "body", "headers": [{"fromKey": "a", "toKey": "b"}]}],
			"respRules": [{"operate": "map", "mapSource": "querys", "headers": [{"fromKey": "a", "toKey": "b"}]}]}`)
		h.CallOnHttpRequestHeaders(message("/"), test.WithEndOfStream(true))
		h.CallOnHttpResponseHeaders(plugintest.Headers(nil, ":status: 200"), test.WithEndOfStream(true))
		warnings := strings.Join(h.GetWarnLogs(), "\n")
		assert.Contains(t, warnings, "reqRules[0].headers[0]: there is no body to map from")
		assert.Contains(t, warnings, "respRules[0].headers[0]: responses have no query")
		h.CompleteHttp()
	})
}

func TestARequestWithoutHostOrPathStaysAsItIs(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		h := plugintest.Start(t, `{"reqRules": [{"operate": "add", "headers": [{"key": "x", "value": "1"}]}]}`)
		headers := plugintest.Headers(nil, ":method: CONNECT", ":authority: a.test")
		assert.Equal(t, types.ActionContinue, h.CallOnHttpRequestHeaders(headers))
		assert.Equal(t, headers, h.GetRequestHeaders())
		h.CompleteHttp()
	})
}

func TestTheCompiledModuleStartsAndEdits(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/transformer.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{"reqRules": [{"operate": "map", "mapSource": "body", "headers": [{"fromKey": "a", "toKey": "x-a"}]}, {"operate": "remove", "body": [{"key": "a"}]}]}`)
		require.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(message("/", "content-type: application/json", "content-length: 13")))
		host.CallOnHttpRequestBody([]byte(`{"a":1,"b":2}`))
		assert.True(t, test.HasHeaderWithValue(host.GetRequestHeaders(), "x-a", "1"))
		assert.False(t, test.HasHeader(host.GetRequestHeaders(), "content-length"))
		assert.Equal(t, "{\n  \"b\": 2\n}\n", string(host.GetRequestBody()))
		host.CompleteHttp()
	})
}
