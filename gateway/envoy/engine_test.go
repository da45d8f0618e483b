package envoy

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/cases"
)

// request sends a request with an id and returns the status.
func request(t *testing.T, e *Engine, id string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(testContext(t), http.MethodGet, "http://"+e.Address()+"/orders?a=1", nil)
	require.NoError(t, err)
	r.Close = true
	r.Header.Set("x-request-id", id)
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, response.Body) // or Envoy logs that the client went away
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

func TestEngine(t *testing.T) {
	ctx := testContext(t)
	e := NewEngine(binary(t), "127.0.0.1:1")
	t.Cleanup(e.Close)
	assert.Equal(t, "envoy", e.Name())
	assert.Equal(t, "127.0.0.1:1", e.RedisAddress())
	route := ingress("orders", "", "/orders", "echo.static:80", "")
	upstreams := map[string]string{"echo.static:80": startEcho(t)}
	passing := cases.Configuration{Name: "passing", Manifests: []byte(plugin("a", writeModule(t, "a.wasm", assemble(guest())), "") + route), Upstreams: upstreams}
	trapping := cases.Configuration{Name: "trapping", Upstreams: upstreams, Manifests: []byte(
		plugin("b", writeModule(t, "b.wasm", assemble(guest(function{"proxy_on_request_headers", 3, 1, trap}))), "") + route)}
	malformed := cases.Configuration{Name: "malformed", Manifests: []byte("kind: WasmPlugin\nmetadata: {name: c}\n")}
	foreign := cases.Configuration{Name: "foreign", Manifests: []byte(plugin("d", writeModule(t, "d.wasm", assemble(guest(), "proxy_redis_init")), ""))}
	require.NoError(t, e.Prepare(ctx, []cases.Configuration{passing, trapping, malformed, foreign}))

	require.NoError(t, e.Apply(ctx, passing))
	assert.Equal(t, 200, request(t, e, "id-1"))
	entry, err := e.AccessLog(ctx, "id-1")
	require.NoError(t, err)
	for name, want := range map[string]any{
		"method": "GET", "path": "/orders?a=1", "protocol": "HTTP/1.1", "request_id": "id-1", "route_name": "orders",
		"upstream_cluster": "outbound|80||echo.static", "upstream_host": upstreams["echo.static:80"], "response_code": 200.0,
		"response_flags": "", "response_code_details": "via_upstream", "bytes_received": 0.0,
	} {
		assert.Equal(t, want, entry[name], name)
	}
	assert.Equal(t, []any{"id-1"}, entry["request_headers"].(map[string]any)["x-request-id"])

	for _, refused := range []struct {
		configuration cases.Configuration
		reason        string
	}{{malformed, "apiVersion"}, {foreign, "proxy_redis_init"}} {
		var loadError *cases.LoadError
		require.ErrorAs(t, e.Apply(ctx, refused.configuration), &loadError)
		assert.Contains(t, loadError.Text, refused.reason)
		assert.Equal(t, 200, request(t, e, "id-"+refused.configuration.Name), "what was in force stays")
	}

	require.NoError(t, e.Apply(ctx, trapping))
	assert.Equal(t, 503, request(t, e, "id-2"))
	assert.Contains(t, e.Log(), "proxy_on_request_headers failed")
	entry, err = e.AccessLog(ctx, "id-2")
	require.NoError(t, err)
	assert.Equal(t, "wasm_fail_stream", entry["response_code_details"])

	require.NoError(t, e.Apply(ctx, passing), "a VM that failed does not stay for the next")
	assert.NotContains(t, e.Log(), "failed")
	assert.Equal(t, 200, request(t, e, "id-3"))

	over, cancel := context.WithCancel(ctx)
	cancel()
	_, err = e.AccessLog(over, "no-such-request")
	assert.ErrorContains(t, err, "no-such-request")
}
