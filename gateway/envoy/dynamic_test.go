package envoy

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/echo"
)

// startEcho starts an echo upstream for the test.
func startEcho(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server, done := echo.New(), make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends when it is closed
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	return listener.Addr().String()
}

func startGateway(t *testing.T, opts Options) *Gateway {
	t.Helper()
	opts.Admin = "127.0.0.1:0"
	if opts.Listen == "" {
		opts.Listen = "127.0.0.1:0"
	}
	g, err := StartGateway(testContext(t), binary(t), opts, ProcessOptions{LogLevel: "debug"})
	require.NoError(t, err)
	t.Cleanup(g.Stop)
	return g
}

// send sends one request on a connection of its own, its target as written.
func send(t *testing.T, address, host, target string) *http.Response {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(testContext(t), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	stop := context.AfterFunc(testContext(t), func() { conn.Close() })
	defer stop()
	_, err = io.WriteString(conn, "GET "+target+" HTTP/1.1\r\nhost: "+host+"\r\nconnection: close\r\n\r\n")
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	return response
}

func TestRoutesAreThoseOfTheRouteTable(t *testing.T) {
	manifests := ingress("fallback", "", "/", "echo.static:80", "") +
		ingress("api", "api.test", "/v1", "echo.static:80", "") +
		ingress("api-deep", "api.test", "/v1/deep/", "echo.static:80", `, higress.io/rewrite-target: /shallow`) +
		ingress("wild", "*.api.test", "/", "echo.static:80", `, higress.io/rewrite-target: /wild`) +
		ingress("wilder", "*.a.api.test", "/", "echo.static:80", "") +
		ingress("to-root", "root.test", "/app", "echo.static:80", `, higress.io/rewrite-target: /, higress.io/upstream-vhost: inner.test`) +
		ingress("special", "root.test", "/a.b", "echo.static:80", `, higress.io/rewrite-target: /`) +
		ingress("nowhere", "nowhere.test", "/", "missing.static:80", "")
	snapshot := parse(t, manifests, map[string][]string{"echo.static:80": {startEcho(t)}})
	g := startGateway(t, Options{})
	require.NoError(t, g.Apply(testContext(t), snapshot))
	for _, host := range []string{"api.test", "API.test:8080", "x.api.test", "x.a.api.test", "root.test", "other.test", "127.0.0.1"} {
		for _, path := range []string{"/", "/v1", "/v1/", "/v1x", "/v1/deep", "/v1/deep/", "/v1/deep/a?x=/v1", "/v1/deeper", "/app", "/app/", "/app/x?q", "/app//x", "/apple", "/a.b/c", "/axb/c", "//v1", "/%76%31", "/v1%2Fdeep"} {
			route := snapshot.Routes.Match(host, path)
			response := send(t, g.Address(), host, path)
			if route == nil {
				assert.Equal(t, 404, response.StatusCode, "%s%s", host, path)
				continue
			}
			if !assert.Equal(t, 200, response.StatusCode, "%s%s", host, path) {
				continue
			}
			var document struct {
				Path    string            `json:"path"`
				Headers map[string]string `json:"headers"`
			}
			require.NoError(t, json.NewDecoder(response.Body).Decode(&document))
			assert.Equal(t, route.Rewrite(path), document.Path, "%s%s", host, path)
			if route.RewriteHost != "" {
				assert.Equal(t, route.RewriteHost, document.Headers["Host"])
			}
		}
	}
	assert.Equal(t, 503, send(t, g.Address(), "nowhere.test", "/").StatusCode)
}

func TestApply(t *testing.T) {
	refusing := writeModule(t, "refusing.wasm", assemble(guest(function{"proxy_on_configure", 2, 1, returnZero})))
	for _, fixed := range []bool{false, true} {
		name := "a port for each configuration"
		opts := Options{}
		if fixed {
			name = "one port"
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			opts.Listen = listener.Addr().String()
			require.NoError(t, listener.Close())
		}
		t.Run(name, func(t *testing.T) {
			ctx := testContext(t)
			g := startGateway(t, opts)
			assert.Empty(t, g.Address())
			first, second := map[string][]string{"echo.static:80": {startEcho(t)}}, map[string][]string{"echo.static:80": {startEcho(t)}}

			require.NoError(t, g.Apply(ctx, parse(t, ingress("a", "", "/", "echo.static:80", ""), first)))
			before := g.Address()
			assert.Equal(t, 200, send(t, before, "x", "/").StatusCode)

			err := g.Apply(ctx, parse(t, plugin("refusing", refusing, "")+ingress("a", "", "/", "echo.static:80", ""), second))
			var refused *RefusedError
			require.ErrorAs(t, err, &refused)
			assert.Contains(t, refused.Text, "higress-system.refusing")
			assert.Equal(t, before, g.Address())
			assert.Equal(t, 200, send(t, before, "x", "/").StatusCode, "what was in force stays")

			err = g.Apply(ctx, parse(t, plugin("refusing", refusing, "failStrategy: FAIL_OPEN")+ingress("a", "", "/", "echo.static:80", ""), second))
			require.ErrorAs(t, err, &refused, "Envoy refuses a plugin that does not load even where it fails open")

			require.NoError(t, g.Apply(ctx, parse(t, ingress("b", "", "/b", "echo.static:80", ""), second)))
			if fixed {
				assert.Equal(t, before, g.Address())
			} else {
				assert.NotEqual(t, before, g.Address())
			}
			assert.Equal(t, 200, send(t, g.Address(), "x", "/b").StatusCode)
			assert.Equal(t, 404, send(t, g.Address(), "x", "/").StatusCode)
		})
	}
}

func TestATrapEndsTheVMForGood(t *testing.T) {
	trapping := writeModule(t, "trapping.wasm", assemble(guest(function{"proxy_on_request_headers", 3, 1, trap})))
	for spec, want := range map[string]int{"": 503, "failStrategy: FAIL_OPEN": 200} {
		t.Run(strings.TrimPrefix(spec, "failStrategy: "), func(t *testing.T) {
			g := startGateway(t, Options{})
			snapshot := parse(t, plugin("trapping", trapping, spec)+ingress("a", "", "/", "echo.static:80", ""), map[string][]string{"echo.static:80": {startEcho(t)}})
			require.NoError(t, g.Apply(testContext(t), snapshot))
			assert.True(t, g.healthy(testContext(t)))
			for range 6 {
				assert.Equal(t, want, send(t, g.Address(), "x", "/").StatusCode)
			}
			assert.False(t, g.healthy(testContext(t)))
			assert.Contains(t, g.logged(), "proxy_on_request_headers failed")
		})
	}
}
