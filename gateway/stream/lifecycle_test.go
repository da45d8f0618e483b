package stream

import (
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
)

func TestEndOfStream(t *testing.T) {
	playAll(t, []transcript{
		{name: "complete exchange: nothing after it", filters: "a b", lines: `
			req H         | a>H b>H up.H
			req D:1       | a>D:1 b>D:1 up.D:1
			req T         | a>T b>T up.T
			resp H:200    | b<H a<H down.H:200
			resp D:x      | b<D:x a<D:x down.D:x
			resp T        | b<T a<T down.T end
			resp D:y.     |
			req D:z.      |
			a reply:500:x |
			a cont<       |
			b inject:q.   |
			a reset:late  |
			a limit:1     |
			client gone   |
			client slow   |
			upstream slow |`},
		{name: "client gone while the request is held", filters: "a{>H=allwm} b", lines: `
			req H       | a>H
			client gone | end
			a cont>     |
			req D:1     |`},
		{name: "client gone during the response", filters: "a", lines: `
			req H.      | a>H. up.H.
			resp H:200  | a<H down.H:200
			client gone | up.reset end`},
		{name: "client gone before headers", filters: "a", lines: `
			client gone | end
			req H       |`},
		{name: "upstream reset before headers is a local reply", filters: "a", lines: `
			req H.           | a>H. up.H.
			upstream fail:UC | a<H down.H:503 a<D:no. down.D:no. end`},
		{name: "upstream reset after headers resets the client", filters: "a", lines: `
			req H.           | a>H. up.H.
			resp H:200       | a<H down.H:200
			upstream fail:UC | down.reset:upstream_broke end`},
		{name: "upstream reset after its complete answer means nothing", filters: "a{<H=stop}", lines: `
			req H.           | a>H. up.H.
			resp H:204.      | a<H.
			upstream fail:UC |
			a cont<          | down.H:204. end`},
		{name: "a filter resets from its callback, destroyed only afterwards", filters: "a{>H=go!reset:wasm_close_stream} b", lines: `
			req H | a>H down.reset:wasm_close_stream end`},
		{name: "a filter resets when it is made", filters: "a{new=x!reset:why} b", lines: `
			req H | down.reset:why end
			req H |`},
		{name: "the upstream answers before the request is complete", filters: "a{>D=buf} b", lines: `
			req H       | a>H b>H up.H
			req D:1     | a>D:1
			resp H:200  | b<H a<H down.H:200
			req D:2     | a>D:12 b>D:12 up.D:12
			resp D:x.   | b<D:x. a<D:x. down.D:x. up.reset end
			req D:3     |`},
		{name: "it stops the request even while a filter holds the answer", filters: "a{>D=buf;<H=stop}", lines: `
			req H       | a>H up.H
			req D:1     | a>D:1
			resp H:204. | a<H.
			req D:2     |
			a cont>     |
			a cont<     | down.H:204. up.reset end`},
		{name: "no filters", filters: "", lines: `
			req H     | up.H
			req D:1.  | up.D:1.
			resp H:200 | down.H:200
			resp D:x. | down.D:x. end`},
		{name: "no filters: what follows the end is dropped", filters: "", lines: `
			req H   | up.H
			req D:. | up.D:.
			req D:x |
			req T   |`},
		{name: "no filters: what follows the trailers is dropped", filters: "", lines: `
			req H    | up.H
			req T    | up.T
			req D:x. |
			req T    |`},
		{name: "what follows the end of the request is dropped", filters: "a", lines: `
			req H   | a>H up.H
			req H   |
			req D:  |
			req D:. | a>D:. up.D:.
			req D:x |
			req T   |`},
		{name: "response data before headers is dropped", filters: "a", lines: `
			req H.    | a>H. up.H.
			resp D:x. |
			resp T    |
			resp H:200. | a<H. down.H:200. end`},
	})
}

