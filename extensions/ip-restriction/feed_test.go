package main

import (
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/proxytest"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/address"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

const published = `{"deny": ["10.0.0.1"], "deny_source": {"service_name": "lists.dns", "service_port": 443, "service_host": "lists.example.org", "path": "/drop.txt?v=1", "refresh_interval": 4, "timeout": 700}}`

// feeding is a plugin whose service publishes a list.
type feeding struct {
	*testing.T
	test.TestHost
}

func startFeeding(t *testing.T, config string) feeding {
	t.Helper()
	host := plugintest.Start(t, config)
	require.NoError(t, host.SetProperty([]string{"source", "address"}, []byte("192.0.2.1:99")))
	return feeding{t, host}
}

// another returns a configuration whose feed's clock is the test's.
func (f feeding) another() *Config {
	var config Config
	require.NoError(f, parseConfig(field.Of(gjson.Parse(published)), &config))
	return &config
}

// asked returns the calls that the clock has made and that are not answered yet.
func (f feeding) asked() []proxytest.HttpCalloutAttribute {
	return f.GetCalloutAttributesFromContext(proxytest.PluginContextID)
}

// answer answers the clock's oldest call.
func (f feeding) answer(headers [][2]string, body string) {
	calls := f.asked()
	require.NotEmpty(f, calls)
	f.CallOnHttpCallResponse(calls[0].CalloutID, headers, nil, []byte(body))
}

// next is a new request's answer; it is not decided while held.
func (f feeding) next() (action types.Action, reply *proxytest.LocalHttpResponse) {
	f.InitHttp()
	action = f.CallOnHttpRequestHeaders(request())
	return action, f.GetLocalResponse()
}

func (f feeding) passes() {
	f.Helper()
	action, reply := f.next()
	assert.Equal(f, types.ActionContinue, action)
	assert.Nil(f, reply)
}

func (f feeding) isRefused(details string, status uint32) {
	f.Helper()
	action, reply := f.next()
	assert.NotEqual(f, types.ActionContinue, action)
	require.NotNil(f, reply)
	assert.Equal(f, details, reply.StatusCodeDetail)
	assert.Equal(f, status, reply.StatusCode)
}

var ok = [][2]string{{":status", "200"}, {"etag", `"v1"`}}

func TestAListIsFetchedAndRefreshed(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		f := startFeeding(t, published)
		assert.Empty(t, f.asked(), "a VM that only checks a configuration asks nobody")
		f.Tick()
		require.Len(t, f.asked(), 1)
		call := f.asked()[0]
		assert.Equal(t, "outbound|443||lists.dns", call.Upstream)
		assert.ElementsMatch(t, [][2]string{{":method", "GET"}, {":path", "/drop.txt?v=1"}, {":authority", "lists.example.org"},
			{"accept", "text/plain"}, {"accept-encoding", "gzip"}}, call.Headers)
		f.answer(ok, "# first\n192.0.2.0/24\n")
		f.isRefused(denied, 403)

		assert.Equal(t, uint32(second), f.GetTickPeriod())
	})
}

func TestWhatComesOfAnswers(t *testing.T) {
	tests := []struct {
		name     string
		headers  [][2]string
		body     string
		then     string // details of the next request's refusal, "" if it passes
		interval int    // s
		etag     string
	}{
		{"a list", ok, "192.0.2.1\n", denied, 4, `"v1"`},
		{"a list in gzip form", ok, string(zipped("192.0.2.1\n")), denied, 4, `"v1"`},
		{"a list without a tag", ok[:1], "192.0.2.1\n", denied, 4, ""},
		{"a list of others", ok, "192.0.2.2\n", "", 4, `"v1"`},
		{"a list of nothing but a comment", ok, "# none today\n", "", 4, `"v1"`},
		{"nothing", ok, "\n", noList, 1, ""},
		{"a page", ok, "<html>sign in</html>", noList, 1, ""},
		{"half a gzip form", ok, string(zipped("192.0.2.1\n")[:15]), noList, 1, ""},
		{"not modified, though there is no list", [][2]string{{":status", "304"}}, "", noList, 1, ""},
		{"an error", [][2]string{{":status", "500"}}, "192.0.2.1\n", noList, 1, ""},
		{"a redirect", [][2]string{{":status", "302"}}, "", noList, 1, ""},
		{"no answer", nil, "", noList, 1, ""},
		{"a timeout", [][2]string{{":status", "504"}}, "upstream request timeout", noList, 1, ""},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := startFeeding(t, published)
				config := host.another()
				f := config.listed.feed
				f.tick()
				host.answer(tt.headers, tt.body)
				assert.Equal(t, tt.interval, f.wait)
				assert.Equal(t, tt.etag, f.etag)
				assert.Equal(t, tt.then == noList, f.failed())
				assert.Equal(t, tt.then != noList, config.listed.known())
				if tt.then != noList {
					addr, err := address.Parse("192.0.2.1")
					require.NoError(t, err)
					assert.Equal(t, tt.then, judge(config, addr))
				}
			})
		}
	})
}

