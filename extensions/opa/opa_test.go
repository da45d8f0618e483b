package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

const example = `{"policy": "gateway/http", "timeout": "800ms", "serviceSource": "k8s", "serviceName": "opa", "servicePort": 8181, "namespace": "policy"}`

func TestServices(t *testing.T) {
	const rest = `"policy": "p", "timeout": "1s", `
	tests := []struct{ name, config, cluster, refusal string }{
		{"of Kubernetes", rest + `"serviceSource": "k8s", "serviceName": " opa ", "servicePort": "8181", "namespace": " policy "`, "outbound|8181||opa.policy.svc.cluster.local", ""},
		{"of Nacos", rest + `"serviceSource": "nacos", "serviceName": "opa", "servicePort": 8181, "namespace": "a_b"`, "outbound|8181||opa.DEFAULT-GROUP.a-b.nacos", ""},
		{"with an address", rest + `"serviceSource": "ip", "serviceName": "opa", "servicePort": 80`, "outbound|80||opa.static", ""},
		{"behind a name", rest + `"serviceSource": "dns", "serviceName": "opa", "servicePort": 80`, "outbound|80||opa.dns", ""},
		{"of Kubernetes with a host alone", rest + `"serviceSource": "k8s", "host": "o:1", "namespace": "n"`, "", "invalid service config"},
		{"of Nacos with a host alone", rest + `"serviceSource": "nacos", "host": "o:1", "namespace": "n"`, "", "invalid service config"},
		{"without a name", rest + `"serviceSource": "route", "servicePort": 80`, "", "invalid service config"},
		{"without a port", rest + `"serviceSource": "ip", "serviceName": "opa", "servicePort": 0`, "", "invalid service config"},
		{"a port that is none", rest + `"serviceSource": "ip", "serviceName": "opa", "servicePort": 65536`, "", "servicePort: must be between 0 and 65535, not 65536"},
		{"a blank namespace", rest + `"serviceSource": "nacos", "serviceName": "opa", "servicePort": 80, "namespace": " "`, "", "namespace not allow empty"},
		{"an unknown source", rest + `"serviceSource": "consul", "serviceName": "opa", "servicePort": 80`, "", "unknown service source: consul"},
		{"no policy", `"timeout": "1s"`, "", "policy not allow empty"},
		{"no timeout", `"policy": "p", "timeout": " "`, "", "timeout not allow empty"},
		{"a timeout without a unit", `"policy": "p", "timeout": 5`, "", `timeout parse fail: time: missing unit in duration "5"`},
		{"no time", `"policy": "p", "timeout": "0s"`, "", "timeout: must be between 1ms and 4294967295ms, not 0s"},
		{"too little time", `"policy": "p", "timeout": "999us"`, "", "timeout: must be between 1ms and 4294967295ms, not 999us"},
		{"negative time", `"policy": "p", "timeout": "-1s"`, "", "timeout: must be between 1ms and 4294967295ms, not -1s"},
		{"too much time", `"policy": "p", "timeout": "4294967296ms"`, "", "timeout: must be between 1ms and 4294967295ms, not 4294967296ms"},
		{"bodies of another kind", rest + `"serviceSource": "ip", "serviceName": "opa", "servicePort": 80, "withBody": "some"`, "", `withBody: must be true, false, text or all, not "some"`},
		{"no limit", rest + `"serviceSource": "ip", "serviceName": "opa", "servicePort": 80, "maxBodyBytes": 0`, "", "maxBodyBytes: must be between 1 and 4294967295, not 0"},
		{"no switch", rest + `"serviceSource": "ip", "serviceName": "opa", "servicePort": 80, "relayStatus": "no"`, "", `relayStatus: must be true or false, not "no"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var config Config
			err := parseConfig(field.Of(gjson.Parse("{"+tt.config+"}")), &config)
			if tt.refusal != "" {
				assert.EqualError(t, err, tt.refusal)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.cluster, config.client.ClusterName())
			assert.Equal(t, "/v1/data/p/allow", config.path)
			assert.Equal(t, uint32(1000), config.timeout)
			assert.Equal(t, mostBodies, config.bodies)
			assert.True(t, config.relaysStatus)
		})
	}
}

func TestWhichBodiesAreJudged(t *testing.T) {
	tests := []struct {
		name  string
		lines []string
		needs bodies
	}{
		{"no type", nil, textBodies},
		{"text", []string{"content-type: text/plain"}, textBodies},
		{"binary data", []string{"content-type: application/octet-stream"}, mostBodies},
		{"encoded", []string{"content-encoding: identity"}, mostBodies},
		{"an empty encoding", []string{"content-encoding: "}, textBodies},
		{"gRPC", []string{"content-type: application/grpc+proto"}, allBodies},
		{"encoded gRPC", []string{"content-type: application/grpc", "content-encoding: gzip"}, allBodies},
		{"two types", []string{"content-type: application/octet-stream", "content-type: application/json"}, textBodies},
		{"two types, joined", []string{"content-type: application/grpc, application/json"}, textBodies},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := bodyOf(request("POST", "/", tt.lines...))
			assert.Equal(t, tt.needs, b.needs())
		})
	}
}

// request makes request headers from "name: value" lines.
func request(method, path string, lines ...string) [][2]string {
	list := [][2]string{{":authority", "a.example"}, {":path", path}, {":method", method}, {":scheme", "https"}}
	return plugintest.Headers(list, lines...)
}

func TestInput(t *testing.T) {
	headers := request("POST", "/a?x=1&x=2&&=e&n", `x-q: "\ü`, "x-q: \xff\r\n")
	assert.JSONEq(t, `{"input":{"request":{
		"method": "POST", "scheme": "https", "path": "/a?x=1&x=2&&=e&n",
		"headers": [[":authority","a.example"],[":path","/a?x=1&x=2&&=e&n"],[":method","POST"],[":scheme","https"],["x-q","\"\\ü"],["x-q","\ufffd\r\n"]],
		"query": {"x": ["1","2"], "": ["e"], "n": [""]},
		"body": "AP8="}}}`, string(input(headers, []byte{0, 255})))
	assert.NotContains(t, string(input(headers, nil)), `"body"`)
}

func TestQueries(t *testing.T) {
	tests := []struct{ path, want string }{
		{"/", `{}`},
		{"/?", `{}`},
		{"/#?a=1", `{}`},
		{"/%zz?a=1", `{"a":["1"]}`},
		{"/?a=1;b=2", `{"a":["1;b=2"]}`},
		{"/?a=%zz&b=%41%", `{"a":["%zz"],"b":["A%"]}`},
		{"/?%61=x+y&a=%2B", `{"a":["x y","+"]}`},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) { assert.JSONEq(t, tt.want, string(appendQuery(nil, tt.path))) })
	}
}

