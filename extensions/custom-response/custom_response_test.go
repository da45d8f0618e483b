package main

import (
	"testing"

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
