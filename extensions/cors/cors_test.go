package main

import (
	"strconv"
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

const (
	shop = `{"allow_origins": ["https://app.shop.test"], "allow_origin_patterns": ["https://*.partner.test", "http://*.dev.test:[3000,8080]"],
		"allow_methods": ["get", "post"], "allow_headers": ["Content-Type", "X-Token"], "expose_headers": ["X-Total", "X-Page"],
		"allow_credentials": true, "max_age": 600}`
	open = `{"allow_origins": ["*"], "allow_methods": ["*"], "allow_headers": ["*"]}`
)

// request makes request headers from a method and "name: value" lines.
func request(method string, lines ...string) [][2]string {
	list := [][2]string{{":authority", "api.shop.test"}, {":path", "/"}, {":method", method}, {":scheme", "https"}}
	return append(list, pairs(lines)...)
}

func pairs(lines []string) (list [][2]string) {
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		list = append(list, [2]string{strings.ToLower(name), value})
	}
	return list
}

func preflight(origin, method, headers string) [][2]string {
	lines := []string{"origin: " + origin, "access-control-request-method: " + method}
	if headers != "" {
		lines = append(lines, "access-control-request-headers: "+headers)
	}
	return request("OPTIONS", lines...)
}

func actual(origin string) [][2]string { return request("GET", "origin: "+origin) }

// answer is what the client sees: a status, and the headers that CORS is about.
type answer struct {
	status  int // 0: that of the upstream
	details string
	headers []string // "name: value" in lower case, without vary and x-cors-version
}

