package wrapper

import (
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

func pauseHeaders(HttpContext, config) types.Action              { return types.ActionPause }
func passBody(HttpContext, config, []byte) types.Action          { return types.ActionContinue }
func passChunk(_ HttpContext, _ config, c []byte, _ bool) []byte { return c }

func TestPhases(t *testing.T) {
	for _, c := range []struct {
		name    string
		options []CtxOption[config]
		want    int32
	}{
		{"no handler", nil, PhasesKnown},
		{"requests are counted", []CtxOption[config]{WithRebuildAfterRequests[config](10)}, PhasesKnown | PhaseRequestHeaders},
		{"memory is watched", []CtxOption[config]{WithRebuildMaxMemBytes[config](1 << 20)}, PhasesKnown | PhaseRequestHeaders},
		{"request headers", []CtxOption[config]{ProcessRequestHeaders(pauseHeaders)},
			PhasesKnown | PhaseRequestHeaders | PhaseRouteCall},
		{"request headers without route calls", []CtxOption[config]{ProcessRequestHeaders(pauseHeaders), NoRouteCall[config]()},
			PhasesKnown | PhaseRequestHeaders},
		{"a buffered request body needs trailers", []CtxOption[config]{ProcessRequestBody(passBody), NoRouteCall[config]()},
			PhasesKnown | PhaseRequestHeaders | PhaseRequestBodyBuffered | PhaseRequestTrailers},
		{"a streamed response body", []CtxOption[config]{ProcessStreamingResponseBody(passChunk)},
			PhasesKnown | PhaseRequestHeaders | PhaseResponseHeaders | PhaseResponseBodyStreaming | PhaseResponseTrailers},
		{"stream done", []CtxOption[config]{ProcessStreamDone(func(HttpContext, config) {})},
			PhasesKnown | PhaseRequestHeaders | PhaseStreamDone},
	} {
		t.Run(c.name, func(t *testing.T) {
			options := append(c.options, ParseConfig(parseConfig))
			if got := NewCommonVmCtx("test", options...).phases(); got != c.want {
				t.Fatalf("got %b, want %b", got, c.want)
			}
		})
	}
}

func TestAPauseHolds(t *testing.T) {
	callOut := func(HttpContext, config) types.Action {
		_ = HttpCall(TargetCluster{Cluster: "c", Host: "h"}, "GET", "/", nil, nil, nil)
		return types.ActionPause
	}
	dontRead := func(ctx HttpContext, _ config) types.Action {
		ctx.DontReadRequestBody()
		return types.ActionPause
	}
	const stop, stopAll = types.HeaderStopIteration, types.HeaderStopAllIterationAndWatermark
	for _, c := range []struct {
		name        string
		headers     onHttpHeadersFunc[config]
		body        bool
		endOfStream bool
		want        types.Action
	}{
		{"without a body handler", pauseHeaders, false, false, stopAll},
		{"with a body handler body callbacks run", pauseHeaders, true, false, stop},
		{"with a body handler but no body", pauseHeaders, true, true, stopAll},
		{"with a body handler that is not wanted", dontRead, true, false, stopAll},
		{"while a call-out is unanswered", callOut, true, false, stopAll},
	} {
		t.Run(c.name, func(t *testing.T) {
			options := []CtxOption[config]{ProcessRequestHeaders(c.headers)}
			if c.body {
				options = append(options, ProcessRequestBody(passBody))
			}
			h := start(t, hostSetup{config: `{"name":"x"}`}, options...)
			if got := h.request(c.endOfStream); got != c.want {
				t.Fatalf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestAResponsePauseHolds(t *testing.T) {
	h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessResponseHeaders(pauseHeaders))
	h.request(true)
	if got := h.CallOnResponseHeaders(h.stream, [][2]string{{":status", "200"}}, false); got != types.HeaderStopAllIterationAndWatermark {
		t.Fatalf("got %d", got)
	}
}

func TestTheBufferedHandlerSeesEveryBody(t *testing.T) {
	type frame struct {
		data string
		end  bool
	}
	for _, c := range []struct {
		name     string
		frames   []frame
		trailers bool
		want     string
	}{
		{"one frame", []frame{{"abc", true}}, false, "abc"},
		{"several frames", []frame{{"ab", false}, {"c", true}}, false, "abc"},
		{"an empty frame at the end", []frame{{"abc", false}, {"", true}}, false, "abc"},
		{"nothing but the end", []frame{{"", true}}, false, ""},
		{"trailers after the body", []frame{{"abc", false}}, true, "abc"},
		{"trailers without a body", nil, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessRequestBody(func(_ HttpContext, _ config, body []byte) types.Action {
				got = append(got, string(body))
				return types.ActionContinue
			}))
			h.request(false)
			for i, f := range c.frames {
				action := h.CallOnRequestBody(h.stream, []byte(f.data), f.end)
				if want := types.ActionPause; !f.end && action != want {
					t.Fatalf("frame %d: got action %d, want %d", i, action, want)
				}
			}
			if c.trailers {
				if action := h.CallOnRequestTrailers(h.stream, [][2]string{{"t", "v"}}); action != types.ActionContinue {
					t.Fatalf("trailers: got action %d", action)
				}
			}
			if len(got) != 1 || got[0] != c.want {
				t.Fatalf("got %q, want one call with %q", got, c.want)
			}
		})
	}
}

func TestStreamingHandlers(t *testing.T) {
	for _, c := range []struct {
		name    string
		handler onHttpStreamingBodyFunc[config]
		want    string
	}{
		{"unmodified", passChunk, "abc"},
		{"replaced", func(HttpContext, config, []byte, bool) []byte { return []byte("x") }, "x"},
		{"edited in place", func(_ HttpContext, _ config, c []byte, _ bool) []byte { c[0] = 'z'; return c }, "zbc"},
		{"dropped", func(HttpContext, config, []byte, bool) []byte { return nil }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessStreamingResponseBody(c.handler))
			h.request(true)
			h.CallOnResponseHeaders(h.stream, [][2]string{{":status", "200"}, {"content-type", "text/plain"}}, false)
			if action := h.CallOnResponseBody(h.stream, []byte("abc"), true); action != types.ActionContinue {
				t.Fatalf("got action %d", action)
			}
			if got := string(h.GetCurrentResponseBody(h.stream)); got != c.want {
				t.Fatalf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestBodiesThatAreNotRead(t *testing.T) {
	for _, c := range []struct {
		name    string
		headers [][2]string
		want    int
	}{
		{"text", [][2]string{{"content-type", "text/plain"}}, 1},
		{"grpc", [][2]string{{"content-type", "application/grpc"}}, 0},
		{"encoded", [][2]string{{"content-encoding", "gzip"}}, 0},
		{"websocket", [][2]string{{"connection", "keep-alive, Upgrade"}, {"upgrade", "WebSocket"}}, 0},
		{"another upgrade", [][2]string{{"connection", "Upgrade"}, {"upgrade", "h2c"}}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls := 0
			h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessRequestBody(func(HttpContext, config, []byte) types.Action {
				calls++
				return types.ActionContinue
			}))
			h.request(false, c.headers...)
			h.CallOnRequestBody(h.stream, []byte("x"), true)
			if calls != c.want {
				t.Fatalf("got %d calls, want %d", calls, c.want)
			}
		})
	}
}

func TestRequestValuesOutliveTheHeaderPhase(t *testing.T) {
	var got []string
	h := start(t, hostSetup{config: `{"name":"x"}`},
		ProcessResponseHeaders(func(ctx HttpContext, _ config) types.Action {
			got = []string{ctx.Scheme(), ctx.Host(), ctx.Path(), ctx.Method()}
			return types.ActionContinue
		}))
	h.request(true)
	h.SetHttpRequestHeaders(h.stream, nil)
	h.CallOnResponseHeaders(h.stream, [][2]string{{":status", "200"}}, true)
	if want := []string{"http", "a.com", "/p?q", "GET"}; len(got) != 4 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Fatalf("got %q, want %q", got, want)
	}
}
