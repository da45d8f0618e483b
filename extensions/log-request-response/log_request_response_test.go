package main

import (
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func request(more ...[2]string) [][2]string {
	return append([][2]string{{":authority", "h"}, {":path", "/a"}, {":method", "POST"}, {":scheme", "http"}}, more...)
}

var properties = []string{requestHeadersKey, requestBodyKey, responseHeadersKey, responseBodyKey,
	requestBodyKey + "-size", requestBodyKey + "-truncated", responseBodyKey + "-size", responseBodyKey + "-truncated"}

func written(host test.TestHost) map[string]string {
	values := map[string]string{}
	for _, name := range properties {
		if value, err := host.GetProperty([]string{name}); err == nil && len(value) > 0 {
			values[name] = string(value)
		}
	}
	return values
}

func TestWhatIsWritten(t *testing.T) {
	plain := [2]string{"content-type", "text/plain"}
	for _, tt := range []struct {
		name, config string
		request      [][2]string
		chunks       []string
		status       string
		want         map[string]string
	}{
		{"nothing", `{}`, request(plain), []string{"x"}, "200", map[string]string{}},
		{"headers, escaped twice", `{"request": {"headers": {"enabled": true}}}`, request([2]string{"x", `<"`}), nil, "200",
			map[string]string{requestHeadersKey: `{\"authority\":\"h\",\"path\":\"/a\",\"method\":\"POST\",\"scheme\":\"http\",\"x\":\"\\u003c\\\"\"}`}},
		{"a body, escaped", `{"request": {"body": {"enabled": true}}}`, request(plain), []string{"<a>\n"}, "200",
			map[string]string{requestBodyKey: `\u003ca\u003e\n`}},
		{"an empty body", `{"request": {"body": {"enabled": true}}, "record_size": true}`, request(plain), []string{""}, "200", map[string]string{}},
		{"sizes", `{"request": {"body": {"enabled": true, "maxSize": 4}}, "record_size": true}`, request(plain), []string{"abc", "def", "ghi"}, "200",
			map[string]string{requestBodyKey: "abcd", requestBodyKey + "-size": "9", requestBodyKey + "-truncated": "true"}},
		{"the size of a whole body", `{"request": {"body": {"enabled": true, "maxSize": 4}}, "record_size": true}`, request(plain), []string{"abcd"}, "200",
			map[string]string{requestBodyKey: "abcd", requestBodyKey + "-size": "4"}},
		{"GET", `{"request": {"body": {"enabled": true}}}`, [][2]string{{":authority", "h"}, {":path", "/a"}, {":method", "GET"}, plain}, []string{"x"}, "200", map[string]string{}},
		{"a status that is not recorded", `{"request": {"headers": {"enabled": true}, "body": {"enabled": true}}, "only": {"statuses": [500]}}`, request(plain), []string{"x"}, "200", map[string]string{}},
		{"text that is no UTF-8", `{"request": {"body": {"enabled": true}}}`, request(plain), []string{"a\xffb"}, "200", map[string]string{requestBodyKey: "a�b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			test.RunGoTest(t, func(t *testing.T) {
				host := plugintest.Start(t, tt.config)
				host.CallOnHttpRequestHeaders(tt.request)
				for i, chunk := range tt.chunks {
					assert.Equal(t, types.ActionContinue, host.CallOnHttpStreamingRequestBody([]byte(chunk), i == len(tt.chunks)-1))
					assert.Equal(t, chunk, string(host.GetRequestBody()))
				}
				host.CallOnHttpResponseHeaders([][2]string{{":status", tt.status}})
				got := written(host)
				if tt.name == "text that is no UTF-8" {
					assert.Contains(t, []string{"a\ufffdb", `a\ufffdb`}, got[requestBodyKey])
					return
				}
				assert.Equal(t, tt.want, got)
			})
		})
	}
}

