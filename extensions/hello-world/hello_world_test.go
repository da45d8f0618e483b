package main

import (
	"encoding/json"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func headers(method, host string, more ...[2]string) [][2]string {
	return append([][2]string{{":authority", host}, {":path", "/"}, {":method", method}, {":scheme", "http"}}, more...)
}

func TestWhoIsGreeted(t *testing.T) {
	const ruleForA = `{"_rules_": [{"_match_domain_": ["a.example"]}]}`
	tests := []struct {
		name, config string
		request      [][2]string
		greeted      bool
	}{
		{"GET", `{}`, headers("GET", "a.example"), true},
		{"POST, before its body", `{}`, headers("POST", "a.example", [2]string{"content-length", "5"}), true},
		{"no configuration", ``, headers("GET", "a.example"), true},
		{"a websocket upgrade", `{}`, headers("GET", "a.example", [2]string{"upgrade", "websocket"}, [2]string{"connection", "upgrade"}), true},
		{"unknown keys are ignored", `{"greeting": "moin", "hello": ["a", 1]}`, headers("GET", "a.example"), true},
		{"the domain of a rule", ruleForA, headers("GET", "a.example"), true},
		{"another domain", ruleForA, headers("GET", "b.example"), false},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host, status := test.NewTestHost(json.RawMessage(tt.config))
				defer host.Reset()
				require.Equal(t, types.OnPluginStartStatusOK, status)
				action := host.CallOnHttpRequestHeaders(tt.request)
				reply := host.GetLocalResponse()
				assert.Equal(t, tt.greeted, test.HasHeaderWithValue(host.GetRequestHeaders(), "hello", "world"))
				if !tt.greeted {
					assert.Nil(t, reply)
					assert.Equal(t, types.HeaderContinue, action)
					return
				}
				require.NotNil(t, reply)
				assert.EqualValues(t, 200, reply.StatusCode)
				assert.Equal(t, "hello world", string(reply.Data))
				assert.Equal(t, "hello-world", reply.StatusCodeDetail)
				assert.Empty(t, reply.Headers)
				assert.Equal(t, types.HeaderStopAllIterationAndWatermark, action)
				host.CompleteHttp()
			})
		}
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/hello-world.raw.wasm", func(t *testing.T) {
		host, status := test.NewTestHost(json.RawMessage(`{}`))
		defer host.Reset()
		require.Equal(t, types.OnPluginStartStatusOK, status)
		host.CallOnHttpRequestHeaders(headers("GET", "a.example"), test.WithEndOfStream(true))
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.Equal(t, "hello world", string(reply.Data))
		host.CompleteHttp()
	})
}
