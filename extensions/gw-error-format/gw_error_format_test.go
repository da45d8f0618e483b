package main

import (
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

var request = [][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "GET"}, {":scheme", "http"}}

const rbac = `{"rules": [{"match": {"statuscode": "403", "responsebody": "RBAC: access denied"}, "replace": {"statuscode": "401", "responsebody": "{\"code\":401}"}}],
	"set_header": [{"content-type": "application/json", "x-err": "gateway"}]}`

// On hosts that do not tell the response code details, a header of the backend's answers decides.
func TestHostsWithoutDetails(t *testing.T) {
	for _, tt := range []struct {
		name    string
		headers [][2]string
		status  string
	}{
		{"the gateway's", [][2]string{{":status", "403"}, {"content-length", "19"}}, "401"},
		{"the backend's", [][2]string{{":status", "403"}, {"x-envoy-upstream-service-time", "1"}}, "403"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			test.RunGoTest(t, func(t *testing.T) {
				host := plugintest.Start(t, rbac)
				host.CallOnHttpRequestHeaders(request, test.WithEndOfStream(true))
				host.CallOnHttpResponseHeaders(tt.headers)
				host.CallOnHttpResponseBody([]byte("RBAC: access denied"))
				assert.True(t, test.HasHeaderWithValue(host.GetResponseHeaders(), ":status", tt.status))
				if tt.status == "401" {
					assert.Equal(t, `{"code":401}`, string(host.GetResponseBody()))
					assert.False(t, test.HasHeader(host.GetResponseHeaders(), "content-length"))
					assert.True(t, test.HasHeaderWithValue(host.GetResponseHeaders(), "x-err", "gateway"))
				}
			})
		})
	}
}

func TestABodyThatCannotBeReadFitsOnlyRulesThatKeepIt(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"rules": [
			{"match": {"statuscode": 500}, "replace": {"statuscode": 501, "responsebody": "x"}},
			{"match": {"statuscode": 500, "responsebody": "y"}, "replace": {"statuscode": 502}},
			{"match": {"statuscode": 500}, "replace": {"statuscode": 503}}]}`)
		host.CallOnHttpRequestHeaders(request, test.WithEndOfStream(true))
		action := host.CallOnHttpResponseHeaders([][2]string{{":status", "500"}, {"content-encoding", "gzip"}, {"content-length", "3"}})
		assert.Equal(t, types.HeaderContinue, action, "not held for a body that will not be read")
		assert.True(t, test.HasHeaderWithValue(host.GetResponseHeaders(), ":status", "503"))
		assert.True(t, test.HasHeaderWithValue(host.GetResponseHeaders(), "content-length", "3"))
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/gw-error-format.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, rbac)
		host.CallOnHttpRequestHeaders(request, test.WithEndOfStream(true))
		require.Equal(t, types.HeaderStopIteration, host.CallOnHttpResponseHeaders([][2]string{{":status", "403"}}))
		host.CallOnHttpResponseBody([]byte("RBAC: access denied"))
		assert.Equal(t, `{"code":401}`, string(host.GetResponseBody()))
		host.CompleteHttp()
	})
}
