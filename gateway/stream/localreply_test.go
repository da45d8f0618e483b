package stream

import (
	"testing"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// Which way a reply takes depends on how far the response is. Envoy: FilterManager, sendLocalReply.
func TestLocalReplyPhases(t *testing.T) {
	const out = "a<H down.H:403 a<D:no. down.D:no. "
	const asked = "req H. | a>H. b>H. up.H.\n"
	playAll(t, []transcript{
		{name: "from request headers: only filters that saw them see the reply", filters: "a b{>H=stop!reply:403:no} c", lines: `
			req H | a>H b>H b<H a<H down.H:403 b<D:no. a<D:no. down.D:no. end`},
		{name: "the returned status is ignored", filters: "a{>H=go!reply:403:no} b", lines: `
			req H | a>H ` + out + `end`},
		{name: "from request data", filters: "a{>D=go!reply:403:no} b", lines: `
			req H   | a>H b>H up.H
			req D:1 | a>D:1 up.reset b<H a<H down.H:403 b<D:no. a<D:no. down.D:no. end`},
		{name: "from request trailers", filters: "a{>T=go!reply:403:no} b{>H=stop}", lines: `
			req H | a>H b>H
			req T | a>T b<H a<H down.H:403 b<D:no. a<D:no. down.D:no. end`},
		{name: "asynchronously while stopped", filters: "a{>H=allwm} b", lines: `
			req H          | a>H
			req D:1        |
			a reply:403:no | ` + out + `end
			a cont>        |`},
		{name: "asynchronously while waiting for the upstream", filters: "a b", lines: asked + `
			a reply:403:no | up.reset b<H a<H down.H:403 b<D:no. a<D:no. down.D:no. end
			resp H:200.    |`},
		{name: "during a resume by the next filter", filters: "a{>H=stop;>D=wm} b{>H=go!reply:403:no} c", lines: `
			req H   | a>H
			req D:1 | a>D:1
			a cont> | b>H b<H a<H down.H:403 b<D:no. a<D:no. down.D:no. end`},
		{name: "during a resume by its own body callback", filters: "a{>H=allbuf;>D=go!reply:403:no} b", lines: `
			req H   | a>H
			req D:1 |
			a cont> | b>H up.H a>D:1 up.reset b<H a<H down.H:403 b<D:no. a<D:no. down.D:no. end`},
		{name: "when the filter is made: no filter sees anything", filters: "a{new=x!reply:403:no} b", lines: `
			req H | down.H:403 down.D:no. end`},
		{name: "between creation and the headers: waits for them", filters: "a", lines: `
			a reply:403:no |
			req H          | down.H:403 down.D:no. end`},
		{name: "while body and trailers are released: the trailers stay", filters: "a{>D=wm;>T=stop} b{>D=go!reply:403:no}", lines: `
			req H   | a>H b>H up.H
			req D:1 | a>D:1
			req T   | a>T
			a cont> | b>D:1 up.reset b<H a<H down.H:403 b<D:no. a<D:no. down.D:no. end`},
		{name: "empty body ends with the headers", filters: "a{>H=stop!reply:403}", lines: `
			req H | a>H a<H. down.H:403. end`},
		{name: "only the first of a callback counts", filters: "a{>H=go!reply:403:no!reply:500:x} b", lines: `
			req H          | a>H a<H down.H:403 a<D:no. down.D:no. end
			a reply:500:no |`},
		{name: "from the filter's own response callback: replaces the reply", filters: "a{>H=go!reply:403:no;<H=stop!reply:404:yes} b", lines: `
			req H | a>H a<H down.H:404 down.D:yes. end`},
		{name: "while the response path holds a reply: replaces it", filters: "a{>H=go!reply:403:no;<H=stop;<D=buf} b", lines: `
			req H           | a>H a<H a<D:no.
			a reply:404:yes | down.H:404 down.D:yes. end`},
		{name: "a second filter's does not count while one is about to be sent", filters: "a b{>H=go!reply:403:no!other:a.reply:500:x}", lines: `
			req H. | a>H. b>H. b<H a<H down.H:403 b<D:no. a<D:no. down.D:no. end`},
		{name: "the response path may hold the reply", filters: "a{<H=stop;<D=buf} b{>H=stop!reply:403:no}", lines: `
			req H   | a>H b>H b<H a<H b<D:no. a<D:no.
			req D:x |
			b cont> |
			a cont< | down.H:403 down.D:no. end`},
		{name: "from response headers: straight to the codec", filters: "a b{<H=go!reply:403:no}", lines: asked + `
			resp H:200 | b<H up.reset down.H:403 down.D:no. end`},
		{name: "from response data with held headers", filters: "a b{<H=stop;<D=wm!reply:403:no}", lines: asked + `
			resp H:200 | b<H
			resp D:x   | b<D:x up.reset down.H:403 down.D:no. end`},
		{name: "asynchronously with held response headers", filters: "a b{<H=allwm}", lines: asked + `
			resp H:200     | b<H
			resp D:x       |
			a reply:403:no | up.reset down.H:403 down.D:no. end`},
		{name: "with headers out: reset", filters: "a b{<D=wm!reply:403:no}", lines: asked + `
			resp H:200 | b<H a<H down.H:200
			resp D:x   | b<D:x up.reset down.reset:by_b end`},
		{name: "from a response callback for another filter's reply: replaces it", filters: "a{<H=go!reply:500:x} b{>H=stop!reply:403:no}", lines: `
			req H. | a>H. b>H. b<H a<H down.H:500 down.D:x. end`},
		{name: "by the router within its headers callback", filters: "a", lines: `
			req H         | a>H up.H
			upstream fail:UF | a<H down.H:503 a<D:no. down.D:no. end`},
		{name: "upstream reset after its headers resets the client", filters: "a{<H=stop}", lines: `
			req H.           | a>H. up.H.
			resp H:200       | a<H
			upstream fail:UF | down.reset:upstream_broke end`},
	})
}

func TestLocalReplyMessage(t *testing.T) {
	grpc := [2]string{"content-type", "application/grpc+proto"}
	for _, tc := range []struct {
		name    string
		request [][2]string
		reply   LocalReply
		want    [][2]string
		body    string
	}{
		{"defaults", nil, LocalReply{Code: 403, Body: []byte("no")},
			[][2]string{{":status", "403"}, {"content-length", "2"}, {"content-type", "text/plain"}}, "no"},
		{"given content type and length", nil,
			LocalReply{Code: 200, Body: []byte("{}"), Headers: [][2]string{{"Content-Type", "application/json"}, {"content-length", "9"}}},
			[][2]string{{":status", "200"}, {"content-type", "application/json"}, {"content-length", "2"}}, "{}"},
		{"headers are added", nil,
			LocalReply{Code: 401, Body: []byte("x"), Headers: [][2]string{{"set-cookie", "a"}, {"set-cookie", "b"}}},
			[][2]string{{":status", "401"}, {"set-cookie", "a"}, {"set-cookie", "b"}, {"content-length", "1"}, {"content-type", "text/plain"}}, "x"},
		{"empty body removes length and type", nil,
			LocalReply{Code: 302, Headers: [][2]string{{"content-type", "a/b"}, {"content-length", "0"}, {"location", "/x"}}},
			[][2]string{{":status", "302"}, {"location", "/x"}}, ""},
		{"head has the headers of the full reply", [][2]string{{":method", "HEAD"}},
			LocalReply{Code: 403, Body: []byte("no")},
			[][2]string{{":status", "403"}, {"content-length", "2"}, {"content-type", "text/plain"}}, ""},
		{"grpc, mapped", [][2]string{grpc}, LocalReply{Code: 403, Body: []byte("50% é~\n"), GRPCStatus: NoGRPCStatus},
			[][2]string{{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "7"}, {"grpc-message", "50%25 %C3%A9%7E"}}, ""},
		{"grpc, given", [][2]string{grpc}, LocalReply{Code: 403, GRPCStatus: 9},
			[][2]string{{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "9"}}, ""},
		{"grpc, out of range is mapped", [][2]string{grpc}, LocalReply{Code: 418, GRPCStatus: 17},
			[][2]string{{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "2"}}, ""},
		{"grpc, a status among the headers wins", [][2]string{grpc},
			LocalReply{Code: 403, GRPCStatus: 9, Headers: [][2]string{{"grpc-status", "5"}, {"content-length", "4"}}},
			[][2]string{{":status", "200"}, {"grpc-status", "5"}, {"content-type", "application/grpc"}}, ""},
		{"not grpc: grpc-web", [][2]string{{"content-type", "application/grpc-web"}}, LocalReply{Code: 403},
			[][2]string{{":status", "403"}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := newExchange(t, "a", 0, nil)
			h := header.New(x.request...)
			for _, pair := range tc.request {
				h.Set(pair[0], pair[1])
			}
			x.stream.OnRequestHeaders(h, true)
			tc.reply.Details = "why not"
			x.stream.SendLocalReply(tc.reply)
			assertPairs(t, x.codec.headers, tc.want)
			if got := string(x.codec.body); got != tc.body {
				t.Errorf("body %q, want %q", got, tc.body)
			}
			if !x.codec.ended || !x.stream.Ended() || !x.stream.LocalReplied() {
				t.Error("the exchange did not end as a local reply")
			}
			if got := x.stream.Info().ResponseCodeDetails; got != "why_not" {
				t.Errorf("details %q", got)
			}
		})
	}
}

func TestGRPCStatusOfHTTPStatus(t *testing.T) {
	for code, want := range map[int]int{400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14, 200: 2, 413: 2, 500: 2} {
		if got := grpcStatusOf(code); got != want {
			t.Errorf("%d: got %d, want %d", code, got, want)
		}
	}
}

func TestRemovedRequiredHeaders(t *testing.T) {
	for _, tc := range []struct {
		name, filters, lines, details, flags string
		code                                 int
		request                              [][2]string
	}{
		{name: ":status", filters: "a{<H=go!drop<::status}", code: 502,
			lines: `req H. | a>H. up.H.
				resp H:200 | a<H up.reset down.H:502 down.D:missing_required_header:_:status. end`,
			details: "filter_removed_required_response_headers{missing_required_header:_:status}"},
		{name: ":status of a local reply", filters: "a{>H=go!reply:403:no;<H=go!drop<::status}", code: 502,
			lines:   `req H. | a>H. a<H down.H:502 down.D:missing_required_header:_:status. end`,
			details: "filter_removed_required_response_headers{missing_required_header:_:status}"},
		{name: ":path", filters: "a{>H=go!drop>::path}", code: 503, flags: "DPE",
			lines:   `req H | a>H a<H down.H:503 a<D:missing_required_header:_:path. down.D:missing_required_header:_:path. end`,
			details: "filter_removed_required_request_headers{missing_required_header:_:path}"},
		{name: ":method", filters: "a{>H=stop!drop>::method;>D=wm}", code: 503, flags: "DPE",
			lines: `req H | a>H
				req D:x | a>D:x
				a cont> | a<H down.H:503 a<D:missing_required_header:_:method. down.D:missing_required_header:_:method. end`,
			details: "filter_removed_required_request_headers{missing_required_header:_:method}"},
		{name: "host is :authority", filters: "a{>H=go!drop>:host}", code: 503, flags: "DPE",
			lines:   `req H | a>H a<H down.H:503 a<D:missing_required_header:_:authority. down.D:missing_required_header:_:authority. end`,
			details: "filter_removed_required_request_headers{missing_required_header:_:authority}"},
		{name: "connect needs no path", filters: "a", request: [][2]string{{":method", "CONNECT"}, {":authority", "h"}},
			lines: `req H | a>H up.H`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := newExchange(t, tc.filters, 0, nil)
			if tc.request != nil {
				x.request = tc.request
			}
			x.play(tc.lines)
			info := x.stream.Info()
			if info.ResponseCode != tc.code || info.ResponseCodeDetails != tc.details || info.ResponseFlags != tc.flags {
				t.Errorf("got %d %s %s", info.ResponseCode, info.ResponseCodeDetails, info.ResponseFlags)
			}
		})
	}
}

func assertPairs(t *testing.T, h *header.Map, want [][2]string) {
	t.Helper()
	got := h.Pairs()
	if len(got) != len(want) {
		t.Fatalf("got %v\nwant %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("entry %d: got %v, want %v", i, got[i], want[i])
		}
	}
}