func TestTheFirstBytesWaitForTheStatus(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"request": {"body": {"enabled": true, "maxSize": 2}}, "only": {"statuses": ["5xx"]}}`)
		host.CallOnHttpRequestHeaders(request([2]string{"content-type", "text/plain"}))
		host.CallOnHttpStreamingRequestBody([]byte("abc"), false)
		assert.Empty(t, written(host))
		host.CallOnHttpResponseHeaders([][2]string{{":status", "503"}})
		assert.Equal(t, map[string]string{requestBodyKey: "ab"}, written(host))
	})
}

func TestSampling(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"request": {"headers": {"enabled": true}}, "sample_rate": 0.5}`)
		recorded := 0
		for range 400 {
			host.InitHttp()
			require.NoError(t, host.SetProperty([]string{requestHeadersKey}, []byte("-")))
			host.CallOnHttpRequestHeaders(request(), test.WithEndOfStream(true))
			if written(host)[requestHeadersKey] != "-" {
				recorded++
			}
			host.CompleteHttp()
		}
		assert.InDelta(t, 200, recorded, 100, "within ten standard deviations")
	})
}

func TestSizes(t *testing.T) {
	for config, want := range map[string]int{
		`{}`: 10240, `{"request": {"body": {"maxSize": 0}}}`: 10240, `{"request": {"body": {"maxSize": -1}}}`: 10240,
		`{"request": {"body": {"maxSize": "7"}}}`: 7, `{"request": {"body": {"maxSize": 99999999999}}}`: 64 << 20,
	} {
		var c Config
		require.NoError(t, parseConfig(gjson.Parse(config), &c))
		assert.Equal(t, want, c.request.maxSize, config)
	}
}

func TestWholeCharacters(t *testing.T) {
	for cut, want := range map[string]string{
		"abc": "abc", "a\xc3": "a", "a\xc3\xa4": "a\xc3\xa4", "a\xe2\x82": "a", "a\xf0\x9f\x98": "a", "": "", "\xa4": "\xa4", "a\xff": "a\xff",
	} {
		assert.Equal(t, want, string(wholeCharacters([]byte(cut))), "%q", cut)
	}
}

func TestMaskedJSONAtEveryCut(t *testing.T) {
	config := Config{maskFields: lowerSet([]string{"p"})}
	const whole = `{"a":"s","p":"S3CRET","b":[{"p":{"q":"S3CRET"}},{"p":[1,"S3CRET"]}],"p":-1.5e3,"c":"p"}`
	for i := range whole {
		assert.NotContains(t, config.maskedJSON(whole[:i]), "S3C", whole[:i])
	}
	masked := config.maskedJSON(whole)
	assert.Equal(t, `{"a":"s","p":"***","b":[{"p":"***"},{"p":"***"}],"p":"***","c":"p"}`, masked)
	assert.True(t, gjson.Valid(masked))
}

func FuzzMaskedJSON(f *testing.F) {
	f.Add(`{"p":"x","a":[{"p":1}]}`)
	f.Add(`{"p":"\"`)
	config := Config{maskFields: lowerSet([]string{"p"})}
	f.Fuzz(func(t *testing.T, text string) {
		masked := config.maskedJSON(text)
		if gjson.Valid(text) && !gjson.Valid(masked) {
			t.Fatalf("%q became %q, which is no JSON", text, masked)
		}
		if !strings.Contains(text, `p"`) && !strings.Contains(text, `\`) && !strings.Contains(text, `P"`) && masked != text {
			t.Fatalf("%q became %q", text, masked)
		}
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/log-request-response.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{"request": {"body": {"enabled": true}}}`)
		host.CallOnHttpRequestHeaders(request([2]string{"content-type", "text/plain"}))
		host.CallOnHttpStreamingRequestBody([]byte("hello"), true)
		assert.Equal(t, map[string]string{requestBodyKey: "hello"}, written(host))
		host.CompleteHttp()
	})
}