func TestCallsFromInsideOtherCallbacks(t *testing.T) {
	playAll(t, []transcript{
		{name: "resume of the request from a response callback", filters: "a{>H=go;>D=wm;<H=go!cont>} b", lines: `
			req H      | a>H b>H up.H
			req D:1    | a>D:1
			resp H:200 | b<H a<H down.H:200 b>D:1 up.D:1`},
		{name: "resume of another filter waits for the callback", filters: "a{>D=go,wm!other:b.cont>} b{>D=wm} c", lines: `
			req H   | a>H b>H c>H up.H
			req D:1 | a>D:1 b>D:1
			req D:2 | a>D:2 c>D:12 up.D:12`},
		{name: "resume of oneself from the own callback is ignored", filters: "a{>H=stop!cont>;>D=wm!cont>} b", lines: `
			req H   | a>H
			req D:1 | a>D:1
			a cont> | b>H up.H b>D:1 up.D:1`},
		{name: "resume of a filter that is not stopped is ignored", filters: "a b", lines: `
			req H   | a>H b>H up.H
			a cont> |
			b cont< |`},
		{name: "a second resume in the same turn is ignored", filters: "a{>H=allwm} b{>H=go!other:a.cont>}", lines: `
			req H   | a>H
			req D:1 |
			a cont> | b>H up.H a>D:1 b>D:1 up.D:1`},
		{name: "the upstream answers from within a filter's callback", filters: "a{>D=go!resp:H:200} b", lines: `
			req H   | a>H b>H up.H
			req D:1 | a>D:1 b>D:1 up.D:1 b<H a<H down.H:200`},
	})
}

func TestUpstreamAnswersWithinItsHeadersCallback(t *testing.T) {
	for _, tc := range []struct{ name, inside, want string }{
		{"complete answer", "resp H:204.", "a>H up.H a<H. down.H:204. up.reset end"},
		{"failure", "upstream fail:UH", "a>H up.H a<H down.H:503 a<D:no. down.D:no. end"},
		{"client gone", "client gone", "a>H up.H up.reset end"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := newExchange(t, "a", 0, nil)
			x.inUpstreamHeader = tc.inside
			x.play("req H | " + tc.want + "\nreq D:1 |")
		})
	}
}

func TestRouterAnswersWhenItIsMade(t *testing.T) {
	var x *exchange
	x = newExchange(t, "a", 0, func(c *Config) {
		c.NewUpstream = func(s *Stream) Upstream {
			s.SendLocalReply(LocalReply{Code: 404, Details: "route_not_found", GRPCStatus: NoGRPCStatus})
			return (*routerEnd)(x)
		}
	})
	x.play("req H | a>H up.reset a<H. down.H:404. end")
}

func TestIdleTimeout(t *testing.T) {
	for _, tc := range []struct {
		name, filters, lines, details string
		code                          int
	}{
		{"request incomplete", "a{>H=allwm}", `
			req H | a>H
			idle  | a<H down.H:408 a<D:stream_timeout. down.D:stream_timeout. end
			idle  | no-timer`, "stream_idle_timeout", 408},
		{"request complete", "a", `
			req H. | a>H. up.H.
			idle   | up.reset a<H down.H:504 a<D:stream_timeout. down.D:stream_timeout. end`, "stream_idle_timeout", 504},
		{"response headers held", "a{<H=stop}", `
			req H.     | a>H. up.H.
			resp H:200 | a<H
			idle       | up.reset down.H:504 down.D:stream_timeout. end`, "stream_idle_timeout", 504},
		{"response headers sent", "a", `
			req H.     | a>H. up.H.
			resp H:200 | a<H down.H:200
			idle       | up.reset down.reset:stream_idle_timeout end`, "stream_idle_timeout", 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := newExchange(t, tc.filters, 0, func(c *Config) { c.IdleTimeout = time.Minute })
			x.play(tc.lines)
			info := x.stream.Info()
			if info.ResponseCode != tc.code || info.ResponseCodeDetails != tc.details || info.ResponseFlags != "SI" {
				t.Errorf("got %d %q %q", info.ResponseCode, info.ResponseCodeDetails, info.ResponseFlags)
			}
			for _, tm := range x.timers {
				if tm.d != time.Minute || !tm.dead {
					t.Errorf("timer left: %+v", tm.d)
				}
			}
		})
	}
	t.Run("every event starts the period anew", func(t *testing.T) {
		x := newExchange(t, "a", 0, func(c *Config) { c.IdleTimeout = time.Minute })
		x.play("req H | a>H up.H\nreq D:1 | a>D:1 up.D:1")
		alive := 0
		for _, tm := range x.timers {
			if !tm.dead {
				alive++
			}
		}
		if len(x.timers) != 2 || alive != 1 {
			t.Errorf("%d timers, %d alive", len(x.timers), alive)
		}
	})
}

