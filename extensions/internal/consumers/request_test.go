package consumers_test

import (
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

const callers = `"consumers": [{"name": "red", "token": "t-red"}, {"name": "blue", "token": "t-blue"}, {"name": "panics", "token": "t-panic"}]`

// request makes request headers from "name: value" lines.
func request(lines ...string) [][2]string { return plugintest.Request("GET", "/", lines...) }

// named returns the values of the header that names the caller.
func named(headers [][2]string) (values []string) {
	for _, h := range headers {
		if strings.EqualFold(h[0], httpheader.Consumer) {
			values = append(values, h[1])
		}
	}
	return values
}

func TestRequests(t *testing.T) {
	tests := []struct {
		name, config string
		request      [][2]string
		status       uint32   // 0: passes
		details      string   // of the refusal
		consumer     []string // what the backend is told
	}{
		{"a caller is named", `{` + callers + `}`, request("authorization: Token t-red"), 0, "", []string{"red"}},
		{"the scheme is compared without case", `{` + callers + `}`, request("authorization: tOKEN  t-red "), 0, "", []string{"red"}},
		{"a forged name is replaced", `{` + callers + `}`, request("authorization: Token t-red", "x-mse-consumer: blue"), 0, "", []string{"red"}},
		{"no credential", `{` + callers + `}`, request("x-mse-consumer: red"), 401, "token-auth.no_token", nil},
		{"the same value twice", `{` + callers + `}`, request("authorization: Token t-red", "authorization: Token t-red"), 0, "", []string{"red"}},
		{"two values", `{` + callers + `}`, request("authorization: Token t-red", "authorization: Token t-blue"), 401, "token-auth.no_token", nil},
		{"an empty value before another one", `{` + callers + `}`, request("authorization: ", "authorization: Token t-red"), 401, "token-auth.no_token", nil},
		{"more than 32 KiB", `{` + callers + `}`, request("authorization: Token " + strings.Repeat("t", 32<<10)), 401, "token-auth.no_token", nil},
		{"not on the list", `{` + callers + `, "_rules_": [{"_match_route_": ["here"], "allow": ["blue"]}]}`, request("authorization: Token t-red"), 403, "token-auth.unauthorized", nil},
		{"no authentication leaves an earlier plugin's name", `{"global_auth": false, ` + callers + `}`, request("x-mse-consumer: earlier"), 0, "", []string{"earlier"}},
		{"no authentication, name stripped", `{"global_auth": false, "strip_consumer_header": true, ` + callers + `}`, request("x-mse-consumer: forged"), 0, "", nil},
		{"a disabled rule strips as the configuration says", `{"global_auth": true, "strip_consumer_header": true, ` + callers + `, "_rules_": [{"_match_route_": ["here"], "_disable_": true}]}`, request("x-mse-consumer: forged"), 0, "", nil},
		{"a rule that does not strip", `{"global_auth": true, "strip_consumer_header": true, ` + callers + `, "_rules_": [{"_match_route_": ["here"], "_disable_": true, "strip_consumer_header": false}]}`, request("x-mse-consumer: earlier"), 0, "", []string{"earlier"}},
		{"a plugin that panics", `{` + callers + `}`, request("authorization: Token t-panic", "x-mse-consumer: red"), 500, "token-auth.internal_error", nil},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, tt.config)
				require.NoError(t, host.SetRouteName("here"))
				t.Setenv("WASM_DISABLE_PANIC_RECOVERY", "false") // the test host asks for crashes
				action := host.CallOnHttpRequestHeaders(tt.request)
				reply := host.GetLocalResponse()
				if tt.status == 0 {
					require.Nil(t, reply)
					assert.Equal(t, types.ActionContinue, action)
					assert.Equal(t, tt.consumer, named(host.GetRequestHeaders()))
					return
				}
				require.NotNil(t, reply)
				assert.NotEqual(t, types.ActionContinue, action)
				assert.Equal(t, tt.status, reply.StatusCode)
				assert.Equal(t, tt.details, reply.StatusCodeDetail)
			})
		}
	})
}

func TestCredential(t *testing.T) {
	long := strings.Repeat("x", consumers.MaxCredential)
	tests := []struct {
		name    string
		headers [][2]string
		value   string
		state   consumers.State
	}{
		{"none", request("other: x"), "", consumers.Absent},
		{"empty", request("k: "), "", consumers.Absent},
		{"empty twice", request("k: ", "k: "), "", consumers.Absent},
		{"one", request("k: a"), "a", consumers.Given},
		{"the same twice", request("k: a", "x: b", "k: a"), "a", consumers.Given},
		{"two", request("k: a", "k: b"), "", consumers.Unusable},
		{"one and an empty one", request("k: a", "k: "), "", consumers.Unusable},
		{"just short enough", request("k: " + long), long, consumers.Given},
		{"too long", request("k: " + long + "x"), "", consumers.Unusable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			value, state := consumers.Credential(tt.headers, "k")
			assert.Equal(t, tt.value, value)
			assert.Equal(t, tt.state, state)
		})
	}
}

func TestCutScheme(t *testing.T) {
	tests := []struct {
		value, rest string
		ok          bool
	}{
		{"Basic abc", "abc", true},
		{"bAsIc   abc  ", "abc", true},
		{"Basic ", "", true},
		{"Basic", "Basic", false},
		{"Basicabc", "Basicabc", false},
		{"Basic\tabc", "Basic\tabc", false},
		{" Basic abc", " Basic abc", false},
		{"Bearer abc", "Bearer abc", false},
		{"", "", false},
	}
	for _, tt := range tests {
		rest, ok := consumers.CutScheme(tt.value, "Basic")
		assert.Equal(t, tt.rest, rest, tt.value)
		assert.Equal(t, tt.ok, ok, tt.value)
	}
}
