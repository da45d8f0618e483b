package main

import (
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func TestFailureModes(t *testing.T) {
	const perUser = `{"rule_name": "m", "rule_items": [{"limit_by_per_header": "x-user", "limit_keys": [{"key": "*", "query_per_day": 1}]}], ` + redisService
	test.RunGoTest(t, func(t *testing.T) {
		// ask sends a request about which Redis says nothing, and returns the status of a refusal.
		ask := func(host test.TestHost, user string) uint32 {
			host.CallOnHttpRequestHeaders(request("/", "x-user: "+user))
			host.CallOnRedisCall(1, nil)
			defer host.CompleteHttp()
			if reply := host.GetLocalResponse(); reply != nil {
				return reply.StatusCode
			}
			assert.Equal(t, types.ActionContinue, host.GetHttpStreamAction())
			return 0
		}
		t.Run("open", func(t *testing.T) {
			host := plugintest.Start(t, perUser+`, "failure_mode": "open"}`)
			assert.Equal(t, []uint32{0, 0}, []uint32{ask(host, "ann"), ask(host, "ann")})
		})
		t.Run("closed", func(t *testing.T) {
			host := plugintest.Start(t, perUser+`, "failure_mode": "closed"}`)
			assert.Equal(t, []uint32{503, 503}, []uint32{ask(host, "ann"), ask(host, "ann")})
		})
		t.Run("local", func(t *testing.T) {
			host := plugintest.Start(t, perUser+`, "failure_mode": "local"}`)
			assert.Equal(t, []uint32{0, 429, 0, 429}, []uint32{ask(host, "ann"), ask(host, "ann"), ask(host, "bob"), ask(host, "bob")})
		})
		t.Run("local, for all", func(t *testing.T) {
			host := plugintest.Start(t, `{"rule_name": "m", "failure_mode": "local", "global_threshold": {"query_per_day": 1}, `+redisService+`}`)
			assert.Equal(t, []uint32{0, 429}, []uint32{ask(host, "ann"), ask(host, "bob")})
		})
		t.Run("closed, in a dry run", func(t *testing.T) {
			host := plugintest.Start(t, perUser+`, "failure_mode": "closed", "dry_run": true}`)
			assert.Equal(t, uint32(0), ask(host, "ann"))
		})
	})
}
