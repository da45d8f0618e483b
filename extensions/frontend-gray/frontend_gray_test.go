package main

import (
	"hash/crc32"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// random is where visitors' ids come from in these tests.
var random io.Reader

type delegate struct{}

func (delegate) Read(p []byte) (int, error) { return random.Read(p) }

func TestMain(m *testing.M) {
	register(delegate{})
	os.Exit(m.Run())
}

// counted gives the bytes 1, 2, 3, …
type counted struct{ n byte }

func (c *counted) Read(p []byte) (int, error) {
	for i := range p {
		c.n++
		p[i] = c.n
	}
	return len(p), nil
}

// request makes request headers from a path and "name: value" lines.
func request(path string, lines ...string) [][2]string {
	return plugintest.Request("GET", path, lines...)
}

// values returns all values of a header.
func values(headers [][2]string, name string) []string {
	var list []string
	for _, h := range headers {
		if strings.EqualFold(h[0], name) {
			list = append(list, h[1])
		}
	}
	return list
}

func TestANewVisitorGetsOneID(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"baseDeployment": {"version": "v8"}, "grayDeployments": [{"version": "v9", "enabled": true, "weight": 50}]}`)
		seen := map[string]bool{}
		source := &counted{}
		random = source
		for visits := 1; visits <= 10; visits++ {
			host.InitHttp()
			host.CallOnHttpRequestHeaders(request("/", "x-higress-uid: no id"))
			version := values(host.GetRequestHeaders(), versionHeader)
			host.CallOnHttpResponseHeaders([][2]string{{":status", "200"}})
			assert.Equal(t, byte(16*visits), source.n, "one draw a visit")
			cookies := strings.Join(values(host.GetResponseHeaders(), "set-cookie"), "") // the test host joins them, too
			_, after, _ := strings.Cut(cookies, "x-higress-uid=")
			id, _, _ := strings.Cut(after, ";")
			want := "v8"
			if crc32.ChecksumIEEE([]byte(id))%100 < 50 {
				want = "v9"
			}
			assert.Equal(t, []string{want}, version)
			const end = "; Max-Age=31536000; Path=/; HttpOnly; Secure"
			assert.Equal(t, "x-higress-tag="+want+end+"x-higress-uid="+id+end, cookies)
			seen[want] = true
			if visits == 1 {
				assert.Equal(t, "0102030405064708890a0b0c0d0e0f10", id)
			}
			host.CompleteHttp()
		}
		assert.Len(t, seen, 2)
	})
}

func TestNobodyDrawsWhereVisitorsDoNotMatter(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"grayKey": "uid", "uniqueGrayTag": null}`)
		source := &counted{}
		random = source
		host.CallOnHttpRequestHeaders(request("/", "x-higress-uid: a"))
		host.CallOnHttpResponseHeaders([][2]string{{":status", "200"}})
		assert.Zero(t, source.n)
		assert.Len(t, values(host.GetResponseHeaders(), "set-cookie"), 1)
	})
}

func TestTheRouteStaysWhereSomethingIsRewritten(t *testing.T) {
	for config, want := range map[string]string{
		`{}`:                                "",
		`{"rewrite": {"indexRouting": {}}}`: "",
		`{"rewrite": {"host": "b.test"}}`:   "off",
		`{"rewrite": {"indexRouting": {"/nowhere": "/x"}}}`: "off",
		`{"rewrite": {"fileRouting": {"/nowhere": "/x"}}}`:  "off",
	} {
		t.Run(config, func(t *testing.T) {
			test.RunGoTest(t, func(t *testing.T) {
				host := plugintest.Start(t, config)
				host.CallOnHttpRequestHeaders(request("/"))
				assert.Equal(t, want, plugintest.Property(host, "clear_route_cache"))
			})
		})
	}
}

