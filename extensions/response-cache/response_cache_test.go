package main

import (
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpcache"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func TestKeysByKey(t *testing.T) {
	plain, shared := &cache{prefix: "p:"}, &cache{prefix: "p:", shared: true}
	user := httpcache.Headers{{"authorization", "a"}}
	assert.Equal(t, "p:k", plain.keyOf("k", nil))
	assert.Equal(t, "p:"+strings.Repeat("k", 1024), plain.keyOf(strings.Repeat("k", 1024), nil))
	assert.Equal(t, "p:sha256-"+digest([]byte(strings.Repeat("k", 1025))), plain.keyOf(strings.Repeat("k", 1025), nil))
	assert.Equal(t, "p:k", shared.keyOf("k", user))
	for _, reserved := range []string{hashedKey, combinedKey, lockKey, httpKey} {
		assert.Equal(t, "p:sha256-"+digest([]byte(reserved+"x")), plain.keyOf(reserved+"x", nil), "a client cannot name a key of the plugin's own")
	}
	different := map[string]string{}
	for name, headers := range map[string]httpcache.Headers{
		"nobody": nil, "a token": user, "another": {{"authorization", "b"}}, "two": {{"authorization", "a"}, {"authorization", "b"}},
		"an empty token": {{"authorization", ""}}, "a consumer": {{httpheader.Consumer, "a"}}, "both": {{"authorization", "a"}, {httpheader.Consumer, "a"}},
	} {
		key := plain.keyOf("k", headers)
		assert.Empty(t, different[key], "%s and another have the same key", name)
		different[key] = name
	}
}

func TestKeysOfURIs(t *testing.T) {
	c := &cache{prefix: "p:", http: true, parts: ofURI}
	at := func(scheme, host, path string) string {
		return c.uriKey(httpcache.Headers{{":scheme", scheme}, {":authority", host}, {":path", path}})
	}
	assert.Regexp(t, `^p:http:\{[0-9a-f]{64}\}$`, at("http", "h", "/"))
	assert.Equal(t, at("http", "h", "/a"), at("http", "H", "/a"))
	different := map[string]bool{}
	for _, key := range []string{
		at("http", "h", "/"), at("https", "h", "/"), at("http", "h:8080", "/"), at("http", "i", "/"), at("http", "h", "//"), at("http", "h", "/a/../"),
		at("http", "h", "/?"), at("http", "h", "/?a"), at("http", "h", "/%3Fa"), at("http", "h", "/A"), at("http", "h", "/a"), at("http", "h", "/?a?"), at("http", "h", "/#"),
	} {
		assert.False(t, different[key], key)
		different[key] = true
	}
	uri := at("http", "h", "/")
	assert.True(t, strings.HasPrefix(c.lockOf(uri), uri), "all keys of a URI are in one slot")
	one := variantKey(uri, "g", httpcache.Headers{{"a", "b"}, {"c", "d"}})
	assert.True(t, strings.HasPrefix(one, uri))
	for _, other := range []string{
		variantKey(uri, "g", nil), variantKey(uri, "h", httpcache.Headers{{"a", "b"}, {"c", "d"}}), variantKey(uri, "g", httpcache.Headers{{"a", "bc"}, {"", "d"}}),
		variantKey(uri, "g", httpcache.Headers{{"a", "b"}}), variantKey(uri, "ga", httpcache.Headers{{"", "b"}, {"c", "d"}}),
	} {
		assert.NotEqual(t, one, other)
	}
}

func TestParamsOfKeys(t *testing.T) {
	for search, want := range map[string]string{
		"page=1": "1&", "a=2&page=1&page=2": "1&2&", "p%61ge=%31": "%31&", "page": "&", "Page=1": "", "": "", "pages=1": "",
		"page=1&a=b;page=2": "?page=1&a=b;page=2", "page=1&%zz=1": "?page=1&%zz=1", "page=%zz": "%zz&", "page=1;2": "?page=1;2",
	} {
		got, ok := paramOf(search, "page")
		assert.Equal(t, want, got, search)
		assert.Equal(t, want != "", ok, search)
	}
}

