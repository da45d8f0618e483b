package main

import (
	"encoding/json"
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

const idp = `{"bodyHeader": "x-profile", "tokenHeader": "X-Grant", "requestPath": "/whoami?v=1", "serviceSource": "dns", "serviceName": "idp", "servicePort": 443, "domain": "idp.example.org"}`

// with returns a configuration with some fields changed.
func with(t *testing.T, fields map[string]any) string {
	t.Helper()
	config := map[string]any{}
	require.NoError(t, json.Unmarshal([]byte(idp), &config))
	for name, value := range fields {
		config[name] = value
		if value == nil {
			delete(config, name)
		}
	}
	raw, err := json.Marshal(config)
	require.NoError(t, err)
	return string(raw)
}

// request makes request headers from "name: value" lines.
func request(lines ...string) [][2]string { return plugintest.Request("GET", "/", lines...) }

// values returns the values of a header, in order.
func values(headers [][2]string, name string) []string {
	var list []string
	for _, h := range headers {
		if h[0] == name {
			list = append(list, h[1])
		}
	}
	return list
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		name           string
		answer         [][2]string
		body           string
		profile, grant []string
	}{
		{"body and token", [][2]string{{":status", "200"}, {"x-grant", "g"}}, "a\nb", []string{"a#b"}, []string{"g"}},
		{"no token", [][2]string{{":status", "200"}}, "ab", []string{"ab"}, nil},
		{"an empty token", [][2]string{{":status", "200"}, {"x-grant", ""}, {"x-grant", "g"}}, "ab", []string{"ab"}, nil},
		{"the first of several tokens", [][2]string{{":status", "200"}, {"x-grant", "g"}, {"x-grant", "h"}}, "ab", []string{"ab"}, []string{"g"}},
		{"no body", [][2]string{{":status", "200"}, {"x-grant", "g"}}, "", []string{""}, []string{"g"}},
		{"what a header cannot carry", [][2]string{{":status", "200"}}, "a\r\nb\x00c\td", []string{"a##b#c\td"}, nil},
		{"too much for a header", [][2]string{{":status", "200"}}, strings.Repeat("x", 9000), []string{strings.Repeat("x", 8192)}, nil},
		{"an error", [][2]string{{":status", "500"}, {"x-grant", "g"}}, "ab", nil, nil},
		{"another success", [][2]string{{":status", "204"}, {"x-grant", "g"}}, "", nil, nil},
		{"a timeout", [][2]string{{":status", "504"}}, "upstream request timeout", nil, nil},
		{"no answer", nil, "", nil, nil},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, idp)
				action := host.CallOnHttpRequestHeaders(request("X-Grant: fake", "x-profile: fake", "x-other: kept"))
				require.Equal(t, types.HeaderStopAllIterationAndWatermark, action, "held until the answer")
				host.CallOnHttpCall(tt.answer, []byte(tt.body))
				assert.Equal(t, types.ActionContinue, host.GetHttpStreamAction(), "goes on in any case")
				assert.Nil(t, host.GetLocalResponse())
				headers := host.GetRequestHeaders()
				assert.Equal(t, tt.profile, values(headers, "x-profile"))
				assert.Equal(t, tt.grant, values(headers, "x-grant"))
				assert.Equal(t, []string{"kept"}, values(headers, "x-other"))
			})
		}
	})
}