func TestInfo(t *testing.T) {
	var clock time.Time
	tick := func() time.Time { clock = clock.Add(time.Second); return clock }
	info := &Info{}
	x := newExchange(t, "a{<D=wm}", 0, func(c *Config) { c.Now = tick; c.Info = info; c.Worker = "w" })
	x.step("req H")
	x.step("req D:1234")
	if x.stream.RequestComplete() {
		t.Error("request complete too early")
	}
	x.step("req D:5.")
	x.step("resp H:201")
	x.step("resp D:abc")
	if info.ResponseBytes != 0 || !info.End.IsZero() {
		t.Errorf("counted before it was sent: %+v", info)
	}
	x.step("resp D:d.")
	want := Info{
		RequestReceived: time.Time{}.Add(time.Second), UpstreamFirstByte: time.Time{}.Add(2 * time.Second),
		End: time.Time{}.Add(3 * time.Second), RequestBytes: 5, ResponseBytes: 4,
		RequestHeaderBytes: 29, ResponseHeaderBytes: 10,
		ResponseCode: 201, ResponseCodeDetails: "via_upstream",
		RouteName: "route-/p", ClusterName: "outbound|80||s", VirtualHost: "vh",
	}
	if got := *info; got.RequestReceived != want.RequestReceived || got.UpstreamFirstByte != want.UpstreamFirstByte ||
		got.End != want.End || got.RequestBytes != want.RequestBytes || got.ResponseBytes != want.ResponseBytes ||
		got.RequestHeaderBytes != want.RequestHeaderBytes || got.ResponseHeaderBytes != want.ResponseHeaderBytes ||
		got.ResponseCode != want.ResponseCode || got.ResponseCodeDetails != want.ResponseCodeDetails ||
		got.RouteName != want.RouteName || got.ClusterName != want.ClusterName || got.VirtualHost != want.VirtualHost {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if !x.stream.RequestComplete() || x.stream.Info() != info || x.probes["a"].cb.Worker() != "w" || x.probes["a"].cb.Info() != info {
		t.Error("accessors")
	}
}

func TestResponseFlagsAndDetails(t *testing.T) {
	for _, tc := range []struct{ name, steps, flags, details string }{
		{"client gone", "client gone", "DC", "downstream_remote_disconnect"},
		{"upstream failed", "upstream fail:UF,URX", "UF,URX", "upstream_broke"},
		{"reset by a filter", "a reset:wasm close stream", "", "wasm_close_stream"},
		{"reply by a filter", "a reply:403:no", "", "by_a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := newExchange(t, "a", 0, nil)
			x.step("req H.")
			x.step(tc.steps)
			if info := x.stream.Info(); info.ResponseFlags != tc.flags || info.ResponseCodeDetails != tc.details {
				t.Errorf("got %q %q", info.ResponseFlags, info.ResponseCodeDetails)
			}
		})
	}
	info := &Info{}
	info.AddResponseFlags("UF")
	info.AddResponseFlags("UF,DC")
	info.AddResponseFlags("")
	if info.ResponseFlags != "UF,DC" || !info.HasResponseFlag("DC") || info.HasResponseFlag("U") {
		t.Errorf("flags %q", info.ResponseFlags)
	}
}