func TestExchanges(t *testing.T) {
	refused := answer{403, "cors.forbidden", nil}
	passes := answer{}
	shopGives := func(origin string) answer {
		return answer{headers: []string{"access-control-allow-origin: " + origin, "access-control-expose-headers: X-Total,X-Page", "access-control-allow-credentials: true"}}
	}
	openGives := func(origin string) answer { return answer{headers: []string{"access-control-allow-origin: " + origin}} }
	preflighted := func(origin, methods, headers, age string) answer {
		return answer{200, "cores.preflight", []string{"access-control-allow-origin: " + origin, "access-control-allow-methods: " + methods,
			"access-control-allow-headers: " + headers, "access-control-max-age: " + age}}
	}
	const six = "GET,PUT,POST,DELETE,PATCH,OPTIONS"
	const nine = "DNT,X-CustomHeader,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Authorization"
	tests := []struct {
		name, config string
		request      [][2]string
		want         answer
	}{
		{"an allowed origin", shop, actual("https://app.shop.test"), shopGives("https://app.shop.test")},
		{"another", shop, actual("https://evil.test"), refused},
		{"the scheme counts", shop, actual("http://app.shop.test"), refused},
		{"the port counts", shop, actual("https://app.shop.test:444"), refused},
		{"the default port does not", shop, actual("https://app.shop.test:443"), shopGives("https://app.shop.test:443")},
		{"neither does case", shop, actual("HTTPS://App.Shop.Test"), shopGives("HTTPS://App.Shop.Test")},
		{"nor a trailing dot", shop, actual("https://app.shop.test."), shopGives("https://app.shop.test.")},
		{"nor a trailing slash", shop, actual(" https://app.shop.test/ "), shopGives("https://app.shop.test")},
		{"a path is no origin", shop, actual("https://app.shop.test/x"), refused},
		{"a user is none", shop, actual("https://app.shop.test@evil.test"), refused},
		{"no origin at all", shop, actual("::"), refused},
		{"null", shop, actual("null"), refused},
		{"two origins in one header", shop, actual("https://app.shop.test, https://evil.test"), refused},
		{"the last of two headers", shop, request("GET", "origin: https://app.shop.test", "origin: https://evil.test"), refused},
		{"no origin header", shop, request("GET"), passes},
		{"an empty one", shop, actual(""), passes},
		{"an empty one after another", shop, request("GET", "origin: https://evil.test", "origin: "), refused},
		{"a slash", shop, actual("/"), refused},
		{"a method that is not allowed", shop, request("PUT", "origin: https://app.shop.test"), refused},

		{"a pattern", shop, actual("https://a.partner.test"), shopGives("https://a.partner.test")},
		{"over several labels", shop, actual("https://a.b.partner.test"), shopGives("https://a.b.partner.test")},
		{"of the whole origin", shop, actual("https://a.partner.test.evil.test"), refused},
		{"not of a path", shop, actual("https://evil.test/.partner.test"), refused},
		{"not of a user", shop, actual("https://evil.test#.partner.test"), refused},
		{"at the default port only", shop, actual("https://a.partner.test:8443"), refused},
		{"of a scheme", shop, actual("http://a.partner.test"), refused},
		{"not of the bare domain", shop, actual("https://partner.test"), refused},
		{"with ports", shop, actual("http://x.dev.test:3000"), shopGives("http://x.dev.test:3000")},
		{"one of which there must be", shop, actual("http://x.dev.test"), refused},
		{"and which are whole numbers", shop, actual("http://x.dev.test:30000"), refused},
		{"an endless origin", shop, actual("https://" + strings.Repeat("a.", 20000) + "partner.test"), refused},

		{"the site itself", shop, actual("https://api.shop.test"), passes},
		{"the site itself with a slash", shop, actual("https://api.shop.test/"), passes},
		{"the site itself with its port", shop, actual("https://api.shop.test:443"), passes},
		{"the site itself by another scheme", shop, actual("http://api.shop.test"), refused},
		{"OPTIONS from the site itself goes upstream", shop, preflight("https://api.shop.test", "DELETE", ""), passes},
		{"an IPv6 site", `{"allow_credentials": true}`, [][2]string{{":authority", "[2001:DB8::1]:8443"}, {":method", "GET"}, {":scheme", "https"}, {"origin", "https://[2001:db8:0::1]:8443"}}, passes},
		{"another that begins alike", `{"allow_credentials": true}`, [][2]string{{":authority", "[2001:db8::1]:8443"}, {":method", "GET"}, {":scheme", "https"}, {"origin", "https://[2001:db8::2]:8443"}}, refused},

		{"a preflight", shop, preflight("https://app.shop.test", "POST", "content-type, x-token"), answer{200, "cores.preflight", []string{
			"access-control-allow-origin: https://app.shop.test", "access-control-expose-headers: X-Total,X-Page", "access-control-allow-credentials: true",
			"access-control-allow-methods: GET,POST", "access-control-allow-headers: Content-Type,X-Token", "access-control-max-age: 600"}}},
		{"for another method", shop, preflight("https://app.shop.test", "DELETE", ""), refused},
		{"for another header", shop, preflight("https://app.shop.test", "GET", "x-other"), refused},
		{"for one header too many", shop, preflight("https://app.shop.test", "GET", "x-token,,\tx-other"), refused},
		{"from elsewhere", shop, preflight("https://evil.test", "GET", ""), refused},
		{"OPTIONS without a method asked for is a request", shop, request("OPTIONS", "origin: https://app.shop.test"), refused},
		{"the same, allowed", `{}`, request("OPTIONS", "origin: https://a.test"), openGives("https://a.test")},

		{"any origin", open, actual("null"), openGives("null")},
		{"even none", open, actual("]["), openGives("][")},
		{"any headers", open, preflight("https://a.test", "PURGE", "x-a,x-b"), preflighted("https://a.test", everyMethod, "x-a,x-b", "86400")},
		{"no headers", open, preflight("https://a.test", "GET", ""), preflighted("https://a.test", everyMethod, "*", "86400")},
		{"by default any origin", `{}`, actual("https://a.test"), openGives("https://a.test")},
		{"by default nine headers", `{}`, preflight("https://a.test", "PATCH", "authorization"), preflighted("https://a.test", six, nine, "86400")},
		{"by default six methods", `{}`, preflight("https://a.test", "HEAD", ""), refused},
		{"credentials need an origin", `{"allow_credentials": true}`, actual("https://a.test"), refused},
		{"any origin gets no credentials", `{"allow_credentials": true, "allow_origins": ["*"]}`, actual("https://a.test"), openGives("https://a.test")},
		{"an age of 0 is the default", `{"max_age": 0}`, preflight("https://a.test", "GET", ""), preflighted("https://a.test", six, nine, "86400")},
		{"so is a negative one", `{"max_age": -5}`, preflight("https://a.test", "GET", ""), preflighted("https://a.test", six, nine, "86400")},
		{"configured origins are trimmed", `{"allow_origins": [" https://A.test/ ", ""]}`, actual("https://a.test"), openGives("https://a.test")},
		{"and allow no others", `{"allow_origins": ["https://A.test/"]}`, actual("https://b.test"), refused},
		{"patterns alone", `{"allow_origin_patterns": ["https://*.a.test"]}`, actual("https://b.test"), refused},
		{"a pattern for everything", `{"allow_origin_patterns": ["*"], "allow_credentials": true}`, actual("https://b.test:1"), answer{headers: []string{"access-control-allow-origin: https://b.test:1", "access-control-allow-credentials: true"}}},
		{"an origin that is none can be named", `{"allow_origins": ["null"]}`, actual("null"), openGives("null")},
		{"a list of nonsense allows nothing", `{"allow_origins": {"a": 1}}`, actual("https://a.test"), refused},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, tt.config)
				got := answer{}
				action := host.CallOnHttpRequestHeaders(tt.request, test.WithEndOfStream(true))
				upstream := [][2]string{{":status", "200"}}
				if reply := host.GetLocalResponse(); reply != nil {
					assert.NotEqual(t, types.ActionContinue, action)
					got.status, got.details = int(reply.StatusCode), reply.StatusCodeDetail
					upstream = [][2]string{{":status", strconv.Itoa(got.status)}}
					if got.status == 403 {
						assert.Equal(t, "Invalid CORS request", string(reply.Data))
					} else {
						assert.Empty(t, reply.Data)
					}
				} else {
					assert.Equal(t, types.ActionContinue, action)
				}
				host.CallOnHttpResponseHeaders(upstream)
				for _, h := range host.GetResponseHeaders() {
					name := strings.ToLower(h[0])
					switch name {
					case ":status":
					case "vary":
						assert.Equal(t, "Origin", h[1])
					case "x-cors-version":
						assert.Equal(t, "1.0.0", h[1])
					default:
						got.headers = append(got.headers, name+": "+h[1])
					}
				}
				assert.Equal(t, tt.want, got)
				assert.Equal(t, tt.request, host.GetRequestHeaders(), "requests are left as they are")
			})
		}
	})
}