func TestAListThatFailsLeavesTheLastInForce(t *testing.T) {
	test.RunGoTest(t, testAListThatFails)
}

func testAListThatFails(t *testing.T) {
	host := startFeeding(t, published)
	f := host.another().listed.feed
	f.take(200, map[string][]string{"Etag": {`"v1"`}}, []byte("192.0.2.1\n"))
	first := f.current
	for i, want := range []int{1, 2, 4, 4, 4} {
		f.take(503, nil, nil)
		assert.Equal(t, want, f.wait, "after %d failures", i+1)
		assert.Same(t, first, f.current)
		assert.Equal(t, `"v1"`, f.etag)
	}
	f.take(304, nil, nil)
	assert.False(t, f.failed())
	assert.Equal(t, 4, f.wait)
	assert.Same(t, first, f.current)
	f.take(200, nil, []byte("192.0.2.2\n"))
	assert.NotSame(t, first, f.current)
	assert.Empty(t, f.etag)
}

func TestTheClockAsksAgain(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		f := startFeeding(t, published)
		feed := f.another().listed.feed
		feed.tick()
		feed.tick()
		feed.tick()
		assert.Len(t, f.asked(), 1, "one call at a time")
		f.answer(ok, "192.0.2.1\n")
		for range 3 {
			feed.tick()
			assert.Empty(t, f.asked(), "too early")
		}
		feed.tick()
		require.Len(t, f.asked(), 1)
		assert.Contains(t, f.asked()[0].Headers, [2]string{"if-none-match", `"v1"`})
		f.answer([][2]string{{":status", "304"}}, "")
		assert.False(t, feed.failed())
	})
}

func TestRequestsBeforeTheFirstList(t *testing.T) {
	const theOther = "192.0.2.2\n"
	tests := []struct {
		name    string
		answer  [][2]string
		body    string
		details string
	}{
		{"the list lets it pass", ok, theOther, ""},
		{"the list refuses it", ok, "192.0.2.1\n", denied},
		{"no list can be had", [][2]string{{":status", "503"}}, "", noList},
		{"an answer that is no answer", nil, "", noList},
		{"nonsense", ok, "\x00\xff", noList},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				f := startFeeding(t, published)
				action, reply := f.next()
				require.Equal(t, types.HeaderStopAllIterationAndWatermark, action, "held")
				require.Nil(t, reply)
				f.CallOnHttpCall(tt.answer, []byte(tt.body))
				reply = f.GetLocalResponse()
				if tt.details == "" {
					assert.Nil(t, reply)
					assert.Equal(t, types.ActionContinue, f.GetHttpStreamAction())
					f.passes()
					return
				}
				require.NotNil(t, reply)
				assert.Equal(t, tt.details, reply.StatusCodeDetail)
				f.isRefused(tt.details, reply.StatusCode)
			})
		}
	})
}

func TestOnlySoManyRequestsWait(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		f := startFeeding(t, published)
		for range mostWaiting {
			action, reply := f.next()
			require.Equal(t, types.HeaderStopAllIterationAndWatermark, action)
			require.Nil(t, reply)
		}
		f.isRefused(noList, 503)
	})
}

func TestAnAllowListFromAServiceLetsNobodyPassBeforeItIsThere(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		f := startFeeding(t, strings.ReplaceAll(published, "deny", "allow"))
		f.Tick()
		f.answer([][2]string{{":status", "500"}}, "")
		f.isRefused(noList, 503)
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	const wasm = "../../build/ip-restriction.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		f := startFeeding(t, byPeer)
		f.isRefused(denied, 403)
		f.CompleteHttp()
	})
}