func TestRecords(t *testing.T) {
	for _, content := range []string{"", "text\nwith \x00 and \"", "\xff\xfe", recordMark} {
		r := &record{httpcache.Entry{Status: 203, Headers: httpcache.Headers{{"a", "\"x\""}, {"a", ""}}, Selecting: httpcache.Headers{{"b", "ä"}}, Requested: 1, Received: 2}, []byte(content)}
		text, ok := r.encode()
		require.True(t, ok)
		back, ok := decodeRecord(string(text))
		require.True(t, ok, content)
		assert.Equal(t, r, back)
	}
	_, ok := (&record{Entry: httpcache.Entry{Headers: httpcache.Headers{{"a", "\xff"}}}}).encode()
	assert.False(t, ok, "a header that is no text")
	for _, text := range []string{"", "x", recordMark, recordMark + "{}", recordMark + "{}\n", recordMark + "[]\nx", indexMark + "g a",
		recordMark + `{"status":99,"headers":[],"selecting":[]}` + "\n", recordMark + `{"status":200,"headers":[["a"]],"selecting":[]}` + "\n",
		recordMark + `{"status":200,"headers":{},"selecting":[]}` + "\n", recordMark + `{"status":200,"base64":true,"headers":[],"selecting":[]}` + "\n!"} {
		_, ok := decodeRecord(text)
		assert.False(t, ok, "%q", text)
	}
}

func TestIndexes(t *testing.T) {
	i := &index{"g", []string{"a", "b"}}
	back, ok := decodeIndex(i.encode())
	assert.True(t, ok)
	assert.Equal(t, i, back)
	for _, text := range []string{"", "g a", indexMark, indexMark + "g", indexMark + "g "} {
		_, ok := decodeIndex(text)
		assert.False(t, ok, "%q", text)
	}
}

func FuzzRecords(f *testing.F) {
	text, _ := (&record{httpcache.Entry{Status: 200, Headers: httpcache.Headers{{"a", "b"}}}, []byte("\xff")}).encode()
	f.Add(string(text))
	f.Add(indexMark + "g a")
	f.Fuzz(func(t *testing.T, text string) {
		if r, ok := decodeRecord(text); ok {
			again, ok := r.encode()
			if back, decoded := decodeRecord(string(again)); ok && (!decoded || back.Status != r.Status || string(back.body) != string(r.body)) {
				t.Errorf("%q became %q", text, again)
			}
		}
		if i, ok := decodeIndex(text); ok && i.encode() != text {
			t.Errorf("%q became %q", text, i.encode())
		}
	})
}

func FuzzKeysOfBodies(f *testing.F) {
	f.Add(`{"query":{"id":7},"query":{"id":"8"}}`, "query.id")
	f.Add(`[1,{"a":null}]`, "#.a")
	f.Add("0", `!"`)
	f.Fuzz(func(t *testing.T, text, path string) {
		q := body.ParseQuery(path)
		if found, ok := textAt(&q, []byte(text)); ok && !body.Valid(text) {
			t.Errorf("%q is no JSON, but has %q", text, found)
		}
	})
}

func TestValuesThatAreStored(t *testing.T) {
	c := &cache{}
	c.contentType = "application/json"
	for content, want := range map[string]string{"x": "x", " ": "", "": "", "\n\t": "", recordMark + "x": "", indexMark + "x": "", " x ": " x "} {
		value, ok := c.valueOf(&record{body: []byte(content)})
		assert.Equal(t, want != "", ok, "%q", content)
		if ok {
			assert.Equal(t, want, string(value))
		}
	}
	c.valuePath, c.valueQuery = "a.b", body.ParseQuery("a.b")
	for content, want := range map[string]string{`{"a":{"b":1.50}}`: "1.50", `{"a":{"b":"x"},"a":{"b":"y"}}`: "y", `{"a":{"b":null}}`: "", `{"a":{"b":" "}}`: "", `{"a":`: "", `{}`: ""} {
		value, ok := c.valueOf(&record{body: []byte(content)})
		assert.Equal(t, want != "", ok, content)
		if ok {
			assert.Equal(t, want, string(value), content)
		}
	}
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/response-cache.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{"cache": {"type": "redis", "serviceName": "r.static"}, "cacheKeyFromHeader": "x-item"}`)
		action := host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "GET"}, {":scheme", "http"}, {"x-item", "k"}})
		assert.Equal(t, types.HeaderStopAllIterationAndWatermark, action)
		host.CallOnRedisCall(0, test.CreateRedisRespString("stored"))
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.EqualValues(t, 200, reply.StatusCode)
		assert.Equal(t, "stored", string(reply.Data))
		assert.Equal(t, "response-cache.hit", reply.StatusCodeDetail)
		host.CompleteHttp()
	})
}
