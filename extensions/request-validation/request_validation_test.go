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
	"github.com/wasmplane/wasmplane/extensions/request-validation/schema"
)

// refused stands for whatever a handler returns after a refusal.
const refused = types.Action(0xff)

const object = `{"body_schema": {"type": "object"}, "rejected_code": 422, "rejected_msg": "no"}`

// request makes request headers from a method and "name: value" lines.
func request(method string, lines ...string) [][2]string {
	return plugintest.Request(method, "/", lines...)
}

func TestWhatHeadersTellAboutTheBody(t *testing.T) {
	const websocket = "upgrade: websocket"
	tests := []struct {
		name    string
		headers [][2]string
		hasBody bool
		want    types.Action
	}{
		{"a body", request("POST"), true, types.HeaderStopIteration},
		{"a body of any method", request("DELETE"), true, types.HeaderStopIteration},
		{"none", request("GET"), false, types.HeaderContinue},
		{"none where there must be one", request("POST"), false, refused},
		{"nor with PUT", request("PUT"), false, refused},
		{"nor with PATCH", request("PATCH", "content-length: 0"), false, refused},
		{"encoded", request("POST", "content-encoding: gzip"), true, refused},
		{"encoded, among others", request("POST", "content-encoding: identity, br"), true, refused},
		{"encoded in the second header", request("POST", "content-encoding: ", "content-encoding: Zstd"), true, refused},
		{"not encoded", request("POST", "content-encoding: Identity"), true, types.HeaderStopIteration},
		{"any data", request("POST", "content-type: application/octet-stream"), true, types.HeaderStopIteration},
		{"gRPC", request("POST", "content-type: Application/gRPC+proto"), true, refused},
		{"UTF-8", request("POST", `content-type: application/json; Charset="UTF-8"`), true, types.HeaderStopIteration},
		{"part of ASCII counts alone", request("POST", "content-type: text/plain;a=b;charset=iso-8859-15"), true, types.HeaderStopIteration},
		{"another charset", request("POST", "content-type: application/json; charset=utf-16"), true, refused},
		{"the second charset", request("POST", "content-type: application/json", "content-type: text/json;charset=hz-gb-2312"), true, refused},
		{"a handshake", request("GET", "connection: upgrade", websocket), true, types.HeaderContinue},
		{"a handshake that says it has no body", request("GET", "connection: upgrade", websocket, "content-length: 0"), true, types.HeaderContinue},
		{"a handshake with a body", request("GET", "connection: upgrade", websocket, "content-length: 2"), true, refused},
		{"a handshake with a body without length", request("GET", "connection: upgrade", websocket, "transfer-encoding: chunked"), true, refused},
		{"a handshake that is none", request("POST", "connection: upgrade", websocket), true, refused},
		{"a tunnel", request("CONNECT"), true, types.HeaderContinue},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, object)
				action := host.CallOnHttpRequestHeaders(tt.headers, test.WithEndOfStream(!tt.hasBody))
				if tt.want == refused {
					assert.NotEqual(t, types.HeaderContinue, action)
					plugintest.Refused(422, invalidBody, "no").AssertRefused(t, host)
					return
				}
				assert.Equal(t, tt.want, action)
				assert.Nil(t, host.GetLocalResponse())
			})
		}
	})
}

