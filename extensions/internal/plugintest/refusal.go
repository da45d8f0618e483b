package plugintest

import (
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Refusal is a local reply to which the plugin adds no headers. The zero value is a request that passes.
type Refusal struct {
	Status        uint32
	Details, Body string
}

// Refused makes a Refusal for a table.
func Refused(status uint32, details, body string) Refusal {
	return Refusal{Status: status, Details: details, Body: body}
}

// AssertRefused expects the current request to have got this reply.
func (r Refusal) AssertRefused(t testing.TB, host test.TestHost) {
	t.Helper()
	reply := host.GetLocalResponse()
	require.NotNil(t, reply)
	assert.Equal(t, r, Refused(reply.StatusCode, reply.StatusCodeDetail, string(reply.Data)))
	assert.Empty(t, reply.Headers)
}

// AssertVerdict expects the current request to pass, or to be refused, by what the plugin returned for it.
func (r Refusal) AssertVerdict(t testing.TB, host test.TestHost, action types.Action) {
	t.Helper()
	if r == (Refusal{}) {
		assert.Nil(t, host.GetLocalResponse())
		assert.Equal(t, types.ActionContinue, action)
		return
	}
	r.AssertRefused(t, host)
	assert.NotEqual(t, types.ActionContinue, action)
}
