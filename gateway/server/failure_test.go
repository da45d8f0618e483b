package server

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

func TestFailuresOnTheWayToTheUpstream(t *testing.T) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	silent := backend(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	aborting := backend(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	nonsense := listen(t)
	go func() {
		for {
			conn, err := nonsense.Accept()
			if err != nil {
				return
			}
			http.ReadRequest(bufio.NewReader(conn))
			io.WriteString(conn, "nonsense\r\n\r\n")
			conn.Close()
		}
	}()
	refusing := unused(t)
	files := []manifest.File{
		services("silent", "http", silent, "refusing", "http", refusing, "aborting", "http", aborting, "aborting2", "http2", aborting,
			"nonsense", "http", nonsense.Addr().String()),
		{Name: "empty.yaml", Data: []byte(`
apiVersion: v1
kind: Service
metadata: {name: empty, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: empty, namespace: shop}
spec: {rules: [{http: {paths: [{path: /empty, pathType: Prefix, backend: {service: {name: empty, port: {number: 80}}}}]}}]}
`)},
		route("silent", "/silent", "silent.static:80", `higress.io/timeout: "1"`), route("refusing", "/refusing", "refusing.static:80"),
		route("aborting", "/aborting", "aborting.static:80"), route("aborting2", "/aborting2", "aborting2.static:80"),
		route("nonsense", "/nonsense", "nonsense.static:80"), route("gone", "/gone", "gone.static:80"),
		wasmPlugin("a", `{name: a}`),
	}
	const reset = "upstream connect error or disconnect/reset before headers. reset reason: "
	const early = "upstream_reset_before_response_started"
	f := start(t, Config{NoEcho: true}, files...)
	for _, c := range []struct {
		path      string
		code      int
		body      string
		flags     string
		details   string
		route     string
		cluster   string
		host      string
		transport string
	}{
		{"/unknown", 404, "", "NR", "route_not_found", "", "", "", ""},
		{"/gone", 503, "", "NC", "cluster_not_found", "gone", "outbound|80||gone.static", "", ""},
		{"/empty", 503, "no healthy upstream", "UH", "no_healthy_upstream", "shop/empty", "outbound|80||empty.shop.svc.cluster.local", "", ""},
		{"/refusing", 503, reset + "remote connection failure, transport failure reason: delayed connect error: Connection refused", "UF",
			early + "{remote_connection_failure|delayed_connect_error:_Connection_refused}", "refusing", "outbound|80||refusing.static",
			refusing, "delayed connect error: Connection refused"},
		{"/silent", 504, "upstream request timeout", "UT", "response_timeout", "silent", "outbound|80||silent.static", silent, ""},
		{"/aborting", 503, reset + "connection termination", "UC", early + "{connection_termination}", "aborting", "outbound|80||aborting.static", aborting, ""},
		{"/nonsense", 502, reset + "protocol error", "UPE", early + "{protocol_error}", "nonsense", "outbound|80||nonsense.static", nonsense.Addr().String(), ""},
	} {
		t.Run(c.path, func(t *testing.T) {
			res := f.get(c.path, "x-request-id", c.path, "user-agent", "test", "x-forwarded-for", "203.0.113.9")
			assert.Equal(t, c.code, res.StatusCode)
			assert.Equal(t, c.body, res.body)
			assert.Equal(t, "a", res.Header.Get("x-by"), "the reply passes the plugins")
			entry := f.logged(c.path)
			assert.Equal(t, c.code, entry.ResponseCode)
			assert.Equal(t, c.flags, entry.ResponseFlags)
			assert.Equal(t, c.details, entry.ResponseCodeDetails)
			assert.Equal(t, c.route, entry.RouteName)
			assert.Equal(t, c.cluster, entry.UpstreamCluster)
			assert.Equal(t, c.host, entry.UpstreamHost)
			assert.Equal(t, c.transport, entry.TransportFailure)
			assert.Equal(t, "GET", entry.Method)
			assert.Equal(t, c.path, entry.Path)
			assert.Equal(t, f.Addr(), entry.Authority)
			assert.Equal(t, f.Addr(), entry.DownstreamLocal)
			assert.Equal(t, "HTTP/1.1", entry.Protocol)
			assert.Equal(t, "test", entry.UserAgent)
			assert.Equal(t, "203.0.113.9,127.0.0.1", entry.ForwardedFor)
			assert.EqualValues(t, -1, entry.UpstreamServiceTime)
			assert.EqualValues(t, len(c.body), entry.BytesSent)
			assert.GreaterOrEqual(t, entry.Duration, entry.RequestDuration)
		})
	}
	t.Run("/aborting2", func(t *testing.T) {
		res := f.get("/aborting2", "x-request-id", "aborting2")
		assert.Equal(t, 503, res.StatusCode)
		assert.Equal(t, "UR", f.logged("aborting2").ResponseFlags)
	})
	assert.Equal(t, "1", f.stat("cluster.outbound|80||refusing.static.upstream_rq_failed"))
	assert.Equal(t, "1", f.stat("cluster.outbound|80||silent.static.upstream_rq_failed"))
	assert.Equal(t, "0", f.stat("cluster.outbound|80||silent.static.upstream_rq_active"))
	assert.Equal(t, "1", f.stat("http.ingress_http.downstream_rq_4xx"))
	assert.Equal(t, "7", f.stat("http.ingress_http.downstream_rq_5xx"))
}

func TestAnUpstreamThatBreaksOffItsResponse(t *testing.T) {
	up := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-length", "10")
		io.WriteString(w, "half")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	for _, protocol := range []string{"http", "http2"} {
		t.Run(protocol, func(t *testing.T) {
			f := start(t, Config{}, services("up", protocol, up), route("r", "/", "up.static:80"), wasmPlugin("a", `{name: a}`))
			res, err := f.h1.Do(f.request("GET", "/", nil, "x-request-id", protocol))
			require.NoError(t, err)
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF, "the client must see that the response is not complete")
			assert.Equal(t, "half", string(body))
			entry := f.logged(protocol)
			assert.Equal(t, 200, entry.ResponseCode)
			assert.Equal(t, "UC", entry.ResponseFlags)
			assert.Equal(t, "upstream_reset_after_response_started{connection_termination}", entry.ResponseCodeDetails)
			assert.EqualValues(t, 4, entry.BytesSent)
			assert.GreaterOrEqual(t, entry.UpstreamServiceTime, int64(0))
		})
	}
}