func FuzzInput(f *testing.F) {
	f.Add("/a?x=1&x=2;%zz", "x-a", "1\r\n", []byte("body"))
	f.Add("", "", "\xff\x00\"", []byte(nil))
	f.Fuzz(func(t *testing.T, path, name, value string, body []byte) {
		document := input([][2]string{{":path", path}, {name, value}}, body)
		if !json.Valid(document) {
			t.Fatalf("no JSON: %s", document)
		}
		if gjson.GetBytes(document, "input.request.body").Exists() != (len(body) > 0) {
			t.Fatalf("the body: %s", document)
		}
	})
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		answer  string
		allowed bool
		details string
	}{
		{`{"result":true}`, true, ""},
		{` {"decision_id":"x", "r\u0065sult" : true} `, true, ""},
		{`{"result":false}`, false, ""},
		{`{"result":true,"result":false}`, false, ""},
		{`{"Result":true}`, false, "opa.conversion_fail"},
		{`{"a":{"result":true}}`, false, "opa.conversion_fail"},
		{`{"result":"true"}`, false, "opa.conversion_fail"},
		{`{"result":[true]}`, false, "opa.conversion_fail"},
		{`{}`, false, "opa.conversion_fail"},
		{`{"result":true}}`, false, "opa.bad_response_body"},
		{`{"result":true`, false, "opa.bad_response_body"},
		{`true`, false, "opa.bad_response_body"},
		{``, false, "opa.bad_response_body"},
	}
	test.RunGoTest(t, func(t *testing.T) {
		plugintest.Start(t, example) // for the log
		for _, tt := range tests {
			allowed, details, _ := verdict([]byte(tt.answer))
			assert.Equal(t, tt.allowed, allowed, tt.answer)
			assert.Equal(t, tt.details, details, tt.answer)
		}
	})
}

func FuzzVerdict(f *testing.F) {
	for _, answer := range []string{`{"result":true}`, `{"result":false}`, `{}`, `[true]`, `{"result":{"allow":true}}`} {
		f.Add([]byte(answer))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		if !json.Valid(answer) || !gjson.GetBytes(answer, "result").Exists() {
			return // verdict writes to the log of a host
		}
		var document map[string]any
		_ = json.Unmarshal(answer, &document)
		decided, isBool := document["result"].(bool)
		if !isBool {
			return
		}
		if allowed, details, _ := verdict(answer); allowed != decided || details != "" {
			t.Fatalf("%s: %v %s", answer, allowed, details)
		}
	})
}

func TestTheRouteIsAsked(t *testing.T) {
	const config = `{"policy": "p", "timeout": "1s", "serviceSource": "route", "host": "o:8181"}`
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, config)
		require.NoError(t, host.SetProperty([]string{"cluster_name"}, []byte("outbound|80||backend.dns")))
		host.CallOnHttpRequestHeaders(request("GET", "/"), test.WithEndOfStream(true))
		calls := host.GetHttpCalloutAttributes()
		require.Len(t, calls, 1)
		assert.Equal(t, "outbound|80||backend.dns", calls[0].Upstream)
		assert.Contains(t, calls[0].Headers, [2]string{":authority", "o:8181"})
	})
}

func TestAServiceThatCannotBeLoadsAndSaysSo(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"policy": "p", "timeout": "1s", "serviceSource": "ip", "host": "o:1"}`)
		assert.Contains(t, strings.Join(host.GetErrorLogs(), "\n"), "serviceName and servicePort: without both of them every request is refused")
	})
}

// The compiled module starts, asks and obeys.
func TestAFaultOfThePluginLetsNothingPass(t *testing.T) {
	plugintest.RefusesAtAFault(t, `{"policy": "p", "timeout": "1s", "serviceSource": "ip", "serviceName": "opa", "servicePort": 8181}`,
		request("GET", "/"), func(c *Config) { c.client = nil }, "opa.internal_error")
}

func TestCompiledModule(t *testing.T) {
	const wasm = "../../build/opa.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, example)
		host.CallOnHttpRequestHeaders(request("GET", "/a"), test.WithEndOfStream(true))
		require.Len(t, host.GetHttpCalloutAttributes(), 1)
		host.CallOnHttpCall([][2]string{{":status", "200"}}, []byte(`{"result":false}`))
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.Equal(t, uint32(401), reply.StatusCode)
		assert.Equal(t, "opa server not allowed", string(reply.Data))
	})
}
