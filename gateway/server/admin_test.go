package server

import (
	"bufio"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAdminPages(t *testing.T) {
	up := backend(t, func(http.ResponseWriter, *http.Request) {})
	f := start(t, Config{Concurrency: 3}, services("up", "http", up), route("r", "/", "up.static:80"),
		wasmPlugin("a", `{name: a, secret: s3cret}`, "phase: AUTHN", "priority: 9"))
	f.get("/", "x-request-id", "one")
	f.logged("one")
	for _, c := range []struct {
		path, contentType string
		contains          []string
	}{
		{"/", "text/html; charset=utf-8", []string{"<!doctype html>", "/config_dump"}},
		{"/ready", "text/plain; charset=utf-8", []string{"LIVE\n"}},
		{"/server_info", "application/json", []string{`"state": "LIVE"`, `"concurrency": 3`, `"profile": "higress"`, f.Addr()}},
		{"/config_dump", "application/json", []string{`"name": "higress-system.a"`, `"secret": "s3cret"`, `"phase": "AUTHN"`, `"priority": 9`,
			`"fail_strategy": "FAIL_CLOSE"`, `"source": "a.yaml:1"`, `"cluster": "outbound|80||up.static"`, `"path_type": "Prefix"`, `"bridge.yaml"`}},
		{"/clusters", "text/plain; charset=utf-8", []string{"outbound|80||up.static::rq_total::1\n", "outbound|80||up.static::rq_error::0\n",
			"outbound|80||up.static::" + up + "::health_flags::healthy\n", "outbound|6379||redis.static::" + f.RedisAddr()}},
		{"/stats", "text/plain; charset=utf-8", []string{"http.ingress_http.downstream_rq_total: 1\n", "http.ingress_http.downstream_rq_2xx: 1\n",
			"cluster.outbound|80||up.static.upstream_rq_total: 1\n", "wasm.wazero.active: 4\n"}},
		{"/log", "application/json", []string{"plugin higress-system.a loaded"}},
		{"/access_log", "application/json", []string{`"request_id": "one"`, `"route_name": "r"`}},
		{"/logging", "text/plain; charset=utf-8", []string{"main: info", "wasm: info"}},
	} {
		t.Run(c.path, func(t *testing.T) {
			res := f.admin("GET", c.path)
			assert.Equal(t, 200, res.StatusCode)
			assert.Equal(t, c.contentType, res.Header.Get("content-type"))
			for _, part := range c.contains {
				assert.Contains(t, res.body, part)
			}
			if c.contentType == "application/json" {
				assert.True(t, json.Valid([]byte(res.body)))
			}
		})
	}
	assert.Equal(t, 404, f.admin("GET", "/unknown").StatusCode)
}

func TestStatsFilter(t *testing.T) {
	f := start(t, Config{})
	assert.Equal(t, "http.ingress_http.downstream_rq_1xx: 0\nhttp.ingress_http.downstream_rq_2xx: 0\n", f.admin("GET", "/stats?filter=rq_[12]xx$").body)
	res := f.admin("GET", "/stats?filter=[")
	assert.Equal(t, 400, res.StatusCode)
	assert.Contains(t, res.body, "filter: ")
}

func TestPrometheusText(t *testing.T) {
	f := start(t, Config{Concurrency: 1}, services("up", "http", backend(t, marked)), route("r", "/", "up.static:80"),
		wasmPlugin("a", `{name: a}`))
	for range 3 {
		f.get("/", "x-a", "metrics")
	}
	line := regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+]+$`)
	values := map[string]string{}
	for scanner := bufio.NewScanner(strings.NewReader(f.admin("GET", "/stats/prometheus").body)); scanner.Scan(); {
		if text := scanner.Text(); !strings.HasPrefix(text, "#") {
			require.Regexp(t, line, text)
			i := strings.LastIndexByte(text, ' ')
			assert.NotContains(t, values, text[:i], "each series once")
			values[text[:i]] = text[i+1:]
		}
	}
	for name, want := range map[string]string{
		"envoy_http_ingress_http_downstream_rq_total":                                  "3",
		`envoy_cluster_upstream_rq_total{cluster_name="outbound|80||up.static"}`:       "3",
		`envoy_cluster_upstream_rq_active{cluster_name="outbound|6379||redis.static"}`: "0",
		"test_counter":                  "99",
		"test_gauge":                    "3",
		"test_histogram_count":          "3",
		"test_histogram_sum":            "21",
		`test_histogram_bucket{le="5"}`: "0", `test_histogram_bucket{le="10"}`: "3",
	} {
		assert.Equal(t, want, values[name], name)
	}
	assert.Equal(t, "count 3, sum 21", f.stat("wasmcustom.test.histogram"))
	assert.Equal(t, "3", f.stat("wasmcustom.test.counter"))
	assert.Equal(t, "99", f.stat("wasmcustom.test-counter"), "two names that are one for Prometheus")
}

func TestLogLevels(t *testing.T) {
	f := start(t, Config{Concurrency: 1, LogLevel: "warning"}, services("up", "http", backend(t, marked)), route("r", "/", "up.static:80"),
		wasmPlugin("a", `{name: a}`))
	assert.Equal(t, "active loggers:\n  main: warning\n  wasm: warning\n", f.admin("GET", "/logging").body)
	assert.Empty(t, f.Log(), "lines below the level are not kept")
	for _, c := range []struct {
		method, query string
		code          int
		body          string
	}{
		{"POST", "?wasm=debug", 200, "active loggers:\n  main: warning\n  wasm: debug\n"},
		{"POST", "?level=error", 200, "active loggers:\n  main: error\n  wasm: error\n"},
		{"POST", "?level=loud", 400, `log level must be one of trace, debug, info, warning, error, critical, off, not "loud"` + "\n"},
		{"GET", "?level=debug", 405, "changing a level needs POST\n"},
		{"GET", "", 200, "active loggers:\n  main: error\n  wasm: error\n"},
		{"POST", "?wasm=info", 200, "active loggers:\n  main: error\n  wasm: info\n"},
	} {
		res := f.admin(c.method, "/logging"+c.query)
		assert.Equal(t, c.code, res.StatusCode)
		assert.Equal(t, c.body, res.body)
	}
	f.get("/", "x-a", "count")
	require.Zero(t, f.logHas("holding"))
	client := f.dial()
	_, err := client.Write([]byte("GET / HTTP/1.1\r\nhost: h\r\nx-a: hold\r\n\r\n"))
	require.NoError(t, err)
	eventually(t, "the plugin logs at info", func() bool { return f.logHas("wasm log higress-system.a: holding") == 1 })
}

func TestAdminIsNotForOtherSites(t *testing.T) {
	config := Config{}
	filled, err := config.withDefaults()
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:15000", filled.Admin, "it shows configurations: only this machine sees it by default")
	assert.Equal(t, "127.0.0.1:10000", filled.Listen)

	f := start(t, Config{})
	for _, c := range []struct {
		name, host, origin string
		code               int
	}{
		{"the console's own request", f.AdminAddr(), "http://" + f.AdminAddr(), 200},
		{"curl", f.AdminAddr(), "", 200},
		{"localhost", "localhost:15000", "http://localhost:15000", 200},
		{"IPv6", "[::1]:15000", "", 200},
		{"another page", f.AdminAddr(), "https://evil.example", 403},
		{"a sandboxed page", f.AdminAddr(), "null", 403},
		{"a name that was pointed here", "evil.example:15000", "http://evil.example:15000", 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			headers := []string{"host", c.host}
			if c.origin != "" {
				headers = append(headers, "origin", c.origin)
			}
			assert.Equal(t, c.code, f.admin("POST", "/logging?level=info", headers...).StatusCode)
			assert.Equal(t, c.code, f.admin("GET", "/config_dump", headers...).StatusCode)
		})
	}
}