func TestRoute(t *testing.T) {
	x := newExchange(t, "a{>H=stop;<H=stop}", 0, nil)
	cb := x.probes["a"].cb
	if cb.Route() != nil || x.routes != 0 {
		t.Error("a route before request headers")
	}
	x.step("req H")
	if x.routes != 1 || cb.Route().Name != "route-/p" || x.routes != 1 {
		t.Errorf("computed %d times", x.routes)
	}
	cb.RequestHeaders().Set(":path", "/q")
	if cb.Route().Name != "route-/p" {
		t.Error("an edit alone must not change the route")
	}
	cb.ClearRouteCache()
	if x.routes != 1 || x.stream.Info().RouteName != "route-/p" {
		t.Error("clearing must not compute")
	}
	if cb.Route().Name != "route-/q" || x.stream.Info().RouteName != "route-/q" || x.routes != 2 {
		t.Error("not computed again")
	}
	cb.SetUpstreamOverrideHost("10.0.0.1:80")
	x.step("a cont>")
	x.step("resp H:200")
	cb.RequestHeaders().Set(":path", "/r")
	cb.ClearRouteCache()
	if cb.Route().Name != "route-/q" || x.routes != 2 {
		t.Error("the route must be frozen once response headers are encoded")
	}
	if x.stream.OverrideHost() != "10.0.0.1:80" {
		t.Errorf("override host %q", x.stream.OverrideHost())
	}
}

func TestRouteIsNotComputedForARunningResponse(t *testing.T) {
	x := newExchange(t, "a{>H=stop!clear!reply:403:no;<H=stop}", 0, nil)
	x.step("req H")
	if x.stream.Route() != nil || x.routes != 1 || x.stream.Info().RouteName != "route-/p" {
		t.Errorf("route %v, computed %d times, noted %q", x.stream.Route(), x.routes, x.stream.Info().RouteName)
	}
}

func TestNoRoute(t *testing.T) {
	calls := 0
	x := newExchange(t, "a{>H=stop}", 0, func(c *Config) {
		c.Route = func(*header.Map, *Info) *Route { calls++; return nil }
	})
	x.step("req H")
	if x.stream.Route() != nil || x.stream.Route() != nil || calls != 1 {
		t.Errorf("no match must be remembered: computed %d times", calls)
	}
}

func TestHeadersAndTrailersReachTheirEnds(t *testing.T) {
	x := newExchange(t, "a{>D=go!trailers>;<D=go!trailers<}", 0, nil)
	cb := x.probes["a"].cb
	if cb.RequestHeaders() != nil || cb.ResponseHeaders() != nil || cb.RequestTrailers() != nil || cb.ResponseTrailers() != nil {
		t.Error("maps before their time")
	}
	for _, step := range []string{"req H", "req D:1.", "resp H:200", "resp D:x."} {
		x.step(step)
	}
	if x.router.trailers.Value("by") != "a" || x.codec.trailers.Value("by") != "a" {
		t.Errorf("trailers %v %v", x.router.trailers, x.codec.trailers)
	}
	if x.router.headers.Value(":path") != "/p" || cb.RequestHeaders().Value(":path") != "/p" ||
		cb.ResponseHeaders().Value(":status") != "200" || cb.RequestTrailers() == nil || cb.ResponseTrailers() == nil {
		t.Error("maps are not kept")
	}
}

func TestFactoryMayDecline(t *testing.T) {
	x := newExchange(t, "a", 0, func(c *Config) {
		c.Filters = append([]FilterFactory{func(Callbacks) Filter { return nil }}, c.Filters...)
	})
	x.play("req H. | a>H. up.H.\nresp H:204. | a<H. down.H:204. end")
}
