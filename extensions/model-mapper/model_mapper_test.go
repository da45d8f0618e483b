package main

import (
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func post(lines ...string) [][2]string {
	return plugintest.Request("POST", "/v1/chat/completions", lines...)
}

const (
	isJSON = "content-type: application/json"
	isForm = "content-type: multipart/form-data; boundary=b"
)

func TestNothingIsSentBeforeTheBodyIsThere(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"modelMapping": {"a": "bb"}}`)
		assert.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(post(isJSON, "content-length: 13")))
		assert.Equal(t, "off", plugintest.Property(host, "clear_route_cache"))
		assert.Equal(t, "104857600", plugintest.Property(host, "set_decoder_buffer_limit"))
		assert.Equal(t, types.DataStopIterationAndBuffer, host.CallOnHttpStreamingRequestBody([]byte(`{"mod`), false))
		assert.Equal(t, "13", plugintest.RequestHeader(host, "content-length"), "known to be wrong only with the body")
		assert.Equal(t, types.ActionContinue, host.CallOnHttpStreamingRequestBody([]byte(`el":"a"}`), true))
		assert.Equal(t, `{"model":"bb"}`, string(host.GetRequestBody()))
		assert.Empty(t, plugintest.RequestHeader(host, "content-length"))
		assert.Equal(t, "bb", plugintest.RequestHeader(host, defaultHeader))
	})
}

func TestRequestsThatAreNotHeld(t *testing.T) {
	for _, tt := range []struct {
		name    string
		headers [][2]string
		noBody  bool
	}{
		{"no body", post(isJSON), true},
		{"another path", plugintest.Request("POST", "/v1/files", isJSON), false},
		{"text", post("content-type: text/plain"), false},
		{"a form", post(isForm), false},
		{"gRPC", post("content-type: application/grpc+json"), false},
		{"binary", post("content-type: application/octet-stream"), false},
		{"encoded", post(isJSON, "content-encoding: gzip"), false},
		{"a charset", post("content-type: application/json; charset=utf-16le"), false},
		{"no transformation", post(isJSON, "cache-control: no-transform"), false},
		{"a handshake", [][2]string{{":authority", "h"}, {":path", "/v1/completions"}, {":method", "GET"}, {"connection", "Upgrade"}, {"upgrade", "websocket"}}, false},
		{"CONNECT", [][2]string{{":authority", "h"}, {":path", "/v1/completions"}, {":method", "CONNECT"}, {":protocol", "websocket"}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			test.RunGoTest(t, func(t *testing.T) {
				host := plugintest.Start(t, `{"modelMapping": {"a": "b"}}`)
				headers := append(tt.headers, [2]string{"content-length", "13"}, [2]string{defaultHeader, "mine"})
				assert.Equal(t, types.HeaderContinue, host.CallOnHttpRequestHeaders(headers, test.WithEndOfStream(tt.noBody)))
				assert.Equal(t, headers, host.GetRequestHeaders())
				assert.Empty(t, plugintest.Property(host, "set_decoder_buffer_limit"))
				assert.Empty(t, plugintest.Property(host, "clear_route_cache"))
				if !tt.noBody {
					assert.Equal(t, types.ActionContinue, host.CallOnHttpStreamingRequestBody([]byte(`{"model":"a"}`), true))
					assert.Equal(t, `{"model":"a"}`, string(host.GetRequestBody()))
				}
			})
		})
	}
}

func TestUploadsStreamFromTheNameOn(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"multipart": "stream", "restoreModel": true, "modelMapping": {"a": "bb"}}`)
		require.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(post(isForm, "content-length: 999", "accept-encoding: br")))
		head := "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\na\r\n"
		assert.Equal(t, types.DataStopIterationAndBuffer, host.CallOnHttpStreamingRequestBody([]byte(head), false))
		assert.Empty(t, plugintest.RequestHeader(host, defaultHeader))
		rest := "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + strings.Repeat("x", 100)
		assert.Equal(t, types.ActionContinue, host.CallOnHttpStreamingRequestBody([]byte(rest), false))
		assert.Equal(t, "bb", plugintest.RequestHeader(host, defaultHeader))
		assert.Empty(t, plugintest.RequestHeader(host, "content-length"))
		assert.Empty(t, plugintest.RequestHeader(host, "accept-encoding"))
		sent := string(host.GetRequestBody())
		assert.True(t, strings.HasPrefix(sent, "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nbb\r\n--b\r\n"), sent)
		assert.Contains(t, sent, "xxxx")
	})
}

func TestUploadsThatCannotBeFollowedAreRefused(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"multipart": "stream", "modelMapping": {"a": "bb"}}`)
		host.CallOnHttpRequestHeaders(post(isForm))
		host.CallOnHttpStreamingRequestBody([]byte("--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\na\r\n--b\r\n"+strings.Repeat("x", 65<<10)), false)
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.Equal(t, uint32(400), reply.StatusCode)
		assert.Equal(t, "model-mapper.bad_upload", reply.StatusCodeDetail)
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/model-mapper.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{"modelMapping": {"a": "bb"}}`)
		require.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(post(isJSON)))
		host.CallOnHttpStreamingRequestBody([]byte(`{"model":"a"}`), true)
		assert.Equal(t, `{"model":"bb"}`, string(host.GetRequestBody()))
		host.CompleteHttp()
	})
}
