package main

import (
	"math"
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func request(more ...[2]string) [][2]string {
	return append([][2]string{{":authority", "h"}, {":path", "/x?q=1"}, {":method", "POST"}, {":scheme", "http"}}, more...)
}

func load(t testing.TB, config string) *Config {
	t.Helper()
	var c Config
	_, err := parse(field.Of(gjson.Parse(config)), &c)
	require.NoError(t, err)
	return &c
}

// withHost runs f with a plugin in the emulator.
func withHost(t *testing.T, config string, f func(test.TestHost)) {
	t.Helper()
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, config)
		f(host)
	})
}

const diamond = `{"workflow": {
	"edges": [{"source": "start", "target": "A"}, {"source": "start", "target": "B"}, {"source": "A", "target": "C"},
		{"source": "B", "target": "C"}, {"source": "C", "target": "end"}],
	"nodes": [{"name": "A", "service_name": "a.static", "service_method": "GET"}, {"name": "B", "service_name": "b.static", "service_method": "GET"},
		{"name": "C", "service_name": "c.static", "service_method": "GET", "service_body_replace_keys": [{"from": "A||x", "to": "a"}, {"from": "B||x", "to": "b"}]}]}}`

// called lists the clusters of the calls that wait for an answer.
func called(host test.TestHost, stream uint32) (clusters []string) {
	for _, c := range host.GetCalloutAttributesFromContext(stream) {
		clusters = append(clusters, c.Upstream)
	}
	return clusters
}

func answer(host test.TestHost, stream uint32, cluster, status, body string) {
	for _, c := range host.GetCalloutAttributesFromContext(stream) {
		if c.Upstream == cluster {
			host.CallOnHttpCallResponse(c.CalloutID, [][2]string{{":status", status}}, nil, []byte(body))
			return
		}
	}
	panic("nothing waits for " + cluster)
}

const (
	clusterA = "outbound|80||a.static"
	clusterB = "outbound|80||b.static"
	clusterC = "outbound|80||c.static"
)

func TestRequestsInTheSameVMDoNotDisturbEachOther(t *testing.T) {
	withHost(t, diamond, func(host test.TestHost) {
		var streams [2]uint32
		for i := range streams {
			streams[i] = host.InitializeHttpContext()
			assert.Equal(t, types.HeaderStopIteration, host.CallOnRequestHeaders(streams[i], request(), false))
			assert.Equal(t, types.DataStopIterationAndBuffer, host.CallOnRequestBody(streams[i], []byte("{}"), true))
		}
		answer(host, streams[0], clusterA, "200", `{"x":1}`)
		answer(host, streams[1], clusterB, "200", `{"x":4}`)
		assert.Equal(t, []string{clusterB}, called(host, streams[0]))
		assert.Equal(t, []string{clusterA}, called(host, streams[1]))
		answer(host, streams[0], clusterB, "200", `{"x":2}`)
		answer(host, streams[1], clusterA, "200", `{"x":3}`)
		for i, want := range []string{`{"a":1,"b":2}`, `{"a":3,"b":4}`} {
			calls := host.GetCalloutAttributesFromContext(streams[i])
			require.Len(t, calls, 1)
			assert.Equal(t, clusterC, calls[0].Upstream)
			assert.Equal(t, want, string(calls[0].Body))
			answer(host, streams[i], clusterC, "204", "")
			reply := host.GetSentLocalResponse(streams[i])
			require.NotNil(t, reply)
			assert.EqualValues(t, 200, reply.StatusCode)
			assert.Equal(t, "", reply.StatusCodeDetail)
		}
	})
}

func TestTheBodyAtEverySplitPoint(t *testing.T) {
	const body = `{"a": "é" }`
	withHost(t, `{"workflow": {"edges": [{"source": "start", "target": "end", "conditional": "eq {{start||a}} é"}]}}`, func(host test.TestHost) {
		for at := range len(body) + 1 {
			host.InitHttp()
			assert.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(request()))
			assert.Equal(t, types.DataStopIterationAndBuffer, host.CallOnHttpStreamingRequestBody([]byte(body[:at]), false))
			host.CallOnHttpStreamingRequestBody([]byte(body[at:]), true)
			reply := host.GetLocalResponse()
			require.NotNil(t, reply)
			assert.Equal(t, body, string(reply.Data), "cut at %d", at)
			assert.EqualValues(t, 200, reply.StatusCode)
			host.CompleteHttp()
		}
	})
}

