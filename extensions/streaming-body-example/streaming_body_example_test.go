package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReplacerAtEverySplit(t *testing.T) {
	for _, tt := range []struct{ text, find, replace string }{
		{"one secret two secrets", "secret", "***"},
		{"aaabaaab", "aab", "x"},
		{"abababac", "abac", "-"},
		{"nothing", "secret", "x"},
		{"secret", "secret", ""},
		{"", "a", "b"},
	} {
		want := strings.ReplaceAll(tt.text, tt.find, tt.replace)
		for i := 0; i <= len(tt.text); i++ {
			for j := i; j <= len(tt.text); j++ {
				r := &replacer{find: []byte(tt.find), replace: []byte(tt.replace)}
				got := string(r.next([]byte(tt.text[:i]), false)) + string(r.next([]byte(tt.text[i:j]), false)) + string(r.next([]byte(tt.text[j:]), true))
				assert.Equal(t, want, got, "%q split at %d and %d", tt.text, i, j)
			}
		}
	}
}

func FuzzReplacer(f *testing.F) {
	f.Add([]byte("aaab"), []byte("aab"), []byte("x"), 1)
	f.Fuzz(func(t *testing.T, text, find, replace []byte, size int) {
		if len(find) == 0 || size <= 0 {
			t.Skip()
		}
		r := &replacer{find: find, replace: replace}
		var got []byte
		for rest := text; ; {
			n := min(size, len(rest))
			got = append(got, r.next(rest[:n], n == len(rest))...)
			assert.Less(t, len(r.held), len(find))
			if rest = rest[n:]; len(rest) == 0 {
				break
			}
		}
		if want := bytes.ReplaceAll(text, find, replace); !bytes.Equal(want, got) {
			t.Fatalf("%q became %q, want %q", text, got, want)
		}
	})
}

func TestAnEmptyLastChunkIsReplacedToo(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host, status := test.NewTestHost(json.RawMessage(`{}`))
		defer host.Reset()
		require.Equal(t, types.OnPluginStartStatusOK, status)
		host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "POST"}, {":scheme", "http"}})
		host.CallOnHttpStreamingRequestBody([]byte("abc"), false)
		assert.Equal(t, "test\n", string(host.GetRequestBody()))
		host.CallOnHttpStreamingRequestBody(nil, true)
		assert.Equal(t, "test\n", string(host.GetRequestBody()))
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/streaming-body-example.raw.wasm", func(t *testing.T) {
		host, status := test.NewTestHost(json.RawMessage(`{"find": "a", "replace": "b"}`))
		defer host.Reset()
		require.Equal(t, types.OnPluginStartStatusOK, status)
		host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "POST"}, {":scheme", "http"}})
		host.CallOnHttpStreamingRequestBody([]byte("banana"), true)
		assert.Equal(t, "bbnbnb", string(host.GetRequestBody()))
		host.CompleteHttp()
	})
}