func TestCalls(t *testing.T) {
	tests := []struct {
		name                     string
		fields                   map[string]any
		cluster, authority, path string
	}{
		{"dns", nil, "outbound|443||idp.dns", "idp.example.org", "/whoami?v=1"},
		{"dns without domain", map[string]any{"domain": nil}, "outbound|443||idp.dns", "unknownhost", "/whoami?v=1"},
		{"k8s", map[string]any{"serviceSource": "k8s", "serviceName": "svc", "servicePort": 8080, "namespace": "team"}, "outbound|8080||svc.team.svc.cluster.local", "svc.team.svc.cluster.local", "/whoami?v=1"},
		{"k8s without namespace", map[string]any{"serviceSource": "k8s", "serviceName": "svc"}, "outbound|443||svc.default.svc.cluster.local", "svc.default.svc.cluster.local", "/whoami?v=1"},
		{"nacos", map[string]any{"serviceSource": "nacos", "serviceName": "svc", "namespace": "ns-1"}, "outbound|443||svc.DEFAULT-GROUP.ns-1.nacos", "svc", "/whoami?v=1"},
		{"ip", map[string]any{"serviceSource": "ip", "serviceName": "n", "servicePort": "80"}, "outbound|80||n.static", "n", "/whoami?v=1"},
		{"a URL", map[string]any{"requestPath": "https://other.example:8443/x?y"}, "outbound|443||idp.dns", "other.example:8443", "/x?y"},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, with(t, tt.fields))
				host.CallOnHttpRequestHeaders(request("authorization: secret"))
				calls := host.GetHttpCalloutAttributes()
				require.Len(t, calls, 1)
				assert.Equal(t, tt.cluster, calls[0].Upstream)
				assert.ElementsMatch(t, [][2]string{{":method", "GET"}, {":path", tt.path}, {":authority", tt.authority}}, calls[0].Headers)
				assert.Empty(t, calls[0].Body)
			})
		}
	})
}

func TestACallThatCannotBeStarted(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, with(t, map[string]any{"requestPath": "http://[::1"}))
		assert.Equal(t, types.ActionContinue, host.CallOnHttpRequestHeaders(request("x-grant: fake")))
		assert.Empty(t, host.GetHttpCalloutAttributes())
		assert.Empty(t, values(host.GetRequestHeaders(), "x-grant"))
	})
}

func TestLoadErrors(t *testing.T) {
	tests := []struct {
		name   string
		fields map[string]any
		want   string
	}{
		{"no body header", map[string]any{"bodyHeader": nil, "tokenHeader": nil}, "missing bodyHeader in config"},
		{"no token header", map[string]any{"tokenHeader": "", "requestPath": ""}, "missing tokenHeader in config"},
		{"no path", map[string]any{"requestPath": nil, "serviceName": nil}, "missing requestPath in config"},
		{"no service", map[string]any{"serviceName": nil, "serviceSource": "eureka"}, "invalid service config"},
		{"no port", map[string]any{"servicePort": nil}, "invalid service config"},
		{"port 0", map[string]any{"servicePort": 0}, "invalid service config"},
		{"a port out of range", map[string]any{"servicePort": 65536}, "invalid service config"},
		{"another source", map[string]any{"serviceSource": "eureka"}, "unknown service source: eureka"},
		{"no source", map[string]any{"serviceSource": nil}, "unknown service source: "},
		{"a pseudo header", map[string]any{"bodyHeader": ":path"}, "bodyHeader: must be the name of a header"},
		{"a header name with a space", map[string]any{"tokenHeader": "x grant"}, "tokenHeader: must be the name of a header"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var config Config
			assert.EqualError(t, parseConfig(field.Of(gjson.Parse(with(t, tt.fields))), &config), tt.want)
		})
	}
}

func FuzzHeaderValue(f *testing.F) {
	f.Add([]byte("a\r\nb\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		size := len(body)
		value := headerValue(body)
		if len(value) != min(size, 8192) || strings.ContainsAny(value, "\r\n\x00") {
			t.Fatalf("%d bytes became %q", size, value)
		}
	})
}

func TestTheCompiledModuleStartsAndCalls(t *testing.T) {
	const wasm = "../../build/http-call.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, idp)
		require.Equal(t, types.HeaderStopAllIterationAndWatermark, host.CallOnHttpRequestHeaders(request()))
		host.CallOnHttpCall([][2]string{{":status", "200"}, {"x-grant", "g"}}, []byte("a\nb"))
		assert.Equal(t, types.ActionContinue, host.GetHttpStreamAction())
		assert.Equal(t, []string{"a#b"}, values(host.GetRequestHeaders(), "x-profile"))
		assert.Equal(t, []string{"g"}, values(host.GetRequestHeaders(), "x-grant"))
		host.CompleteHttp()
	})
}