func TestTheFirstDecisionWins(t *testing.T) {
	withHost(t, diamond, func(host test.TestHost) {
		host.CallOnHttpRequestHeaders(request())
		host.CallOnHttpRequestBody([]byte("{}"))
		calls := host.GetHttpCalloutAttributes()
		require.Len(t, calls, 2)
		host.CallOnHttpCallResponse(calls[0].CalloutID, [][2]string{{":status", "500"}}, nil, []byte("a"))
		host.CallOnHttpCallResponse(calls[1].CalloutID, [][2]string{{":status", "501"}}, nil, []byte("b"))
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.Equal(t, "workflow exec task find error,code is 500,body is a", string(reply.Data))
		assert.Equal(t, "api-workflow.httpCall_failed", reply.StatusCodeDetail)
		assert.Empty(t, host.GetHttpCalloutAttributes())
	})
}

func TestWhatIsHeld(t *testing.T) {
	const refusing = `{"env": {"on_unreadable": "refuse"}, "workflow": {}}`
	for _, tt := range []struct {
		name, config string
		headers      [][2]string
		end          bool
		want         types.Action
		status       uint32 // of the reply; 0: none
	}{
		{"a body", `{"workflow": {}}`, request(), false, types.HeaderStopIteration, 0},
		{"no body", `{"workflow": {}}`, request(), true, types.ActionContinue, 0},
		{"a binary body", `{"workflow": {}}`, request([2]string{"content-type", "application/octet-stream"}), false, types.ActionContinue, 0},
		{"an upgrade header on a POST hides nothing", `{"workflow": {}}`, request([2]string{"upgrade", "h2c"}), false, types.HeaderStopIteration, 0},
		{"nor does it hide an encoding", refusing, request([2]string{"upgrade", "x"}, [2]string{"content-encoding", "gzip"}), false, types.HeaderStopAllIterationAndWatermark, 415},
		{"a handshake", `{"workflow": {}}`, [][2]string{{":method", "GET"}, {":authority", "h"}, {":path", "/"}, {"upgrade", "x"}, {"connection", "upgrade"}}, false, types.ActionContinue, 0},
		{"gRPC is refused", refusing, request([2]string{"content-type", "application/grpc"}), false, types.HeaderStopAllIterationAndWatermark, 415},
		{"CONNECT is refused", refusing, [][2]string{{":method", "CONNECT"}, {":authority", "h"}}, false, types.HeaderStopAllIterationAndWatermark, 415},
		{"no body is not refused", refusing, request(), true, types.ActionContinue, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withHost(t, tt.config, func(host test.TestHost) {
				assert.Equal(t, tt.want, host.CallOnHttpRequestHeaders(tt.headers, test.WithEndOfStream(tt.end)))
				reply := host.GetLocalResponse()
				if tt.status == 0 {
					assert.Nil(t, reply)
					return
				}
				require.NotNil(t, reply)
				assert.Equal(t, tt.status, reply.StatusCode)
			})
		})
	}
}

func TestAPanicRefuses(t *testing.T) {
	operators["panic"] = func(string, string) (bool, error) { panic("on purpose") }
	defer delete(operators, "panic")
	const config = `{"workflow": {
		"edges": [{"source": "start", "target": "A"}, {"source": "start", "target": "continue", "conditional": "panic {{start||x}} a"}, {"source": "A", "target": "continue", "conditional": "panic a a"}],
		"nodes": [{"name": "A", "service_name": "a.static", "service_method": "GET"}]}}`
	for _, phase := range []string{"body", "callback"} {
		t.Run(phase, func(t *testing.T) {
			text := config
			if phase == "callback" {
				text = strings.Replace(config, `panic {{start||x}} a`, "eq a b", 1)
			}
			withHost(t, text, func(host test.TestHost) {
				t.Setenv("WASM_DISABLE_PANIC_RECOVERY", "false") // the emulator has set it
				host.CallOnHttpRequestHeaders(request())
				host.CallOnHttpRequestBody([]byte(`{"x":1}`))
				if phase == "callback" {
					assert.Nil(t, host.GetLocalResponse())
					host.CallOnHttpCall([][2]string{{":status", "200"}}, nil)
				}
				reply := host.GetLocalResponse()
				require.NotNil(t, reply)
				assert.EqualValues(t, 500, reply.StatusCode)
				assert.Equal(t, "api-workflow.internal_error", reply.StatusCodeDetail)
			})
		})
	}
}

