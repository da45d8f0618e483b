package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	endpoint = `"endpoint": {"service_name": "auth.dns", "path_prefix": "/check"}`
	asking   = `"http_service": {` + endpoint + `}`
	plain    = `{` + asking + `}`
)

// lines makes request headers from "name: value" lines.
func lines(method, path string, lines ...string) [][2]string {
	list := [][2]string{{":authority", "a.example"}, {":path", path}, {":method", method}, {":scheme", "https"}}
	return plugintest.Headers(list, lines...)
}

func parse(t *testing.T, text string) *Config {
	t.Helper()
	require.True(t, gjson.Valid(text), text)
	var config Config
	require.NoError(t, parseConfig(field.Of(gjson.Parse(text)), &config))
	return &config
}

func TestDefaults(t *testing.T) {
	config := parse(t, `{"http_service": {"timeout": 0, `+endpoint+`, "authorization_request": {"with_request_body": "true", "max_request_body_bytes": 0}}, "status_on_error": 0}`)
	assert.Equal(t, "outbound|80||auth.dns", config.service.client.ClusterName())
	assert.Equal(t, "auth.dns", config.service.cluster.HostName())
	assert.Equal(t, uint32(1000), config.service.timeout)
	assert.True(t, config.withBody)
	assert.Equal(t, int64(10<<20), config.maxBody)
	assert.Equal(t, uint32(403), config.statusOnError)
	assert.True(t, config.answer.success.has(200))
	assert.False(t, config.answer.success.has(204))
	assert.False(t, config.answer.success.has(0))
	assert.True(t, config.answer.all)
	assert.False(t, config.allowFailures || config.markFailures || config.stripConsumer || config.answer.keepsClients)
}

