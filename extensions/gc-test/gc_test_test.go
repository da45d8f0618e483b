package main

import (
	"testing"

	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func TestHeldBlocksStayWithinTheLimit(t *testing.T) {
	var h held
	for range 10 {
		h.keep(make([]byte, 400), 1000)
	}
	assert.Equal(t, 800, h.size)
	assert.Len(t, h.blocks, 2)
	h.keep(make([]byte, 2000), 1000)
	assert.Equal(t, 0, h.size, "a block over the limit is not held")
}

func TestTheHeapStaysBounded(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/gc-test.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{"bytes": 1048576}`)
		var figures gjson.Result
		for range 1000 {
			host.InitHttp()
			host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "GET"}, {":scheme", "http"}})
			reply := host.GetLocalResponse()
			require.NotNil(t, reply)
			figures = gjson.ParseBytes(reply.Data)
			host.CompleteHttp()
		}
		assert.Less(t, figures.Get("HeapSys").Int(), int64(64<<20))
		assert.GreaterOrEqual(t, figures.Get("HeapSys").Int(), figures.Get("HeapInuse").Int())
	})
}
