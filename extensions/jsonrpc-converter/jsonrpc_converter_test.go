package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

const call = `{"jsonrpc":"2.0","id":"a1","method":"tools/call","params":{"name":"add","arguments":{"x":1}}}`

func request(more ...[2]string) [][2]string {
	return append([][2]string{{":authority", "h"}, {":path", "/mcp"}, {":method", "POST"}, {":scheme", "http"}}, more...)
}

// own are the headers among those given that belong to the plugin.
func own(headers [][2]string) map[string]string {
	found := map[string]string{}
	for _, h := range headers {
		if strings.HasPrefix(h[0], "x-") {
			found[h[0]] += h[1]
		}
	}
	return found
}

func TestARequestAtEverySplitPoint(t *testing.T) {
	want := map[string]string{idHeader: "a1", methodHeader: toolsCall, toolHeader: "add", argumentsHeader: `{"x":1}`}
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"stage": "request"}`)
		for at := range len(call) + 1 {
			host.InitHttp()
			assert.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(request([2]string{toolHeader, "forged"})))
			assert.Empty(t, own(host.GetRequestHeaders()))
			assert.Equal(t, types.DataStopIterationAndBuffer, host.CallOnHttpStreamingRequestBody([]byte(call[:at]), false))
			assert.Equal(t, types.ActionContinue, host.CallOnHttpStreamingRequestBody([]byte(call[at:]), true))
			assert.Equal(t, want, own(host.GetRequestHeaders()), "cut at %d", at)
			assert.Equal(t, call, string(host.GetRequestBody()))
			host.CompleteHttp()
		}
	})
}

func TestAResponseAtEverySplitPoint(t *testing.T) {
	const answer = `{"jsonrpc":"2.0","id":"a1","result":{"content":[ {"text":"ö"} ]}}`
	want := map[string]string{idHeader: "a1", methodHeader: toolsCall, answerHeader: `[{"text":"\u00f6"}]`, failureHeader: "false"}
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"stage": "response"}`)
		for at := range len(answer) + 1 {
			host.InitHttp()
			host.CallOnHttpRequestHeaders(request([2]string{toolHeader, "add"}))
			host.CallOnHttpRequestBody([]byte(call))
			assert.Empty(t, own(host.GetRequestHeaders()))
			assert.Equal(t, types.HeaderStopIteration, host.CallOnHttpResponseHeaders([][2]string{{":status", "200"}, {"content-type", "application/json"}}))
			assert.Equal(t, types.DataStopIterationAndBuffer, host.CallOnHttpStreamingResponseBody([]byte(answer[:at]), false))
			assert.Equal(t, types.ActionContinue, host.CallOnHttpStreamingResponseBody([]byte(answer[at:]), true))
			assert.Equal(t, want, own(host.GetResponseHeaders()), "cut at %d", at)
			assert.Equal(t, answer, string(host.GetResponseBody()))
			host.CompleteHttp()
		}
	})
}

func TestWhatIsHeld(t *testing.T) {
	for _, tt := range []struct {
		name, stage string
		headers     [][2]string
		end         bool
		want        types.Action
	}{
		{"a body", stageRequest, request(), false, types.HeaderStopIteration},
		{"a body that must not be transformed", stageRequest, request([2]string{"cache-control", "no-transform"}), false, types.HeaderStopIteration},
		{"no body", stageRequest, request(), true, types.ActionContinue},
		{"an encoded body", stageRequest, request([2]string{"content-encoding", "gzip"}), false, types.ActionContinue},
		{"a binary body", stageResponse, request([2]string{"content-type", "application/octet-stream"}), false, types.ActionContinue},
		{"gRPC", stageResponse, request([2]string{"content-type", "application/grpc"}), false, types.ActionContinue},
		{"a handshake", stageResponse, [][2]string{{":method", "GET"}, {":authority", "h"}, {"upgrade", "websocket"}, {"connection", "upgrade"}}, false, types.ActionContinue},
		{"an upgrade header on a POST", stageResponse, request([2]string{"upgrade", "h2c"}, [2]string{"connection", "upgrade"}), false, types.HeaderStopIteration},
		{"CONNECT", stageRequest, [][2]string{{":method", "CONNECT"}, {":authority", "h"}}, false, types.ActionContinue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			test.RunGoTest(t, func(t *testing.T) {
				host := plugintest.Start(t, `{"stage": "`+tt.stage+`"}`)
				forged := append(tt.headers, [2]string{failureHeader, "forged"})
				assert.Equal(t, tt.want, host.CallOnHttpRequestHeaders(forged, test.WithEndOfStream(tt.end)))
				assert.Empty(t, own(host.GetRequestHeaders()))
			})
		})
	}
}

