package main

import (
	"encoding/json"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/custom-span-attribute.raw.wasm", func(t *testing.T) {
		host, status := test.NewTestHost(json.RawMessage(`{"headerKey": "x-order-id"}`))
		defer host.Reset()
		require.Equal(t, types.OnPluginStartStatusOK, status)
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
		host, status := test.NewTestHost(json.RawMessage(`{"headerKey": "x-order-id"}`))
		defer host.Reset()
		require.Equal(t, types.OnPluginStartStatusOK, status)
		host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "GET"}, {":scheme", "http"}, {"x-order-id", ""}})
		value, _ := host.GetProperty([]string{"trace_span_tag.x-order-id"})
		assert.Empty(t, value)
	})
}