func TestWhatTheOptOutLetsPass(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"body_schema": {"type": "object"}, "skip_unreadable_body": "true"}`)
		for _, header := range []string{"content-encoding: br", "content-type: application/octet-stream", "content-type: application/grpc", "content-type: a/b;charset=utf-7"} {
			host.InitHttp()
			assert.Equal(t, types.HeaderContinue, host.CallOnHttpRequestHeaders(request("POST", header)), header)
			assert.Equal(t, types.ActionContinue, host.CallOnHttpRequestBody([]byte("1")), "its body is not read")
			assert.Nil(t, host.GetLocalResponse())
		}
		host.InitHttp()
		assert.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(request("POST", "content-encoding: identity")))
	})
}

func TestBodies(t *testing.T) {
	tests := []struct {
		name, method, body string
		passes             bool
		reason             string // in the log
	}{
		{"an object", "POST", ` {"a": 1} `, true, ""},
		{"a list", "POST", `[]`, false, "type"},
		{"no JSON", "POST", `{`, false, "is not JSON: it ends too early"},
		{"more than JSON", "POST", `{} {}`, false, "is not JSON: byte 3"},
		{"a member twice", "POST", `{"a": 1, "\u0061": 2}`, false, "has an object in which a name comes twice"},
		{"too deep", "POST", strings.Repeat(`{"a":`, 300), false, "is nested too deeply"},
		{"not UTF-8", "POST", "{\"\xff\": 1}", false, "is not UTF-8"},
		{"nothing after all", "POST", "", false, "there is no body"},
		{"nothing, and none is needed", "DELETE", "", true, ""},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, object)
				require.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(request(tt.method)))
				action := host.CallOnHttpRequestBody([]byte(tt.body))
				if tt.passes {
					assert.Equal(t, types.ActionContinue, action)
					assert.Nil(t, host.GetLocalResponse())
					assert.Equal(t, tt.body, string(host.GetRequestBody()))
					assert.Empty(t, host.GetErrorLogs())
					return
				}
				assert.NotEqual(t, types.ActionContinue, action)
				plugintest.Refused(422, invalidBody, "no").AssertRefused(t, host)
				require.Len(t, host.GetErrorLogs(), 1)
				assert.Contains(t, host.GetErrorLogs()[0], "validate request body failed: "+tt.reason)
			})
		}
	})
}

func TestHeadersAlone(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"header_schema": {"required": ["x-a"]}}`)
		assert.Equal(t, types.HeaderContinue, host.CallOnHttpRequestHeaders(request("POST", "x-a: 1")))
		assert.Equal(t, types.ActionContinue, host.CallOnHttpStreamingRequestBody([]byte("{"), false), "bodies are not held")
		host.InitHttp()
		host.CallOnHttpRequestHeaders(request("POST"))
		plugintest.Refused(403, invalidHeaders, "").AssertRefused(t, host)
		host.InitHttp()
		host.CallOnHttpRequestHeaders(nil)
		plugintest.Refused(403, invalidHeaders, "").AssertRefused(t, host)
	})
}

func TestConfigurations(t *testing.T) {
	tests := []struct {
		name, config string
		want         string // a load error
		status       uint32
		header, body bool
	}{
		{"nothing", `{}`, "", 403, false, false},
		{"both", `{"header_schema": {}, "body_schema": {}, "rejected_code": 599, "enable_oas3": true}`, "", 599, true, true},
		{"in strings", `{"header_schema": "{\"type\": \"object\"}", "body_schema": "true", "rejected_code": "422"}`, "", 422, true, true},
		{"empty strings and null", `{"header_schema": "", "body_schema": null}`, "", 403, false, false},
		{"draft 4", `{"enable_swagger": 1, "enable_oas3": false, "body_schema": {"maximum": 1, "exclusiveMaximum": true}}`, "", 403, false, true},
		{"a code of nothing", `{"rejected_code": 100}`, "", 403, false, false},
		{"a code above all", `{"rejected_code": 600}`, "", 403, false, false},
		{"a code that is no number", `{"rejected_code": "teapot"}`, "", 403, false, false},
		{"a code that is no whole number", `{"rejected_code": 422.5}`, "", 403, false, false},
		{"two drafts", `{"enable_swagger": true, "enable_oas3": "true"}`, "enable_swagger and enable_oas3 can not be true at the same time", 0, false, false},
		{"a switch that is none", `{"enable_swagger": "yes"}`, `enable_swagger: must be true or false, not "yes"`, 0, false, false},
		{"another", `{"enable_oas3": 2}`, "enable_oas3: must be true or false, not 2", 0, false, false},
		{"a third", `{"skip_unreadable_body": []}`, "skip_unreadable_body: must be true or false, not []", 0, false, false},
		{"no schema", `{"header_schema": []}`, "header_schema: must be an object, or a string that holds one as JSON", 0, false, false},
		{"a wrong schema", `{"header_schema": {"properties": {"x": {"pattern": "("}}}}`, "header_schema/properties/x/pattern: error parsing regexp: missing closing ): `(`", 0, false, false},
		{"a string that is no JSON", `{"body_schema": "{"}`, "body_schema: is not JSON: it ends too early", 0, false, false},
		{"an unknown draft", `{"body_schema": {"$schema": "http://json-schema.org/draft-03/schema#"}}`, `body_schema/$schema: must be draft 4, 6 or 7 of JSON Schema, not "http://json-schema.org/draft-03/schema#"`, 0, false, false},
		{"a message that is none", `{"rejected_msg": {}}`, "rejected_msg: must be a string", 0, false, false},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				var config Config
				err := parseConfig(field.Of(gjson.Parse(tt.config)), &config)
				if tt.want != "" {
					assert.EqualError(t, err, tt.want)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, tt.status, config.status)
				assert.Equal(t, [2]bool{tt.header, tt.body}, [2]bool{config.header != nil, config.body != nil})
			})
		}
	})
}