func TestTimeouts(t *testing.T) {
	const workflow = `"workflow": {"nodes": [{"name": "A", "service_name": "a.static", "service_method": "GET"}, {"name": "B", "service_name": "b.static", "service_method": "GET", "timeout": 7}]}`
	for env, want := range map[string]uint32{
		`{`: 500_000, `{"env": {"timeout": 0},`: 500_000, `{"env": {"timeout": 3000},`: 3000, `{"env": {"timeout": "3000", "max_depth": 7},`: 3000,
		`{"env": {"max_depth": 2},`: 10_000, `{"env": {"max_depth": 2000000000},`: math.MaxInt32, `{"env": {"max_depth": -1, "timeout": -1},`: 500_000,
	} {
		c := load(t, env+workflow+"}")
		assert.Equal(t, want, c.nodes[0].timeout, env)
		assert.EqualValues(t, 7, c.nodes[1].timeout, env)
	}
}

func TestWarnings(t *testing.T) {
	const node = `{"service_name": "a.static", "service_method": "GET", "name": `
	for _, tt := range []struct{ name, workflow, want string }{
		{"no start", `{}`, "workflow.edges: none begins at start"},
		{"nodes that are no list", `{"nodes": {"name": "A"}}`, "workflow.nodes: is no list"},
		{"an edge from the start to no node", `{"edges": [{"source": "start", "target": "A"}]}`, "an edge leads to A, which is no node"},
		{"an edge from no node", `{"edges": [{"source": "A", "target": "end"}]}`, "workflow.edges[0].source: there is no node A"},
		{"a reference without bars", `{"nodes": [` + node + `"A", "service_body_replace_keys": [{"from": "start", "to": "x"}]}]}`, `workflow.nodes[0].service_body_replace_keys[0]: has no "||": start`},
		{"a reference to no node", `{"edges": [{"source": "start", "target": "end", "conditional": "eq {{A||b}} c"}]}`, "workflow.edges[0].conditional: there is no node A"},
		{"an unknown operator", `{"edges": [{"source": "start", "target": "end", "conditional": "ne a b"}]}`, "workflow.edges[0].conditional: invalid conditional func <nil>"},
		{"a cycle", `{"edges": [{"source": "start", "target": "A"}, {"source": "A", "target": "B"}, {"source": "B", "target": "A"}], "nodes": [` + node + `"A"}, ` + node + `"B"}]}`, "node A never runs"},
		{"nothing leads there", `{"nodes": [` + node + `"A"}]}`, "node A never runs"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c Config
			warnings, err := parse(field.Of(gjson.Parse(`{"env": {"timeout": 1}, "workflow": `+tt.workflow+`}`)), &c)
			require.NoError(t, err)
			assert.Contains(t, strings.Join(warnings, "\n"), tt.want)
		})
	}
	var c Config
	warnings, err := parse(field.Of(gjson.Parse(`{"env": {"timeout": 1}, "workflow": {"edges": [{"source": "start", "target": "end", "conditional": "eq a a"}]}}`)), &c)
	require.NoError(t, err)
	assert.Empty(t, warnings)
}

