package main

import (
	"encoding/json"
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

const (
	headers = `{"modelToHeader": "x-m", "addProviderHeader": "x-p"}`
	streams = `{"modelToHeader": "x-m", "addProviderHeader": "x-p", "multipart": "stream", "denyModels": ["dear"]}`
)

func TestNothingIsSentBeforeTheBodyIsThere(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, headers)
		assert.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(post(isJSON, "content-length: 15")))
		assert.Empty(t, plugintest.Property(host, "clear_route_cache"), "the route is to depend on the headers")
		assert.Equal(t, "104857600", plugintest.Property(host, "set_decoder_buffer_limit"))
		assert.Equal(t, types.DataStopIterationAndBuffer, host.CallOnHttpStreamingRequestBody([]byte(`{"model":"p/`), false))
		assert.Equal(t, "15", plugintest.RequestHeader(host, "content-length"))
		assert.Equal(t, types.ActionContinue, host.CallOnHttpStreamingRequestBody([]byte(`x"}`), true))
		assert.Equal(t, `{"model":"x"}`, string(host.GetRequestBody()))
		assert.Equal(t, []string{"p/x", "p", ""}, []string{plugintest.RequestHeader(host, "x-m"), plugintest.RequestHeader(host, "x-p"), plugintest.RequestHeader(host, "content-length")})
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
		{"no type", post(), false},
		{"text", post("content-type: text/plain"), false},
		{"a form without boundary", post("content-type: multipart/form-data"), false},
		{"gRPC", post("content-type: application/grpc+json"), false},
		{"binary", post("content-type: application/octet-stream"), false},
		{"encoded", post(isJSON, "content-encoding: gzip"), false},
		{"a charset", post("content-type: application/json; charset=shift_jis"), false},
		{"an upgrade", post("connection: Upgrade", "upgrade: websocket"), false},
		{"CONNECT", [][2]string{{":authority", "h"}, {":path", "/v1/completions"}, {":method", "CONNECT"}, {":protocol", "websocket"}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			test.RunGoTest(t, func(t *testing.T) {
				host := plugintest.Start(t, headers)
				headers := append(tt.headers, [2]string{"content-length", "15"}, [2]string{"x-m", "mine"})
				assert.Equal(t, types.HeaderContinue, host.CallOnHttpRequestHeaders(headers, test.WithEndOfStream(tt.noBody)))
				assert.Equal(t, headers, host.GetRequestHeaders())
				assert.Empty(t, plugintest.Property(host, "set_decoder_buffer_limit"))
				if !tt.noBody {
					assert.Equal(t, types.ActionContinue, host.CallOnHttpStreamingRequestBody([]byte(`{"model":"p/x"}`), true))
					assert.Equal(t, `{"model":"p/x"}`, string(host.GetRequestBody()))
				}
			})
		})
	}
}

// A list of models is of no use if a header that backends ignore makes the plugin look away.
func TestUpgradesWithABody(t *testing.T) {
	upgrade := [2]string{"upgrade", "websocket"}
	get := [][2]string{{":authority", "a.test"}, {":path", "/v1/responses"}, {":method", "GET"}}
	for _, tt := range []struct {
		name    string
		headers [][2]string
		refused bool
	}{
		{"a handshake", append(get[:3:3], upgrade), false},
		{"a handshake that says that there is no body", append(get[:3:3], upgrade, [2]string{"content-length", "0"}), false},
		{"with a length", append(get[:3:3], upgrade, [2]string{"content-length", "13"}), true},
		{"in chunks", append(get[:3:3], upgrade, [2]string{"transfer-encoding", "chunked"}), true},
		{"CONNECT", [][2]string{{":authority", "a.test"}, {":path", "/v1/responses"}, {":method", "CONNECT"}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			test.RunGoTest(t, func(t *testing.T) {
				host := plugintest.Start(t, `{"denyModels": ["dear"]}`)
				action := host.CallOnHttpRequestHeaders(tt.headers)
				reply := host.GetLocalResponse()
				if !tt.refused {
					assert.Nil(t, reply)
					assert.Equal(t, types.HeaderContinue, action)
					return
				}
				require.NotNil(t, reply)
				assert.Equal(t, uint32(400), reply.StatusCode)
				assert.Equal(t, "model-router.model_unreadable", reply.StatusCodeDetail)
			})
		})
	}
}