func TestWhichResponsesAreHeld(t *testing.T) {
	for _, tt := range []struct {
		name, method, status, contentType string
		end                               bool
		want                              types.Action
	}{
		{"JSON", "POST", "200", "application/json", false, types.HeaderStopIteration},
		{"an error in JSON", "POST", "500", "APPLICATION/JSON", false, types.HeaderStopIteration},
		{"no body", "POST", "200", "application/json", true, types.ActionContinue},
		{"HEAD", "HEAD", "200", "application/json", false, types.ActionContinue},
		{"204", "POST", "204", "application/json", false, types.ActionContinue},
		{"304", "POST", "304", "application/json", false, types.ActionContinue},
		{"a part", "POST", "206", "application/json", false, types.ActionContinue},
		{"events", "POST", "200", "text/event-stream", false, types.ActionContinue},
		{"another charset", "POST", "200", "application/json; charset=utf-16", false, types.ActionContinue},
		{"no content type", "POST", "200", "", false, types.ActionContinue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			test.RunGoTest(t, func(t *testing.T) {
				host := plugintest.Start(t, `{"stage": "response"}`)
				host.CallOnHttpRequestHeaders([][2]string{{":authority", "h"}, {":path", "/"}, {":method", tt.method}, {":scheme", "http"}})
				host.CallOnHttpRequestBody([]byte(call))
				response := [][2]string{{":status", tt.status}, {"content-type", tt.contentType}, {errorHeader, "forged"}}
				assert.Equal(t, tt.want, host.CallOnHttpResponseHeaders(response, test.WithEndOfStream(tt.end)))
				assert.Empty(t, own(host.GetResponseHeaders()))
			})
		})
	}
}

func TestAnEventStreamAtEverySplitPoint(t *testing.T) {
	const events = ": ping\r\n\r\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":\"\u00f6\"}}\n\n"
	const rest = "data: 2\n\n"
	want := map[string]string{idHeader: "1", methodHeader: toolsCall, answerHeader: `"\u00f6"`, failureHeader: "false"}
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"stage": "response", "event_streams": true}`)
		for at := range len(events) {
			host.InitHttp()
			host.CallOnHttpRequestHeaders(request())
			host.CallOnHttpRequestBody([]byte(call))
			assert.Equal(t, types.HeaderStopIteration, host.CallOnHttpResponseHeaders([][2]string{{":status", "200"}, {"content-type", "text/event-stream"}}))
			assert.Equal(t, types.DataStopIterationAndBuffer, host.CallOnHttpStreamingResponseBody([]byte(events[:at]), false))
			assert.Empty(t, own(host.GetResponseHeaders()))
			assert.Equal(t, types.ActionContinue, host.CallOnHttpStreamingResponseBody([]byte(events[at:]), false))
			assert.Equal(t, want, own(host.GetResponseHeaders()), "cut at %d", at)
			assert.Equal(t, types.ActionContinue, host.CallOnHttpStreamingResponseBody([]byte(rest), false))
			assert.Equal(t, rest, string(host.GetResponseBody()))
			host.CompleteHttp()
		}
	})
}

func TestTheBufferLimit(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"stage": "response", "disable_reroute": true}`)
		host.CallOnHttpRequestHeaders(request())
		host.CallOnHttpRequestBody([]byte(call))
		host.CallOnHttpResponseHeaders([][2]string{{":status", "200"}, {"content-type", "application/json"}})
		for name, want := range map[string]string{"set_decoder_buffer_limit": "104857600", "set_encoder_buffer_limit": "104857600", "clear_route_cache": "off"} {
			value, err := host.GetProperty([]string{name})
			require.NoError(t, err, name)
			assert.Equal(t, want, string(value), name)
		}
	})
}

func TestExcerpts(t *testing.T) {
	letters := strings.Repeat("a", 2500) + strings.Repeat("b", 2500)
	for _, tt := range []struct {
		name, text string
		max        int
		want       string
	}{
		{"short", "abc", 3, "abc"},
		{"one too many", "abcd", 3, "a" + truncated + "d"},
		{"many too many", "0123456789", 4, "01" + truncated + "89"},
		{"one byte", "ab", 1, truncated},
		{"as by default", letters, 4000, letters[:2000] + truncated + letters[3000:]},
		{"control characters", "a\x00\x7f\n", 100, `a\u0000\u007f\u000a`},
		{"what is no UTF-8", "a\xffb", 100, `a\ufffdb`},
		{"beyond the basic plane", "💡", 100, `\ud83d\udca1`},
		{"a backslash", `\u0041`, 100, `\u005cu0041`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := excerpt{max: tt.max}
			e.text(tt.text)
			assert.Equal(t, tt.want, e.String())
		})
	}
}