func TestNodes(t *testing.T) {
	c := load(t, `{"workflow": {"nodes": [
		{"name": "A", "service_name": "a.static", "service_method": "GET", "service_headers": [{"key": "a", "value": 1}], "service_body_tmpl": {"a" : 1.0}},
		{"name": "B", "service_name": "b.dns", "service_port": "8080", "service_domain": "b.test", "service_method": "X", "service_path": "/{{start||a}}", "service_headers": [{"key": "a", "value": "{{"}]}]}}`)
	a, b := &c.nodes[0], &c.nodes[1]
	assert.Equal(t, clusterA, a.client.ClusterName())
	assert.Equal(t, []any{"a.static", "/", `{"a" : 1.0}`}, []any{a.domain, a.path[0].before, a.template})
	assert.Empty(t, a.headers, "a list of another shape counts as none")
	assert.Equal(t, "outbound|8080||b.dns", b.client.ClusterName())
	assert.Equal(t, []any{"b.test", literal("/{{start||a}}"), []header{{"a", literal("{{")}}}, []any{b.domain, b.path, b.headers}, "no templates unless configured")
}

func TestConditions(t *testing.T) {
	const body = `{"s":0.5,"msg":"ok) (eq 1 1","empty":"","t":true,"n":null,"list":[{"a b":"(x"}],"u":"\u0061dmin","big":12345678901234567890,"quoted":"\"q\"","s":0.51}`
	for _, tt := range []struct {
		expression string
		want       bool
		fault      string
	}{
		{"and (eq a a) (or (contain hello ell) (lt 2 1))", true, ""},
		{"(eq a a)", true, ""},
		{" and(eq a a)(eq b b) ", true, ""},
		{"and (eq a a) (eq a b)", false, ""},
		{"eq (lt 1 2) true", true, ""},
		{"gt {{start||s}} 0.5", true, ""},
		{"ge {{start||s}} 0.51", true, ""},
		{"eq {{start||msg}} ok", false, ""},
		{"contain {{start||msg}} (eq", false, "invalid conditional str"},
		{"eq {{start||empty}} {{start||empty}}", true, ""},
		{"or {{start||t}} f", true, ""},
		{"eq {{start||n}} null", true, ""},
		{`contain {{start||list.#(a b=="(x").a b}} (`, false, "invalid conditional str"},
		{`eq {{start||list.#(a b=="(x").a b}} x`, false, ""},
		{"eq {{start||u}} admin", true, ""},
		{"eq pre-{{start||u}}-{{start||t}} pre-admin-true", true, ""},
		{"eq {{start||big}} 12345678901234567890", true, ""},
		{`eq {{start||quoted}} "q"`, true, ""},
		{"le 1 x", false, `"x" is not a number`},
		{"and yes no", false, `"yes" is neither true nor false`},
		{"ne a b", false, "invalid conditional func <nil>"},
		{"eq a", false, "invalid conditional str eq a"},
		{"eq a b c", false, "invalid conditional str eq a b c"},
		{"eq (a b) c", false, "invalid conditional str"},
		{"eq (eq a b c", false, "invalid conditional str"},
		{")", false, "invalid conditional str )"},
		{"true", false, "invalid conditional str true"},
		{"eq {{start}} a", false, "workflow WrapperDateByTmplStr  failed: tmpl parse find error: || is not exists start"},
		{"eq {{A||a}} a", false, "workflow WrapperDateByTmplStr eq {{A||a}} a failed: context value is not []byte,key is A"},
		{"or (eq a a) {{start||none}}", false, "failed: use path {{none}} get value is not exists,json is:{"},
		{strings.Repeat("and (", 100) + "eq a a" + strings.Repeat(") true", 100), true, ""},
		{strings.Repeat("and (", 101) + "eq a a" + strings.Repeat(") true", 101), false, "more than 100 parentheses"},
		{strings.Repeat("(", 100_000), false, "invalid conditional str"},
	} {
		t.Run(tt.expression[:min(60, len(tt.expression))], func(t *testing.T) {
			l := loader{config: &Config{}, index: map[string]int{}}
			r := run{config: l.config, start: step{text: body, known: true}}
			held, err := r.holds(l.condition("conditional", tt.expression))
			assert.Equal(t, tt.want, held)
			if tt.fault == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, tt.fault)
		})
	}
}

