package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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

// Hosts empty the headers when they get more than 1024, or more than 1 MiB.
func TestTooManyHeadersStayAsTheyAre(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		for name, query := range map[string]string{"in number": strings.Repeat("a=1&", 1021), "in size": "a=" + strings.Repeat("x", 1<<20)} {
			t.Run(name, func(t *testing.T) {
				h := plugintest.Start(t, `{"reqRules": [{"operate": "map", "mapSource": "querys", "headers": [{"fromKey": "a", "toKey": "x-a"}]}]}`)
				h.CallOnHttpRequestHeaders(message("/?"+query), test.WithEndOfStream(true))
				assert.Equal(t, message("/?"+query), h.GetRequestHeaders())
				assert.Contains(t, strings.Join(h.GetErrorLogs(), ""), "the request headers are too many to be edited")
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
