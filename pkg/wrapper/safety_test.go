package wrapper

import (
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
)

func panicHeaders(HttpContext, config) types.Action      { panic("boom") }
func panicBody(HttpContext, config, []byte) types.Action { panic("boom") }

func TestAPanicLetsTheStreamGoOnByDefault(t *testing.T) {
	h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessRequestHeaders(panicHeaders), ProcessRequestBody(panicBody))
	if got := h.request(false); got != types.ActionContinue {
		t.Fatalf("headers: got %d", got)
	}
	if got := h.CallOnRequestBody(h.stream, []byte("x"), true); got != types.ActionContinue {
		t.Fatalf("body: got %d", got)
	}
	h.wantNoReply(t)
	if !contains(h.GetErrorLogs(), "recovered from panic boom, stack: ") {
		t.Fatal("the panic was not logged")
	}
	if line := strings.Join(h.GetErrorLogs(), ""); strings.Contains(line, "\n") || !strings.Contains(line, `\n`) {
		t.Fatalf("the stack is not on one line: %s", line)
	}
}

func TestAPanicRefusesWhenThePluginFailsClosed(t *testing.T) {
	for _, c := range []struct {
		name   string
		option CtxOption[config]
		act    func(h *host) types.Action
		want   types.Action
	}{
		{"request headers", ProcessRequestHeaders(panicHeaders),
			func(h *host) types.Action { return h.request(true) }, types.HeaderStopAllIterationAndWatermark},
		{"request body", ProcessRequestBody(panicBody), func(h *host) types.Action {
			h.request(false)
			return h.CallOnRequestBody(h.stream, []byte("x"), true)
		}, types.DataStopIterationNoBuffer},
		{"request trailers", ProcessRequestBody(panicBody), func(h *host) types.Action {
			h.request(false)
			return h.CallOnRequestTrailers(h.stream, nil)
		}, types.ActionPause},
		{"response headers", ProcessResponseHeaders(panicHeaders), func(h *host) types.Action {
			h.request(true)
			return h.CallOnResponseHeaders(h.stream, [][2]string{{":status", "200"}}, true)
		}, types.HeaderStopAllIterationAndWatermark},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := start(t, hostSetup{config: `{"name":"x"}`}, FailClosed[config](), c.option)
			if got := c.act(h); got != c.want {
				t.Fatalf("got action %d, want %d", got, c.want)
			}
			h.wantReply(t, 500, "test.internal_error")
		})
	}
}

func callOutAndPanic(HttpContext, config) types.Action {
	err := HttpCall(TargetCluster{Cluster: "c", Host: "h"}, "GET", "/", nil, nil, func(int, Header, []byte) { panic("boom") })
	if err != nil {
		panic(err)
	}
	return types.ActionPause
}

func TestAPanicInACallback(t *testing.T) {
	answer := func(h *host) {
		call := h.GetCalloutAttributesFromContext(h.stream)[0]
		h.CallOnHttpCallResponse(call.CalloutID, [][2]string{{":status", "200"}}, nil, []byte("x"))
	}
	t.Run("resumes the stream by default", func(t *testing.T) {
		h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessRequestHeaders(callOutAndPanic))
		h.request(true)
		answer(h)
		if got := h.GetCurrentHttpStreamAction(h.stream); got != types.ActionContinue {
			t.Fatalf("got action %d", got)
		}
		h.wantNoReply(t)
	})
	t.Run("refuses the request when the plugin fails closed", func(t *testing.T) {
		h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessRequestHeaders(callOutAndPanic), FailClosed[config]())
		h.request(true)
		answer(h)
		if got := h.GetCurrentHttpStreamAction(h.stream); got == types.ActionContinue {
			t.Fatal("the stream was resumed")
		}
		h.wantReply(t, 500, "test.internal_error")
	})
}

func TestRulesHold(t *testing.T) {
	handler := ProcessRequestHeaders(func(_ HttpContext, c config) types.Action {
		_ = proxywasm.AddHttpRequestHeader("x-rule", c.Name)
		return types.ActionContinue
	})
	const byRoute = `{"name":"global","_rules_":[{"_match_route_":["r"],"name":"rule"}]}`
	const byService = `{"name":"global","_rules_":[{"_match_service_":["s.dns"],"name":"rule"}]}`
	const byDomain = `{"name":"global","_rules_":[{"_match_domain_":["a.com"],"name":"rule"}]}`
	for _, c := range []struct {
		name       string
		config     string
		properties map[string]string
		failClosed bool
		want       string // rule; empty: refused
	}{
		{"route_name", byRoute, map[string]string{"route_name": "r"}, true, "rule"},
		{"xds.route_name", byRoute, map[string]string{"xds.route_name": "r"}, true, "rule"},
		{"another route", byRoute, map[string]string{"route_name": "z"}, true, "global"},
		{"no route information, fail closed", byRoute, nil, true, ""},
		{"no route information", byRoute, nil, false, "global"},
		{"xds.cluster_name", byService, map[string]string{"xds.cluster_name": "outbound|80||s.dns"}, true, "rule"},
		{"a route without a cluster", byService, map[string]string{"route_name": "r"}, true, "global"},
		{"no cluster information, fail closed", byService, nil, true, ""},
		{"domains need no route", byDomain, nil, true, "rule"},
		{"no rules need nothing", `{"name":"global"}`, nil, true, "global"},
	} {
		t.Run(c.name, func(t *testing.T) {
			options := []CtxOption[config]{handler}
			if c.failClosed {
				options = append(options, FailClosed[config]())
			}
			h := start(t, hostSetup{config: c.config, properties: c.properties}, options...)
			h.request(true)
			if c.want == "" {
				h.wantReply(t, 500, "test.no_route_information")
				return
			}
			h.wantNoReply(t)
			headers := h.GetCurrentRequestHeaders(h.stream)
			if last := headers[len(headers)-1]; last != [2]string{"x-rule", c.want} {
				t.Fatalf("got %q, want rule %q", last, c.want)
			}
		})
	}
}