func TestABrokenGlobalConfigurationFailsItsRules(t *testing.T) {
	whole, rule := independent.Parsers(parseConfig)
	var global, config Config
	require.NoError(t, whole(gjson.Parse(`{"body_schema": "{", "_rules_": [{}]}`), &global))
	assert.EqualError(t, rule(gjson.Parse(`{}`), global, &config), "global configuration: body_schema: is not JSON: it ends too early")
}

// BenchmarkBody is the second example of the README, and an order of a megabyte.
func BenchmarkBody(b *testing.B) {
	var config Config
	if err := parseConfig(field.Of(gjson.Parse(`{"body_schema": {"type": "array", "items": {"required": ["sku"], "properties": {"sku": {"pattern": "^[A-Z]{3}-[0-9]{4}$"}, "qty": {"type": "integer", "maximum": 100}}}}}`)), &config); err != nil {
		b.Fatal(err)
	}
	for name, count := range map[string]int{"1": 1, "40000": 40_000} {
		b.Run(name, func(b *testing.B) {
			text := "[" + strings.Repeat(`{"sku":"ABC-1234","qty":1},`, count-1) + `{"sku":"ABC-1234","qty":1}]`
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := validate(config.body, []byte(text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	const wasm = "../../build/request-validation.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, object)
		require.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(request("POST")))
		host.CallOnHttpRequestBody([]byte(`[]`))
		plugintest.Refused(422, invalidBody, "no").AssertRefused(t, host)
		host.CompleteHttp()
	})
}

// FuzzHeaders looks at headers that come twice: what one value alone is refused for, another one beside it does not mend.
func FuzzHeaders(f *testing.F) {
	f.Add("content-type", "application/json; charset=utf-8", "text/plain;;charset='utf-16'")
	f.Add("content-encoding", ", identity,", "gzip")
	f.Add("x-a", "\xff\x00\"\\u", "a")
	f.Add(":method", "POST", "")
	var config Config
	if err := parseConfig(field.Of(gjson.Parse(`{"header_schema": {"additionalProperties": {"pattern": "^[a-z; /=,-]*$"}}}`)), &config); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name, first, second string) {
		one, two := [2]string{name, first}, [2]string{name, second}
		if describe([][2]string{one}).unreadable && !describe([][2]string{one, two}).unreadable {
			t.Fatal("a second header makes the body readable")
		}
		invalid := func(headers ...[2]string) bool { return config.header.CheckRecord(schema.NewRecord(headers)) != nil }
		if (invalid(one) || invalid(two)) != invalid(one, two) {
			t.Fatal("a second header makes a difference")
		}
	})
}