func TestValuesInPaths(t *testing.T) {
	l := loader{config: &Config{}, index: map[string]int{}}
	for _, tt := range []struct{ template, value, want, fault string }{
		{"/a/{{start||v}}", "b/c?d#e", "/a/b%2Fc%3Fd%23e", ""},
		{"/a?x={{start||v}}", "1&y=2", "/a?x=1%26y%3D2", ""},
		{"/a?x={{start||v}}", "", "/a?x=", ""},
		{"/{{start||v}}", "/evil.test", "/%2Fevil.test", ""},
		{"//x/{{start||v}}", "a", "http://h//x/a", ""},
		{"/a/{{start||v}}", "", "", "empty"},
		{"/a/{{start||v}}/b", "..", "", "lead elsewhere"},
		{"/a/.{{start||v}}/b", ".", "", "lead elsewhere"},
		{"/a/%2e{{start||v}}", ".", "", "lead elsewhere"},
		{"/a/x{{start||v}}", "..", "/a/x..", ""},
	} {
		path, err := l.template(tt.template)
		require.NoError(t, err)
		r := run{config: l.config, start: step{text: `{"v":` + string(gjson.AppendJSONString(nil, tt.value)) + `}`, known: true}}
		target, _, err := r.head(&node{path: path, domain: "h"})
		assert.Equal(t, tt.want, target, tt.template)
		if tt.fault == "" {
			assert.NoError(t, err, tt.template)
			continue
		}
		assert.ErrorContains(t, err, tt.fault, tt.template)
	}
}

func TestCut(t *testing.T) {
	assert.Equal(t, "short", cut("short"))
	assert.Len(t, cut(strings.Repeat("x", 2000)), mostEcho)
	assert.Equal(t, strings.Repeat("x", mostEcho-1), cut(strings.Repeat("x", mostEcho-1)+"é"), "no half characters")
}

// FuzzValuesStayOperands checks that nothing a client sends changes an expression or the JSON of a call.
func FuzzValuesStayOperands(f *testing.F) {
	for _, seed := range []string{"ok", "ok) (eq 1 1", "", " ", `"`, `\`, "{{start||x}}", "}}", "\x00\xff", "true"} {
		f.Add(seed)
	}
	l := loader{config: &Config{}, index: map[string]int{}}
	condition := l.condition("conditional", "and (eq {{start||v}} ok) (eq a a)")
	change := replacement{l.reference("from", "start||v"), "a.b"}
	f.Fuzz(func(t *testing.T, value string) {
		quoted := gjson.AppendJSONString(nil, value)
		r := run{config: l.config, start: step{text: `{"v":` + string(quoted) + `}`, known: true}}
		held, err := r.holds(condition)
		require.NoError(t, err)
		assert.Equal(t, value == "ok", held)
		data, err := r.body(&node{template: `{"a":{"c":1}}`, body: []replacement{change}})
		require.NoError(t, err)
		assert.Equal(t, `{"a":{"c":1,"b":`+string(quoted)+`}}`, data)
	})
}

// FuzzConditions checks that every expression is either worked out or refused.
func FuzzConditions(f *testing.F) {
	for _, seed := range []string{"eq a b", "and (eq a a) (or (contain hello ell) (lt 2 1))", "(((", "{{a||b}}", "{{{{", "eq {{start||@this}} {{", "not a b"} {
		f.Add(seed, `{"a":1}`)
	}
	f.Fuzz(func(t *testing.T, expression, body string) {
		l := loader{config: &Config{}, index: map[string]int{}}
		r := run{config: l.config, start: step{text: body, known: true}}
		held, err := r.holds(l.condition("conditional", expression))
		if held && err != nil {
			t.Fatalf("%q holds and fails: %v", expression, err)
		}
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/api-workflow.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, diamond)
		host.CallOnHttpRequestHeaders(request())
		host.CallOnHttpRequestBody([]byte("{}"))
		host.CallOnHttpCall([][2]string{{":status", "404"}}, []byte("no"))
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.EqualValues(t, 500, reply.StatusCode)
		assert.Equal(t, "workflow exec task find error,code is 404,body is no", string(reply.Data))
		host.CompleteHttp()
	})
}
