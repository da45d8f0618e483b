package wrapper

import (
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

func TestRouteCall(t *testing.T) {
	type answer struct {
		status int
		body   string
	}
	for _, c := range []struct {
		name     string
		url      string
		options  []CtxOption[config]
		fails    bool
		trailers bool
	}{
		{name: "the answer's body ends it", url: "http://other.com/a%20b?x=1"},
		{name: "the answer's trailers end it", url: "/a%20b?x=1", trailers: true},
		{name: "a URL that does not parse changes nothing", url: "http://[SECRET", fails: true},
		{name: "a plugin that declared not to", url: "/", options: []CtxOption[config]{NoRouteCall[config]()}, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []answer
			options := append(c.options, ProcessRequestHeaders(pauseHeaders),
				ProcessResponseHeaders(func(HttpContext, config) types.Action {
					if !c.fails {
						t.Error("the plugin's own response handler ran")
					}
					return types.ActionContinue
				}),
				ProcessRequestBody(func(ctx HttpContext, _ config, body []byte) types.Action {
					err := ctx.RouteCall("POST", c.url, [][2]string{{"x-a", "b"}}, []byte("new"), func(status int, _ [][2]string, body []byte) {
						got = append(got, answer{status, string(body)})
						_ = proxywasm.ReplaceHttpResponseBody([]byte("replaced"))
					})
					if (err != nil) != c.fails {
						t.Errorf("got error %v", err)
					}
					if err != nil && strings.Contains(err.Error(), "SECRET") {
						t.Errorf("the error quotes the URL: %v", err)
					}
					return types.ActionContinue
				}))
			h := start(t, hostSetup{config: `{"name":"x"}`, properties: map[string]string{"cluster_name": "c"}}, options...)
			if action := h.request(false, [2]string{"accept-encoding", "gzip"}); action != types.HeaderStopIteration {
				t.Fatalf("request headers: got action %d", action)
			}
			h.CallOnRequestBody(h.stream, []byte("old"), true)
			headers := map[string]string{}
			for _, pair := range h.GetCurrentRequestHeaders(h.stream) {
				headers[pair[0]] = pair[1]
			}
			if c.fails {
				if headers[":method"] != "GET" || headers["accept-encoding"] != "gzip" {
					t.Fatalf("got headers %q", headers)
				}
				h.CallOnResponseHeaders(h.stream, [][2]string{{":status", "200"}}, true)
				return
			}
			if headers[":method"] != "POST" || headers[":path"] != "/a%20b?x=1" || headers["x-envoy-original-path"] != "/p?q" ||
				headers["x-a"] != "b" || headers["accept-encoding"] != "" {
				t.Fatalf("got headers %q", headers)
			}
			if body := string(h.GetCurrentRequestBody(h.stream)); body != "new" {
				t.Fatalf("got request body %q", body)
			}
			h.CallOnResponseHeaders(h.stream, [][2]string{{":status", "201"}, {"content-length", "4"}}, false)
			if action := h.CallOnResponseBody(h.stream, []byte("answ"), !c.trailers); c.trailers && action != types.ActionPause {
				t.Fatalf("response body: got action %d", action)
			}
			if c.trailers {
				h.CallOnResponseTrailers(h.stream, nil)
			}
			if len(got) != 1 || got[0] != (answer{201, "answ"}) {
				t.Fatalf("got answers %v", got)
			}
			if body := string(h.GetCurrentResponseBody(h.stream)); body != "replaced" {
				t.Fatalf("got response body %q", body)
			}
		})
	}
}

func TestPluginStart(t *testing.T) {
	for _, c := range []struct {
		name, config string
		option       CtxOption[config]
		want         types.OnPluginStartStatus
	}{
		{"an object", `{"name":"x"}`, nil, types.OnPluginStartStatusOK},
		{"no configuration", ``, nil, types.OnPluginStartStatusOK},
		{"not JSON", `{"secret"`, nil, types.OnPluginStartStatusFailed},
		{"a rule without a condition", `{"_rules_":[{}]}`, nil, types.OnPluginStartStatusFailed},
		{"a panic in the hook", `{"name":"x"}`,
			PrePluginStartOrReload[config](func(PluginContext) error { panic("boom") }), types.OnPluginStartStatusFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := prepare(t, hostSetup{config: c.config}, c.option)
			if got := h.StartPlugin(); got != c.want {
				t.Fatalf("got %v, want %v", got, c.want)
			}
			if contains(h.GetWarnLogs(), "secret") {
				t.Fatal("the configuration was logged")
			}
		})
	}
}

func TestAConfigurationTypeNeedsAParser(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	NewCommonVmCtx[config]("test")
}