func TestARequestThatTheCodecRefusesIsLogged(t *testing.T) {
	f := start(t, Config{})
	client := f.dial()
	fmt.Fprint(client, "GET / HTTP/1.1\r\nhost: h\r\nno colon\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(client), nil)
	require.NoError(t, err)
	assert.Equal(t, 400, res.StatusCode)
	entry := f.logged("")
	assert.Equal(t, 400, entry.ResponseCode)
	assert.Equal(t, "DPE", entry.ResponseFlags)
	assert.Contains(t, entry.ResponseCodeDetails, "http1.")
	assert.Equal(t, client.LocalAddr().String(), entry.DownstreamRemote)
	assert.Equal(t, "1", f.stat("http.ingress_http.downstream_rq_4xx"))
}

func TestACompleteExchangeInTheAccessLog(t *testing.T) {
	up := backend(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, "answer")
	})
	f := start(t, Config{LogRequestHeaders: true}, services("up", "http", up), route("r", "/", "up.static:80"), wasmPlugin("a", `{name: a}`))
	r := f.request("POST", "/p?q", nil, "x-request-id", "ok", "x-a", `log {\"a\":1}`)
	r.Body, r.ContentLength = io.NopCloser(io.LimitReader(zeros{}, 3)), 3
	require.Equal(t, 200, f.do(r).StatusCode)
	entry := f.logged("ok")
	assert.Equal(t, "via_upstream", entry.ResponseCodeDetails)
	assert.Empty(t, entry.ResponseFlags)
	assert.Equal(t, "/p?q", entry.Path)
	assert.Equal(t, "r", entry.RouteName)
	assert.Equal(t, up, entry.UpstreamHost)
	assert.Equal(t, `{"a":1}`, entry.CustomLog)
	assert.EqualValues(t, 3, entry.BytesReceived)
	assert.EqualValues(t, 6, entry.BytesSent)
	assert.GreaterOrEqual(t, entry.UpstreamServiceTime, int64(0))
	assert.Equal(t, []string{"a"}, entry.RequestHeaders["x-seen"], "as the plugins left them")
	assert.NotContains(t, entry.RequestHeaders, "x-a")
	assert.Empty(t, entry.TransportFailure)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
