package main

import (
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/custom-span-attribute.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{"headerKey": "x-order-id"}`)
		request := [][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "GET"}, {":scheme", "http"}}
		assert.Equal(t, types.HeaderContinue, host.CallOnHttpRequestHeaders(append(request, [2]string{"x-order-id", "42"})))
		value, err := host.GetProperty([]string{"trace_span_tag.x-order-id"})
		require.NoError(t, err)
		assert.Equal(t, "42", string(value))
		host.CompleteHttp()
	})
}

func TestNoPropertyWithoutAValue(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"headerKey": "x-order-id"}`)
		host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "GET"}, {":scheme", "http"}, {"x-order-id", ""}})
		assert.Empty(t, plugintest.Property(host, "trace_span_tag.x-order-id"))
	})
}
