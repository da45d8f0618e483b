// Package plugintest holds what the tests of several plugins have in common. Nothing but tests imports it.
package plugintest

import (
	"encoding/json"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// RefusesAtAFault sends the request headers, which pass or are held, to the plugin of the test's package with a
// configuration; and again after spoil has made a configuration of it with which the plugin panics. That request must be
// answered with status 500, the details and an empty body, and go no further.
func RefusesAtAFault[Config any](t *testing.T, config string, headers [][2]string, spoil func(*Config), details string) {
	t.Helper()
	t.Setenv("WASM_DISABLE_PANIC_RECOVERY", "false") // the test host asks for crashes
	test.RunGoTest(t, func(t *testing.T) {
		host, status := test.NewTestHost(json.RawMessage(config))
		defer host.Reset()
		require.Equal(t, types.OnPluginStartStatusOK, status)
		host.CallOnHttpRequestHeaders(headers, test.WithEndOfStream(true))
		require.Nil(t, host.GetLocalResponse(), "the request is one that passes")
		host.CompleteHttp()

		inForce, err := host.GetMatchConfig()
		require.NoError(t, err)
		require.IsType(t, (*Config)(nil), inForce)
		spoil(inForce.(*Config))

		action := host.CallOnHttpRequestHeaders(headers, test.WithEndOfStream(true))
		assert.Equal(t, types.HeaderStopAllIterationAndWatermark, action)
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.EqualValues(t, 500, reply.StatusCode)
		assert.Equal(t, details, reply.StatusCodeDetail)
		assert.Empty(t, reply.Data)
	})
}