func TestRequestsByVersion(t *testing.T) {
	const rules = `"grayKey": "uid", "rules": [{"name": "r", "grayKeyValue": ["a"]}], "skippedPaths": ["/skipped"],
		"baseDeployment": {"version": "1.0"}, "grayDeployments": [{"name": "r", "version": "2.0", "enabled": true}]`
	send := func(host test.TestHost) {
		for _, headers := range [][][2]string{request("/"), request("/", "uid: a"), request("/a.js", "uid: a"), request("/skipped")} {
			host.InitHttp()
			host.CallOnHttpRequestHeaders(headers)
			host.CompleteHttp()
		}
	}
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"metrics": true, `+rules+`}`)
		send(host)
		base, err := host.GetCounterMetric("frontend_gray_requests_1.0")
		require.NoError(t, err)
		assert.EqualValues(t, 1, base)
		gray, err := host.GetCounterMetric("frontend_gray_requests_2.0")
		require.NoError(t, err)
		assert.EqualValues(t, 2, gray)
	})
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{`+rules+`}`)
		send(host)
		_, err := host.GetCounterMetric("frontend_gray_requests_1.0")
		assert.Error(t, err, "off unless configured")
	})
}

// broken panics, as a bug in the plugin would.
type broken struct{}

func (broken) Read([]byte) (int, error) { panic("no randomness") }

func TestAPanicLetsTheRequestPass(t *testing.T) {
	t.Setenv("WASM_DISABLE_PANIC_RECOVERY", "false") // the test host asks for crashes
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"uniqueGrayTag": "visitor"}`)
		random = broken{}
		sent := request("/", "accept-encoding: gzip")
		assert.Equal(t, types.ActionContinue, host.CallOnHttpRequestHeaders(sent))
		assert.Equal(t, sent, host.GetRequestHeaders())
		assert.Nil(t, host.GetLocalResponse())
		answer := [][2]string{{":status", "200"}, {"content-type", "text/html"}, {"content-length", "7"}}
		host.CallOnHttpResponseHeaders(answer)
		assert.Equal(t, answer, host.GetResponseHeaders())
	})
}

func TestARefusedHandshakeKeepsItsBody(t *testing.T) {
	for _, config := range []string{`{"html": "page"}`, `{"injection": {"head": ["x"]}}`} {
		t.Run(config, func(t *testing.T) {
			test.RunGoTest(t, func(t *testing.T) {
				host := plugintest.Start(t, config)
				host.CallOnHttpRequestHeaders(request("/chat", "connection: Upgrade", "upgrade: websocket"))
				answer := [][2]string{{":status", "404"}, {"content-type", "text/plain"}, {"content-length", "7"}}
				assert.Equal(t, types.ActionContinue, host.CallOnHttpResponseHeaders(answer))
				assert.Equal(t, answer, host.GetResponseHeaders())
				host.CallOnHttpStreamingResponseBody([]byte("</head>"), true)
				assert.Equal(t, "</head>", string(host.GetResponseBody()))
				assert.Nil(t, host.GetLocalResponse())
			})
		})
	}
}

func TestHostileLinesInAConfigurationDoNotReachHeaders(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"baseDeployment": {"version": "v1\r\nx-evil: 1"}, "rewrite": {"host": "b.test\n", "indexRouting": {"/": "/{version}\u0000"}}}`)
		host.CallOnHttpRequestHeaders(request("/"))
		headers := host.GetRequestHeaders()
		assert.Equal(t, []string{"v1x-evil: 1"}, values(headers, versionHeader))
		assert.Equal(t, []string{"b.test"}, values(headers, ":authority"))
		assert.Equal(t, []string{"/v1x-evil: 1"}, values(headers, ":path"))
	})
}

func TestTheCompiledModuleStartsAndEdits(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/frontend-gray.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{"baseDeployment": {"version": "v1"}, "injection": {"head": ["x"]}}`)
		host.CallOnHttpRequestHeaders(request("/"))
		assert.Equal(t, []string{"v1"}, values(host.GetRequestHeaders(), versionHeader))
		host.CallOnHttpResponseHeaders([][2]string{{":status", "200"}, {"content-type", "text/html"}, {"content-length", "7"}})
		assert.Empty(t, values(host.GetResponseHeaders(), "content-length"))
		assert.Len(t, values(host.GetResponseHeaders(), "set-cookie"), 1)
		host.CallOnHttpStreamingResponseBody([]byte("</head>"), true)
		assert.Equal(t, "x\n</head>", string(host.GetResponseBody()))
	})
}
