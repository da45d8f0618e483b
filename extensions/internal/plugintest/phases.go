package plugintest

import (
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Phases is a request that comes in phases, and what the plugin is to do in each.
type Phases struct {
	Headers   [][2]string
	Ends      bool // with the headers
	OnHeaders types.Action
	Chunks    []string // of the body
	OnChunks  []types.Action
	Details   string // of the refusal; "" if the request passes
}

// Send sends the request, and reports whether it was to pass.
func (p Phases) Send(t *testing.T, host test.TestHost) bool {
	t.Helper()
	assert.Equal(t, p.OnHeaders, host.CallOnHttpRequestHeaders(p.Headers, test.WithEndOfStream(p.Ends)))
	for i, chunk := range p.Chunks {
		assert.Equal(t, p.OnChunks[i], host.CallOnHttpStreamingRequestBody([]byte(chunk), i == len(p.Chunks)-1), i)
	}
	reply := host.GetLocalResponse()
	if p.Details == "" {
		assert.Nil(t, reply)
		return true
	}
	require.NotNil(t, reply)
	assert.Equal(t, p.Details, reply.StatusCodeDetail)
	return false
}