func TestBackslashesBeforeCharactersThatAreEscaped(t *testing.T) {
	e := excerpt{max: 100}
	e.json(`[ "\\é", "\"é\\" , "\/" ]`)
	assert.Equal(t, `["\\\u00e9","\"\u00e9\\","\/"]`, e.String())
}

// FuzzPublication checks what plugins rely on: a published value says the same as the body, fits into one header line, and
// is no longer than configured.
func FuzzPublication(f *testing.F) {
	for _, seed := range []string{call, `{"jsonrpc":"2.0"}`, `[{"jsonrpc":"2.0"}]`, `{"jsonrpc":2,"id":1e5,"method":"tools/list","params":[ 1 ]}`,
		`{"jsonrpc":null,"method":"tools/call","params":{"name":"\ud83d","arguments":"é\\"}}`, "{\"jsonrpc\":\"2.0\",\"method\":\"a\\r\\nb\",\"params\":{\"\xff\":\"\x7f\"}}",
		`{"jsonrpc":"2.0","id":{},"method":"x","result":{"tools":[]},"error":null}`, strings.Repeat("[", 2000)} {
		f.Add(seed, 40)
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		config := Config{arguments: []argument{{header: "x-mcp-arg-a", path: []string{"a"}}}}
		m, ok := parseMessage(text)
		if ok != (gjson.Valid(text) && gjson.Parse(text).IsObject() && ok) {
			t.Fatalf("%q is no message", text)
		}
		if !ok || m.method.Type != gjson.String {
			return
		}
		limit = max(1, limit%1000)
		check := func(name, value string) error {
			if len(value) > limit+len(truncated) || value == "" {
				t.Fatalf("%s has %d bytes", name, len(value))
			}
			for i := range len(value) {
				if value[i] < ' ' || value[i] > '~' {
					t.Fatalf("%s is %q", name, value)
				}
			}
			return nil
		}
		config.publishRequest(&m, &publication{limit, check})
		publishResponse(&m, m.method.Str, &publication{limit, check})
		if !utf8.ValidString(m.params.Raw) {
			return // its other bytes are not text
		}
		whole := excerpt{max: 1 << 20}
		whole.json(m.params.Raw)
		var got, want any
		if m.params.Exists() {
			if err := json.Unmarshal([]byte(whole.String()), &got); err != nil && json.Unmarshal([]byte(m.params.Raw), &want) == nil {
				t.Fatalf("%q became %q: %v", m.params.Raw, whole.String(), err)
			}
			_ = json.Unmarshal([]byte(m.params.Raw), &want)
			assert.Equal(t, want, got)
		}
	})
}

func TestMethods(t *testing.T) {
	for config, want := range map[string][]string{
		`{}`:                                     {toolsList, toolsCall},
		`{"allowed_methods": null}`:              {toolsList, toolsCall},
		`{"allowed_methods": []}`:                {toolsList, toolsCall},
		`{"allowed_methods": ["ping"]}`:          {"ping"},
		`{"allowed_methods": ["tools/*"]}`:       {toolsList, toolsCall},
		`{"allowed_methods": ["*"]}`:             {toolsList, toolsCall, "ping", "tools", ""},
		`{"allowed_methods": ["tools*","ping"]}`: {toolsList, toolsCall, "ping", "tools"},
	} {
		m, err := parseMethods(field.Of(gjson.Parse(config)))
		require.NoError(t, err)
		var got []string
		for _, name := range []string{toolsList, toolsCall, "ping", "tools", ""} {
			if m.allow(name) {
				got = append(got, name)
			}
		}
		assert.Equal(t, want, got, config)
	}
}

func TestTheCompiledModuleStartsAndPublishes(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/jsonrpc-converter.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{"stage": "request"}`)
		host.CallOnHttpRequestHeaders(request())
		assert.Equal(t, types.ActionContinue, host.CallOnHttpRequestBody([]byte(call)))
		assert.Equal(t, "add", own(host.GetRequestHeaders())[toolHeader])
		host.CompleteHttp()
	})
}
