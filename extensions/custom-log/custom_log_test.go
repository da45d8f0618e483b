package main

import (
	"encoding/json"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

var request = [][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "GET"}, {":scheme", "http"}}

// decoded is the object in a property that holds JSON, escaped as the inside of a JSON string.
func decoded(t *testing.T, value []byte) (object map[string]any) {
	t.Helper()
	var text string
	require.NoError(t, json.Unmarshal([]byte(`"`+string(value)+`"`), &text))
	require.NoError(t, json.Unmarshal([]byte(text), &object))
	return object
}

func TestProperties(t *testing.T) {
	for _, tt := range []struct {
		name, config, before string
		property             string
		want                 map[string]any
	}{
		{"custom log", `{"way": "custom_log"}`, "", "custom_log", map[string]any{"question": question, "k2": 2213.22}},
		{"AI log", `{"way": "ai_log"}`, "", "ai_log", map[string]any{"k2": 212939.22, "k3": 123.0}},
		{"AI log, merged", `{"way": "ai_log"}`, `{\"a\":1}`, "ai_log", map[string]any{"a": 1.0, "k2": 212939.22, "k3": 123.0}},
		{"AI log, over what is no object", `{"way": "ai_log"}`, "oops", "ai_log", map[string]any{"k2": 212939.22, "k3": 123.0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			test.RunGoTest(t, func(t *testing.T) {
				host := plugintest.Start(t, tt.config)
				if tt.before != "" {
					require.NoError(t, host.SetProperty([]string{tt.property}, []byte(tt.before)))
				}
				assert.Equal(t, types.HeaderContinue, host.CallOnHttpRequestHeaders(request))
				value, err := host.GetProperty([]string{tt.property})
				require.NoError(t, err)
				assert.Equal(t, tt.want, decoded(t, value))
			})
		})
	}
}

func TestSpanTags(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"way": "span"}`)
		host.CallOnHttpRequestHeaders(request)
		for tag, want := range map[string]string{"question": question, "k2": "2213.22"} {
			value, err := host.GetProperty([]string{"trace_span_tag." + tag})
			require.NoError(t, err)
			assert.Equal(t, want, string(value))
		}
		assert.Empty(t, plugintest.Property(host, "custom_log"))
	})
}

func TestEachWayIsTaken(t *testing.T) {
	counts := map[string]int{}
	for percent := range 100 {
		counts[anyWay(percent)]++
	}
	assert.Equal(t, map[string]int{"custom_log": 30, "ai_log": 21, "span": 49}, counts)
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/custom-log.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{"way": "ai_log"}`)
		assert.Equal(t, types.HeaderContinue, host.CallOnHttpRequestHeaders(request))
		value, err := host.GetProperty([]string{"ai_log"})
		require.NoError(t, err)
		assert.Equal(t, `{\"k2\":212939.22,\"k3\":123}`, string(value))
		host.CompleteHttp()
	})
}