func TestWhatTheUpstreamSays(t *testing.T) {
	theirs := []string{"Access-Control-Allow-Origin: *", "access-control-allow-methods: PUT", "access-control-allow-headers: x", "access-control-expose-headers: x",
		"access-control-allow-credentials: true", "access-control-max-age: 1", "X-Cors-Trace: trace", "x-cors-version: 9", "x-kept: 1"}
	tests := []struct {
		name     string
		request  [][2]string
		upstream []string
		want     []string
	}{
		{"is removed without an origin", request("GET"), theirs, []string{"x-kept: 1", "vary: Origin", "x-cors-version: 1.0.0"}},
		{"is replaced with one", actual("https://app.shop.test"), theirs, []string{"x-kept: 1", "vary: Origin", "x-cors-version: 1.0.0",
			"access-control-allow-origin: https://app.shop.test", "access-control-expose-headers: X-Total,X-Page", "access-control-allow-credentials: true"}},
		{"Vary is added to", request("GET"), []string{"vary: Accept-Encoding"}, []string{"vary: Accept-Encoding, Origin", "x-cors-version: 1.0.0"}},
		{"but once", request("GET"), []string{"vary: a, ORIGIN"}, []string{"vary: a, ORIGIN", "x-cors-version: 1.0.0"}},
		{"and not to everything", request("GET"), []string{"vary: *"}, []string{"vary: *", "x-cors-version: 1.0.0"}},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, shop)
				host.CallOnHttpRequestHeaders(tt.request, test.WithEndOfStream(true))
				host.CallOnHttpResponseHeaders(pairs(tt.upstream))
				var got []string
				for _, h := range host.GetResponseHeaders() {
					got = append(got, strings.ToLower(h[0])+": "+h[1])
				}
				assert.ElementsMatch(t, tt.want, got)
			})
		}
	})
}

func TestPreflightsInSharedCaches(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range []struct {
			name          string
			request       [][2]string
			control, vary string
		}{
			{"a preflight", preflight("https://a.test", "GET", ""), "public, max-age=60", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"},
			{"a request", actual("https://a.test"), "", "Origin"},
			{"a preflight that is refused", preflight("https://b.test", "GET", ""), "", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, `{"allow_origins": ["https://a.test"], "preflight_cache": 60}`)
				host.CallOnHttpRequestHeaders(tt.request, test.WithEndOfStream(true))
				host.CallOnHttpResponseHeaders([][2]string{{":status", "200"}})
				control, _ := test.GetHeaderValue(host.GetResponseHeaders(), "cache-control")
				vary, _ := test.GetHeaderValue(host.GetResponseHeaders(), "vary")
				assert.Equal(t, tt.control, control)
				assert.Equal(t, tt.vary, vary)
			})
		}
	})
}

