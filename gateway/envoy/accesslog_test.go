package envoy

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDetailsGetThePluginThatAnswered(t *testing.T) {
	for _, c := range []struct {
		name, details, want string
		plugins             []string
	}{
		{"the only plugin", "no key", "via_wasm::higress-system.key-auth::no key", []string{"higress-system.key-auth"}},
		{"the one whose name they begin with", "b.refused", "via_wasm::ns.b::b.refused", []string{"ns.a", "ns.b"}},
		{"not told which", "refused", "refused", []string{"ns.a", "ns.b"}},
		{"Envoy's own", "via_upstream", "via_upstream", []string{"ns.a"}},
		{"Envoy's own with a reason", "upstream_reset_before_response_started{connection_termination}",
			"upstream_reset_before_response_started{connection_termination}", []string{"ns.a"}},
		{"no plugin", "anything", "anything", nil},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, qualify(c.details, c.plugins)) })
	}
}

func TestLinesLookLikeTheLocalGateways(t *testing.T) {
	entry := map[string]any{
		"custom_log": nil, "ai_log": "{}", "upstream_transport_failure_reason": nil, "response_flags": "-", "upstream_host": nil,
		"upstream_service_time": nil, "request_duration": 3.0, "response_code": 401.0, "response_code_details": "a.no",
		"request_headers": map[string]any{"x-a": "1,2"},
	}
	normalise(entry, []string{"ns.a"})
	assert.Equal(t, map[string]any{
		"ai_log": "{}", "response_flags": "", "upstream_host": "", "upstream_service_time": -1.0, "request_duration": 3.0,
		"response_code": 401.0, "response_code_details": "via_wasm::ns.a::a.no", "request_headers": map[string]any{"x-a": []any{"1,2"}},
	}, entry)
}
