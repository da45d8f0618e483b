package main

import (
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
	protos "github.com/wasmplane/wasmplane/pkg/protos"
	"google.golang.org/protobuf/proto"
)

func TestTheArgumentIsTheMessage(t *testing.T) {
	var message protos.InjectEncodedDataToFilterChainArguments
	require.NoError(t, proto.Unmarshal(argument(greeting), &message))
	assert.Equal(t, greeting, message.GetBody())
	assert.True(t, message.GetEndstream())
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/test-foreign-function.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{}`)
		host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "GET"}, {":scheme", "http"}})
		action := host.CallOnHttpResponseHeaders([][2]string{{":status", "200"}, {"content-length", "5"}})
		assert.Equal(t, types.HeaderContinue, action, "a response with a body goes on")
		assert.True(t, test.HasHeaderWithValue(host.GetResponseHeaders(), "content-length", "5"))
		host.CompleteHttp()
	})
}