func TestLoadErrors(t *testing.T) {
	with := func(rest string) string { return `{` + asking + `, ` + rest + `}` }
	inService := func(rest string) string { return `{"http_service": {` + endpoint + `, ` + rest + `}}` }
	inEndpoint := func(rest string) string {
		return `{"http_service": {"endpoint": {"service_name": "a.dns", "path_prefix": "", ` + rest + `}}}`
	}
	forward := func(rest string) string {
		return `{"http_service": {"endpoint_mode": "forward_auth", "endpoint": {"service_name": "a.dns", ` + rest + `}}}`
	}
	tests := []struct{ name, config, want string }{
		{"no service", `{}`, "missing http_service in config"},
		{"a service that is none", `{"http_service": []}`, "http_service: must be an object"},
		{"another mode", inService(`"endpoint_mode": "grpc"`), "endpoint_mode grpc is not supported"},
		{"no endpoint", `{"http_service": {}}`, "missing endpoint in config"},
		{"no name", `{"http_service": {"endpoint": {"path_prefix": "/"}}}`, "endpoint service name must not be empty"},
		{"no prefix", `{"http_service": {"endpoint": {"service_name": "a.dns"}}}`, "when endpoint_mode is envoy, endpoint path_prefix must not be empty"},
		{"no path", forward(`"service_port": 80`), "when endpoint_mode is forward_auth, endpoint path must not be empty"},
		{"a port out of range", inEndpoint(`"service_port": 65536`), "http_service.endpoint.service_port: must be between 0 and 65535, not 65536"},
		{"a host with a line break", inEndpoint(`"service_host": "a\r\nx-a: b"`), "http_service.endpoint.service_host: must not hold blanks or control characters"},
		{"a path with a blank", forward(`"path": "/a b"`), "http_service.endpoint.path: must not hold blanks or control characters"},
		{"a method that is none", forward(`"path": "/", "request_method": "A B"`), "http_service.endpoint.request_method: must be a method"},
		{"negative time", inService(`"timeout": -1`), "http_service.timeout: must be between 0 and 4294967295, not -1"},
		{"a body with GET", `{"http_service": {"endpoint_mode": "forward_auth", "endpoint": {"service_name": "a.dns", "path": "/", "request_method": "head"}, "authorization_request": {"with_request_body": true}}}`, "requestMethod HEAD does not support with_request_body set to true"},
		{"a matcher without a kind", inService(`"authorization_request": {"allowed_headers": [{"exact": "a"}, {"exact": ""}]}`), "http_service.authorization_request.allowed_headers[1]: unknown string matcher type"},
		{"a bad expression", inService(`"authorization_response": {"allowed_client_headers": [{"regex": "("}]}`), "http_service.authorization_response.allowed_client_headers[0]: error parsing regexp: missing closing ): `(?i)(`"},
		{"a constant with a line break", inService(`"authorization_request": {"headers_to_add": {"x-a": "b\nc: d"}}`), "http_service.authorization_request.headers_to_add.x-a: must not hold line breaks"},
		{"a constant pseudo header", inService(`"authorization_request": {"headers_to_add": {":path": "/"}}`), "http_service.authorization_request.headers_to_add.:path: must be the name of a header"},
		{"a constant length", inService(`"authorization_request": {"headers_to_add": {"Content-Length": 1}}`), "http_service.authorization_request.headers_to_add.Content-Length: cannot be set"},
		{"a constant list", inService(`"authorization_request": {"headers_to_add": {"a": []}}`), "http_service.authorization_request.headers_to_add.a: must be a string, a number or a boolean"},
		{"unknown forwarded headers", inService(`"authorization_request": {"forwarded_headers": "caddy"}`), "http_service.authorization_request.forwarded_headers[0]: must be one of traefik, nginx, not \"caddy\""},
		{"no type of the list", with(`"match_list": []`), "missing match_type in config"},
		{"another type", with(`"match_list": [], "match_type": "greylist"`), "invalid match_type in config, must be 'whitelist' or 'blacklist'"},
		{"a type that is no text", with(`"match_list": [], "match_type": 1`), "invalid match_type in config, must be 'whitelist' or 'blacklist'"},
		{"a path without its kind", with(`"match_type": "whitelist", "match_list": [{"match_rule_path": "/"}]`), "match_list[0].match_rule_type: unknown string matcher type"},
		{"a path with another kind", with(`"match_type": "whitelist", "match_list": [{"match_rule_path": "/", "match_rule_type": "glob"}]`), "match_list[0].match_rule_type: unknown string matcher type"},
		{"a bad path", with(`"match_type": "whitelist", "match_list": [{}, {"match_rule_path": "[", "match_rule_type": "regex"}]`), "match_list[1].match_rule_type: error parsing regexp: missing closing ]: `[`"},
		{"a status that refuses", with(`"success_statuses": [200, 302]`), "success_statuses[1]: must be a status between 200 and 299, or 2xx, not 302"},
		{"a class that refuses", with(`"success_statuses": "4xx"`), `success_statuses: must be a status between 200 and 299, or 2xx, not "4xx"`},
		{"no status", with(`"success_statuses": []`), "success_statuses: must not be empty"},
		{"no switch", with(`"failure_mode_allow": "yes"`), `failure_mode_allow: must be true or false, not "yes"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.True(t, gjson.Valid(tt.config), tt.config)
			var config Config
			assert.EqualError(t, parseConfig(field.Of(gjson.Parse(tt.config)), &config), tt.want)
		})
	}
}

func TestExemptions(t *testing.T) {
	tests := []struct {
		name, kind, rules  string
		method, host, path string
		exempt             bool
	}{
		{"a whole path", "whitelist", `{"match_rule_path": "/a", "match_rule_type": "exact"}`, "GET", "h", "/a?x", true},
		{"in another case", "whitelist", `{"match_rule_path": "/a", "match_rule_type": "exact"}`, "GET", "h", "/A", false},
		{"before a fragment", "whitelist", `{"match_rule_path": "/a", "match_rule_type": "exact"}`, "GET", "h", "/a#?x", true},
		{"decoded", "whitelist", `{"match_rule_path": "/a ü", "match_rule_type": "exact"}`, "GET", "h", "/a%20%C3%bc", true},
		{"a suffix", "whitelist", `{"match_rule_path": ".png", "match_rule_type": "suffix"}`, "GET", "h", "/a.png", true},
		{"a suffix of the query", "whitelist", `{"match_rule_path": ".png", "match_rule_type": "suffix"}`, "GET", "h", "/a?.png", false},
		{"a suffix in a parameter", "whitelist", `{"match_rule_path": ".png", "match_rule_type": "suffix"}`, "GET", "h", "/a;.png", false},
		{"a suffix after an encoded question mark", "whitelist", `{"match_rule_path": ".png", "match_rule_type": "suffix"}`, "GET", "h", "/a%3f.png", true},
		{"a part", "whitelist", `{"match_rule_path": "b", "match_rule_type": "contains"}`, "GET", "h", "/abc", true},
		{"an expression", "whitelist", `{"match_rule_path": "^/v\\d/", "match_rule_type": "regex"}`, "GET", "h", "/v1/x", true},
		{"dot segments", "whitelist", `{"match_rule_path": "/a", "match_rule_type": "prefix"}`, "GET", "h", "/a/./../b", false},
		{"too many dot segments", "whitelist", `{"match_rule_path": "/a", "match_rule_type": "prefix"}`, "GET", "h", "/../../a", true},
		{"an encoded slash before dots", "whitelist", `{"match_rule_path": "/a", "match_rule_type": "prefix"}`, "GET", "h", "/a%2f../b", false},
		{"a kind alone takes every path", "whitelist", `{"match_rule_type": "prefix"}`, "GET", "h", "/x", true},
		{"a kind alone takes only the empty path", "whitelist", `{"match_rule_type": "exact"}`, "GET", "h", "/x", false},
		{"nothing matches nothing", "whitelist", `{}`, "GET", "h", "/x", false},
		{"nothing matches nothing of a blacklist", "blacklist", `{}`, "GET", "h", "/x", true},
		{"a method", "whitelist", `{"match_rule_method": ["options"]}`, "OPTIONS", "h", "/x", true},
		{"another method", "whitelist", `{"match_rule_method": ["options"]}`, "GET", "h", "/x", false},
		{"no methods are any", "blacklist", `{"match_rule_path": "/admin", "match_rule_type": "prefix", "match_rule_method": []}`, "GET", "h", "/admin", false},
		{"no methods alone are no condition", "whitelist", `{"match_rule_method": []}`, "GET", "h", "/x", false},
		{"all conditions", "whitelist", `{"match_rule_method": ["GET"], "match_rule_domain": "a.*"}`, "GET", "a.test", "/x", true},
		{"one of two conditions", "whitelist", `{"match_rule_method": ["GET"], "match_rule_domain": "a.*"}`, "GET", "b.test", "/x", false},
		{"a domain", "whitelist", `{"match_rule_domain": "A.test."}`, "GET", "a.TEST", "/x", true},
		{"a domain with its dot", "whitelist", `{"match_rule_domain": "a.test"}`, "GET", "a.test.", "/x", true},
		{"a domain with a port", "whitelist", `{"match_rule_domain": "a.test"}`, "GET", "a.test:80", "/x", false},
		{"a domain with its dot and port", "whitelist", `{"match_rule_domain": "a.test:80"}`, "GET", "a.test.:80", "/x", true},
		{"wildcards", "whitelist", `{"match_rule_domain": "a*b*.test"}`, "GET", "axxbyy.test", "/x", true},
		{"wildcards that overlap", "whitelist", `{"match_rule_domain": "ab*ba"}`, "GET", "aba", "/x", false},
		{"any domain", "whitelist", `{"match_rule_domain": "*"}`, "GET", "x", "/x", true},
		{"a blacklist", "blacklist", `{"match_rule_path": "/admin", "match_rule_type": "prefix"}`, "GET", "h", "/x", true},
		{"in a blacklist", "blacklist", `{"match_rule_path": "/admin", "match_rule_type": "prefix"}`, "GET", "h", "/admin", false},
		{"in a blacklist, not decodable", "blacklist", `{"match_rule_path": "/admin", "match_rule_type": "prefix"}`, "GET", "h", "/x%", false},
		{"in a blacklist, backslashes", "blacklist", `{"match_rule_path": "/admin", "match_rule_type": "prefix"}`, "GET", "h", `/x\..\admin`, false},
		{"in a blacklist, slashes", "blacklist", `{"match_rule_path": "/admin", "match_rule_type": "prefix"}`, "GET", "h", "/.//admin", false},
		{"in a blacklist, parameters", "blacklist", `{"match_rule_path": "/admin", "match_rule_type": "exact"}`, "GET", "h", "/admin;x=1", false},
		{"not decodable, but the domain is another", "blacklist", `{"match_rule_domain": "a.test", "match_rule_path": "/admin", "match_rule_type": "prefix"}`, "GET", "b.test", "/x%", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := parse(t, `{`+asking+`, "match_type": "`+tt.kind+`", "match_list": [`+tt.rules+`]}`)
			r := request{method: tt.method, authority: tt.host, path: tt.path}
			assert.Equal(t, tt.exempt, config.exempt.exempts(&r))
		})
	}
	assert.False(t, parse(t, `{`+asking+`, "match_type": "whatever"}`).exempt.exempts(&request{path: "/"}), "a type alone does nothing")
}

func FuzzReadings(f *testing.F) {
	for _, path := range []string{"/", "//a/../b", "/%2e%2E/x", "/%252f..", `/a\..\b`, "/a;b/..;/c", "/%zz", "*", "", "/..", "/a/."} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		for _, reading := range readings(path) {
			for segment := range strings.SplitSeq(reading, "/") {
				if strings.HasPrefix(reading, "/") && (segment == "." || segment == "..") && !strings.Contains(strings.ToLower(path), "%") {
					t.Fatalf("%q has the reading %q", path, reading)
				}
			}
		}
	})
}

func TestTargets(t *testing.T) {
	tests := []struct{ prefix, path, want string }{
		{"/check/", "/v1/a?x=1", "/check/v1/a?x=1"},
		{"check", "//a/../b/", "/check//a/../b/"},
		{"", "//evil.test/%zz", "//evil.test/%zz"},
		{"/", "/", "/"},
		{"/check", "*", "/check/*"},
	}
	for _, tt := range tests {
		config := parse(t, `{"http_service": {"endpoint": {"service_name": "a.dns", "path_prefix": "`+tt.prefix+`"}}}`)
		assert.Equal(t, tt.want, config.service.targetFor(&request{path: tt.path}))
	}
	for _, target := range []string{"/%zz", "//host/x", "/a#b", "/a?", "/a|b", "http://h/a", "/ü"} {
		assert.False(t, survivesParsing(target), target)
	}
	for _, target := range []string{"/", "/a/../b//?x=%zz;y", "/a%2Fb%41"} {
		assert.True(t, survivesParsing(target), target)
	}
}

func TestQuestions(t *testing.T) {
	read := func(headers [][2]string) *request {
		r := &request{}
		require.True(t, r.read(headers))
		return r
	}
	tests := []struct {
		name, config string
		lines        []string
		want         []string
	}{
		{"nothing but Authorization", `{}`, []string{"x-a: 1", "cookie: c"}, nil},
		{"every line that says something new", `{"allowed_headers": [{"prefix": "X-"}]}`, []string{"x-b: 2", "x-a: 1", "x-b: 3", "x-b: 2", "y: 1"}, []string{"x-a: 1", "x-b: 2", "x-b: 3"}},
		{"constants win", `{"allowed_headers": [{"exact": "x-a"}], "headers_to_add": {"X-A": 7, "b": false, "c": null}}`, []string{"x-a: 1", "x-a: 2"}, []string{"b: false", "x-a: 7"}},
		{"the first kind of a matcher counts", `{"allowed_headers": {"regex": ".", "suffix": "-id", "contains": "x"}}`, []string{"x-id: 1", "x-a: 2"}, []string{"x-id: 1"}},
		{"nothing that belongs to the message", `{"allowed_headers": [{"regex": "."}]}`, []string{"host: h", "content-length: 1", "transfer-encoding: chunked", "te: trailers", "expect: 100-continue", "upgrade: x", "x-a: a\r\nb: c", "a: b"}, []string{"a: b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := parse(t, `{"http_service": {`+endpoint+`, "authorization_request": `+tt.config+`}}`)
			var got []string
			for _, h := range config.question.headers(read(lines("GET", "/", tt.lines...))) {
				got = append(got, h[0]+": "+h[1])
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestAnswersForTheClient(t *testing.T) {
	headers := wrapper.Header{"Set-Cookie": {"a=1", "b=2"}, "X-A": {"1", "2"}, "Connection": {"close"}, "Content-Length": {"3"},
		"Transfer-Encoding": {"chunked"}, ":status": {"401"}, "X-B": {"1\r\nx-c: 2"}}
	all := parse(t, plain)
	assert.Equal(t, [][2]string{{"set-cookie", "a=1"}, {"set-cookie", "b=2"}, {"x-a", "1"}}, all.answer.forClient(headers))
	some := parse(t, `{"http_service": {`+endpoint+`, "authorization_response": {"allowed_client_headers": [{"exact": "X-A"}]}}}`)
	assert.Equal(t, [][2]string{{"x-a", "1"}}, some.answer.forClient(headers))
	none := parse(t, `{"http_service": {`+endpoint+`, "authorization_response": {"allowed_client_headers": []}}}`)
	assert.Empty(t, none.answer.forClient(headers))
}

// A verdict of each kind, with what the request looks like then.
func TestVerdicts(t *testing.T) {
	const config = `{"http_service": {` + endpoint + `, "authorization_response": {"allowed_upstream_headers": [{"prefix": "x-auth-"}, {"exact": "authorization"}]}}, "failure_mode_allow": true}`
	sent := []string{"x-auth-a: forged", "x-auth-b: forged", "authorization: mine", "x-mse-consumer: root", "x-other: 1"}
	tests := []struct {
		name   string
		answer [][2]string
		status uint32 // of the refusal; 0: passes
		want   []string
	}{
		{"yes", [][2]string{{":status", "200"}, {"x-auth-a", "1"}, {"x-auth-a", "2"}, {"x-other", "2"}}, 0,
			[]string{"authorization: mine", "x-auth-a: 1", "x-other: 1"}},
		{"a failure", [][2]string{{":status", "500"}, {"x-auth-a", "1"}}, 0, []string{"authorization: mine", "x-other: 1"}},
		{"no", [][2]string{{":status", "302"}}, 302, nil},
		{"a status that is none", [][2]string{{":status", "yes"}}, 0, []string{"authorization: mine", "x-other: 1"}},
		{"an informational status", [][2]string{{":status", "101"}}, 0, []string{"authorization: mine", "x-other: 1"}},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, path := range []string{"/", "/%zz"} {
			for _, tt := range tests {
				t.Run(tt.name+" "+path, func(t *testing.T) {
					host := plugintest.Start(t, config)
					action := host.CallOnHttpRequestHeaders(lines("GET", path, sent...), test.WithEndOfStream(true))
					assert.Equal(t, types.HeaderStopAllIterationAndWatermark, action)
					require.Len(t, host.GetHttpCalloutAttributes(), 1)
					assert.Contains(t, host.GetHttpCalloutAttributes()[0].Headers, [2]string{":path", "/check" + path})
					host.CallOnHttpCall(tt.answer, nil)
					reply := host.GetLocalResponse()
					if tt.status != 0 {
						require.NotNil(t, reply)
						assert.Equal(t, tt.status, reply.StatusCode)
						assert.Equal(t, unauthorized, reply.StatusCodeDetail)
						return
					}
					assert.Nil(t, reply)
					assert.Equal(t, types.ActionContinue, host.GetHttpStreamAction())
					assert.Equal(t, tt.want, plainLines(host.GetRequestHeaders()))
				})
			}
		}
	})
}

func plainLines(headers [][2]string) (list []string) {
	for _, h := range headers {
		if h[0][0] != ':' {
			list = append(list, h[0]+": "+h[1])
		}
	}
	slices.Sort(list)
	return list
}

// A call that the SDK's client cannot make is recovered here, as the SDK recovers the others (option FailClosed).
func TestAPanicRefuses(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, plain)
		host.CallOnHttpRequestHeaders(lines("GET", "/%zz"), test.WithEndOfStream(true))
		guarded(func() { panic("on purpose") })
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.Equal(t, uint32(500), reply.StatusCode)
		assert.Equal(t, internalError, reply.StatusCodeDetail)
		assert.Contains(t, strings.Join(host.GetErrorLogs(), "\n"), "recovered from panic on purpose")
	})
}

// The compiled module starts, asks and obeys.
func TestCompiledModule(t *testing.T) {
	const wasm = "../../build/ext-auth.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, plain)
		host.CallOnHttpRequestHeaders(lines("GET", "/a"), test.WithEndOfStream(true))
		require.Len(t, host.GetHttpCalloutAttributes(), 1)
		host.CallOnHttpCall([][2]string{{":status", "401"}, {"www-authenticate", "Basic"}}, []byte("no"))
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.Equal(t, uint32(401), reply.StatusCode)
		assert.Equal(t, "no", string(reply.Data))
		assert.Equal(t, [][2]string{{"www-authenticate", "Basic"}}, reply.Headers)
	})
}