func TestAnUpgradeHeaderHidesNoBody(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"denyModels": ["dear"]}`)
		require.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(post(isJSON, "upgrade: websocket")))
		host.CallOnHttpStreamingRequestBody([]byte(`{"model":"dear"}`), true)
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.Equal(t, "model-router.model_not_allowed", reply.StatusCodeDetail)
	})
}

func TestUploadsStreamFromTheNameOn(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, streams)
		require.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(post(isForm, "content-length: 999")))
		head := "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\np/x\r\n"
		assert.Equal(t, types.DataStopIterationAndBuffer, host.CallOnHttpStreamingRequestBody([]byte(head), false))
		assert.Empty(t, plugintest.RequestHeader(host, "x-m"))
		rest := "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + strings.Repeat("y", 100)
		assert.Equal(t, types.ActionContinue, host.CallOnHttpStreamingRequestBody([]byte(rest), false))
		assert.Equal(t, []string{"p/x", "p", ""}, []string{plugintest.RequestHeader(host, "x-m"), plugintest.RequestHeader(host, "x-p"), plugintest.RequestHeader(host, "content-length")})
		body := string(host.GetRequestBody())
		assert.True(t, strings.HasPrefix(body, "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nx\r\n--b\r\n"), body)
		assert.Contains(t, body, "yyyy")
	})
}

// Past a certain size or number of pieces the host alone holds the upload, and the plugin looks again at its end.
func TestUploadsInManyPiecesAreHeldByTheHost(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, streams)
		require.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(post(isForm)))
		text := "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + strings.Repeat("y", 100) +
			"\r\n--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\np/x\r\n--b--\r\n"
		for i := range len(text) - 1 {
			require.Equal(t, types.DataStopIterationAndBuffer, host.CallOnHttpStreamingRequestBody([]byte(text[i:i+1]), false))
		}
		assert.Empty(t, plugintest.RequestHeader(host, "x-m"))
		assert.Equal(t, types.ActionContinue, host.CallOnHttpStreamingRequestBody([]byte(text[len(text)-1:]), true))
		assert.Equal(t, "p", plugintest.RequestHeader(host, "x-p"))
		assert.Equal(t, strings.Replace(text, "p/x", "x", 1), string(host.GetRequestBody()))
	})
}

func TestUploadsThatAreRefused(t *testing.T) {
	const field = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n"
	for _, tt := range []struct {
		name, text string
		status     uint32
		details    string
	}{
		{"a model that is not allowed", field + "dear\r\n--b\r\n", 403, "model-router.model_not_allowed"},
		{"what follows the name cannot be followed", field + "x\r\n--b\r\n" + strings.Repeat("x", 65<<10), 400, "model-router.bad_upload"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			test.RunGoTest(t, func(t *testing.T) {
				host := plugintest.Start(t, streams)
				host.CallOnHttpRequestHeaders(post(isForm))
				host.CallOnHttpStreamingRequestBody([]byte(tt.text), false)
				reply := host.GetLocalResponse()
				require.NotNil(t, reply)
				assert.Equal(t, tt.status, reply.StatusCode)
				assert.Equal(t, tt.details, reply.StatusCodeDetail)
				assert.Equal(t, "application/json", reply.Headers[0][1])
				assert.True(t, json.Valid(reply.Data))
			})
		})
	}
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/model-router.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, headers)
		require.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(post(isJSON)))
		host.CallOnHttpStreamingRequestBody([]byte(`{"model":"p/x"}`), true)
		assert.Equal(t, `{"model":"x"}`, string(host.GetRequestBody()))
		assert.Equal(t, "p/x", plugintest.RequestHeader(host, "x-m"))
		host.CompleteHttp()
	})
}