func TestLogLines(t *testing.T) {
	h := start(t, hostSetup{config: `{"name":"x","_plugin_id_":"p1"}`}, ProcessRequestHeadersBy(
		func(_ HttpContext, _ config, l log.Log) types.Action {
			l.Infof("n=%d", 1)
			return types.ActionContinue
		}))
	h.request(true, [2]string{"x-request-id", "%d%s"})
	if !contains(h.GetInfoLogs(), "[test] [p1] [%d%s] n=1") {
		t.Fatalf("got %q", h.GetInfoLogs())
	}
}

func TestCalloutsDoNotLogSecrets(t *testing.T) {
	h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessRequestHeaders(func(HttpContext, config) types.Action {
		headers := [][2]string{{":Path", "/evil"}, {"authorization", "secret"}}
		_ = HttpCall(TargetCluster{Cluster: "c", Host: "h"}, "POST", "http://x/a%2Fb?token=secret", headers, []byte("secret"), nil)
		if headers[0][0] != ":Path" {
			t.Error("the caller's headers were changed")
		}
		return types.ActionPause
	}))
	h.request(true)
	call := h.GetCalloutAttributesFromContext(h.stream)[0]
	want := [][2]string{{"authorization", "secret"}, {":method", "POST"}, {":path", "/a%2Fb?token=secret"}, {":authority", "x"}}
	for i, w := range want {
		if call.Headers[i] != w {
			t.Fatalf("got %q, want %q", call.Headers, want)
		}
	}
	for _, line := range h.GetInfoLogs() {
		if strings.Contains(line, "secret") {
			t.Fatalf("a secret was logged: %s", line)
		}
	}
	if count(h.GetInfoLogs(), "http call start, id: ") != 1 {
		t.Fatalf("got %q", h.GetInfoLogs())
	}
}

func TestTicks(t *testing.T) {
	var early, parsed int
	h := start(t, hostSetup{config: `{"name":"x"}`},
		PrePluginStartOrReload[config](func(PluginContext) error {
			RegisterTickFunc(2000, func() { early++; panic("boom") })
			RegisterTickFunc(3000, func() { parsed++ })
			return nil
		}))
	if got := h.GetTickPeriod(); got != 100 {
		t.Fatalf("first period: got %d", got)
	}
	h.Tick()
	if early != 1 || parsed != 1 {
		t.Fatalf("first tick: got %d and %d runs", early, parsed)
	}
	if got := h.GetTickPeriod(); got != 1000 {
		t.Fatalf("common period: got %d", got)
	}
	h.Tick()
	if early != 1 || parsed != 1 {
		t.Fatalf("too early: got %d and %d runs", early, parsed)
	}
}

func TestLeaderElectionHappensOnTicks(t *testing.T) {
	var context PluginContext
	h := start(t, hostSetup{config: `{"name":"x"}`, properties: map[string]string{"plugin_name": "ns.p"}},
		PrePluginStartOrReload[config](func(ctx PluginContext) error {
			context = ctx
			ctx.DoLeaderElection()
			return nil
		}))
	if context.IsLeader() {
		t.Fatal("elected while starting")
	}
	h.Tick()
	if !context.IsLeader() || context.GetFingerPrint() != "ns.p" {
		t.Fatalf("leader %v, fingerprint %s", context.IsLeader(), context.GetFingerPrint())
	}
}

func TestAttributesToLog(t *testing.T) {
	for _, c := range []struct{ name, before, want string }{
		{"no earlier value", "", `{\"a\":\"\\u003c\",\"n\":2}`},
		{"merged, numbers kept", `{\"id\":9007199254740993,\"n\":1}`, `{\"a\":\"\\u003c\",\"id\":9007199254740993,\"n\":2}`},
		{"a foreign value is overwritten", `not json`, `{\"a\":\"\\u003c\",\"n\":2}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			properties := map[string]string{}
			if c.before != "" {
				properties["custom_log"] = c.before
			}
			h := start(t, hostSetup{config: `{"name":"x"}`, properties: properties},
				ProcessRequestHeaders(func(ctx HttpContext, _ config) types.Action {
					ctx.SetUserAttribute("a", "<")
					ctx.SetUserAttribute("n", 2)
					if err := ctx.WriteUserAttributeToLog(); err != nil {
						t.Error(err)
					}
					value, _ := proxywasm.GetProperty([]string{"custom_log"})
					if string(value) != c.want {
						t.Errorf("got %s, want %s", value, c.want)
					}
					return types.ActionContinue
				}))
			h.request(true)
		})
	}
}
