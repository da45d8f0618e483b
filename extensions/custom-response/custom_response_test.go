package main

import (
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func TestAcceptNamesAType(t *testing.T) {
	c := conditions{accepts: []body.MediaRange{"text/html", "image/"}}
	for accept, want := range map[string]bool{
		"text/html": true, "TEXT/HTML ;level=1, x/y": true, "image/png;q=0.1": true, "text/html;q=0.001": true,
		"": false, "*/*": false, "text/*": false, "image/*": false, "text/html;q=0": false, "text/html; q=0.000": false, "text/htmlx": false,
	} {
		assert.Equal(t, want, c.accepted(accept), accept)
	}
}

func TestAnEndlessResponseIsAnsweredAtTheLimit(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"enable_on_status": [500], "status_code": 502, "body": "<${body}>", "templates": true, "max_body_bytes": 5}`)
		host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "GET"}, {":scheme", "http"}}, test.WithEndOfStream(true))
		require.Equal(t, types.HeaderStopIteration, host.CallOnHttpResponseHeaders([][2]string{{":status", "500"}}))
		assert.Equal(t, types.DataStopIterationNoBuffer, host.CallOnHttpStreamingResponseBody([]byte("abcde"), false), "the host need not buffer it")
		require.Nil(t, host.GetLocalResponse(), "there may be no more")
		assert.Equal(t, types.DataStopIterationNoBuffer, host.CallOnHttpStreamingResponseBody([]byte("f"), false))
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.EqualValues(t, 502, reply.StatusCode)
		assert.Equal(t, "<>", string(reply.Data))
	})
}

func TestAnAnnouncedLengthOverTheLimitIsAnsweredAtOnce(t *testing.T) {
	for length, answered := range map[string]bool{"5": false, "6": true, "99999999999999999999": false, "x": false} {
		test.RunGoTest(t, func(t *testing.T) {
			host := plugintest.Start(t, `{"enable_on_status": [500], "body": "<${body}>", "templates": true, "max_body_bytes": 5}`)
			host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "GET"}, {":scheme", "http"}}, test.WithEndOfStream(true))
			host.CallOnHttpResponseHeaders([][2]string{{":status", "500"}, {"content-length", length}})
			assert.Equal(t, answered, host.GetLocalResponse() != nil, length)
		})
	}
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/custom-response.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{"status_code": 503, "body": "later"}`)
		host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "GET"}, {":scheme", "http"}})
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.EqualValues(t, 503, reply.StatusCode)
		assert.Equal(t, "later", string(reply.Data))
		assert.Equal(t, "custom-response", reply.StatusCodeDetail)
		host.CompleteHttp()
	})
}