func TestLoadErrors(t *testing.T) {
	tests := []struct{ name, config, want string }{
		{"credentials that are no switch", `{"allow_credentials": "maybe"}`, `allow_credentials: must be true or false, not "maybe"`},
		{"a time that is no number", `{"preflight_cache": "x"}`, `preflight_cache: must be a whole number, not "x"`},
		{"a time before now", `{"preflight_cache": -1}`, "preflight_cache: must be between 0 and 31536000, not -1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var config Config
			assert.EqualError(t, parseConfig(field.Of(gjson.Parse(tt.config)), &config), tt.want)
		})
	}
}

func TestPatterns(t *testing.T) {
	tests := []struct {
		pattern string
		yes, no []string
	}{
		{"https://*.a.test:[*]", []string{"https://x.a.test", "https://x.a.test:1"}, []string{"http://x.a.test"}},
		{"https://*.a.test:*", []string{"https://x.a.test", "https://x.a.test:1"}, []string{"https://a.test"}},
		{"https://a.test:[443,8443]", []string{"https://a.test", "https://a.test:8443"}, []string{"https://a.test:8444"}},
		{"https://a.test:8443", []string{"https://a.test:8443"}, []string{"https://a.test", "https://a.test:84430"}},
		{"https://a.test:[8080, 9090]", []string{"https://a.test:8080"}, []string{"https://a.test:9090"}},
		{"https://a.test:[]", nil, []string{"https://a.test", "https://a.test:1"}},
		{"https://a.test:[80", nil, []string{"https://a.test:80", "https://a.test"}},
		{"*://a.test", []string{"http://a.test", "https://a.test", "ext://a.test"}, []string{"http://b.test"}},
		{"http*://a.test", []string{"http://a.test", "https://a.test"}, []string{"ext://a.test"}},
		{"*.a.test", []string{"http://x.a.test"}, []string{"http://a.test", "http://x.a.test:81"}},
		{"HTTPS://*.A.test./", []string{"https://X.a.TEST"}, []string{"https://a.test"}},
		{`https://*\E.a.test`, nil, []string{"https://x.a.test"}},
		{"https://(a|b).test", nil, []string{"https://a.test", "https://b.test"}},
		{"http://[::1]", []string{"http://[::1]", "http://[0:0::1]"}, []string{"http://[::1]:8080"}},
		{"http://[::1]:[8080]", []string{"http://[::1]:8080"}, []string{"http://[::1]"}},
		{"chrome-extension://*", []string{"chrome-extension://abcdef"}, []string{"https://abcdef"}},
	}
	for _, tt := range tests {
		list := newOrigins(nil, []string{tt.pattern}, false)
		for _, text := range tt.yes {
			assert.True(t, list.allow(text), "%s allows %s", tt.pattern, text)
		}
		for _, text := range tt.no {
			assert.False(t, list.allow(text), "%s allows %s", tt.pattern, text)
		}
	}
}

func FuzzOrigin(f *testing.F) {
	for _, text := range []string{"https://a.test", "null", "http://[::1]:80", "https://a.test:443/", "://", "a://b:0", "HTTP://A.:080"} {
		f.Add(text)
	}
	list := newOrigins(nil, []string{"https://*.partner.test"}, false)
	f.Fuzz(func(t *testing.T, text string) {
		o, ok := parseOrigin(text)
		partner := strings.HasPrefix(o.site, "https://") && strings.HasSuffix(o.site, ".partner.test") && o.port == ""
		if list.allow(text) != partner {
			t.Fatalf("%q is allowed: %v", text, !partner)
		}
		if !ok {
			return
		}
		again := o.site
		if o.port != "" {
			again += ":" + o.port
		}
		if o2, ok := parseOrigin(again); !ok || o2 != o {
			t.Fatalf("%q is %v, then %v", text, o, o2)
		}
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	const wasm = "../../build/cors.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, shop)
		host.CallOnHttpRequestHeaders(actual("https://evil.test"))
		require.NotNil(t, host.GetLocalResponse())
		assert.Equal(t, uint32(403), host.GetLocalResponse().StatusCode)
		host.CompleteHttp()
	})
}

// BenchmarkAllow compares an origin that the last of 1,000 entries names with one that the only entry names.
func BenchmarkAllow(b *testing.B) {
	for _, many := range []int{1, 1000} {
		var exact []string
		for i := range many {
			exact = append(exact, "https://app"+strconv.Itoa(i)+".test")
		}
		list := newOrigins(exact, []string{"https://*.partner.test"}, false)
		b.Run(strconv.Itoa(many), func(b *testing.B) {
			for range b.N {
				list.allow(exact[many-1])
			}
		})
	}
}
