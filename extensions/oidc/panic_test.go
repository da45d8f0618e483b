package main

import (
	"testing"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inForce is the configuration that the plugin runs with.
func (g gateway) inForce() *client {
	g.Helper()
	config, err := g.GetMatchConfig()
	require.NoError(g, err)
	require.IsType(g, &Config{}, config)
	return config.(*Config).client
}

func TestAFaultOfThePluginLetsNothingPass(t *testing.T) {
	t.Setenv("WASM_DISABLE_PANIC_RECOVERY", "false") // the test host asks for crashes
	test.RunGoTest(t, func(t *testing.T) {
		g := start(t, `{}`)
		g.giveKeys()
		old := time.Now().Add(-5 * time.Minute)
		cookie := g.cookieOf(running(t, old, "a"), old)
		alone, _ := g.request("/", cookie)
		woken, held := g.request("/", cookie)
		require.Equal(t, types.HeaderStopAllIterationAndWatermark, held)
		g.inForce().cookies = nil
		g.answer(0, "200", `{"access_token": "new"}`) // both are decided now
		g.inForce().clock = func() time.Time { panic("no clock") }
		first, action := g.request("/", cookie)
		assert.Equal(t, types.HeaderStopAllIterationAndWatermark, action)
		for _, stream := range []uint32{alone, woken, first} {
			reply := g.GetSentLocalResponse(stream)
			require.NotNil(t, reply)
			assert.Equal(t, uint32(500), reply.StatusCode)
			assert.Equal(t, "oidc.internal_error", reply.StatusCodeDetail)
			assert.Empty(t, reply.Data)
		}
	})
}
