package wrapper

import (
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

func TestOpaqueBody(t *testing.T) {
	for _, c := range []struct {
		contentType, encoding string
		want                  bool
	}{
		{"", "", false},
		{"application/json", "identity", false},
		{"application/json", " Identity , IDENTITY,", false},
		{"application/json", "gzip", true},
		{"application/json", "identity, br", true},
		{"application/octet-stream", "", true},
		{"application/grpc-web+proto; x=y", "identity", true},
		{"application/json; profile=grpc", "", false},
		{"application/json;x=octet-stream", "", false},
		{"multipart/form-data; boundary=grpc", "", false},
	} {
		if got := OpaqueBody(c.contentType, c.encoding); got != c.want {
			t.Errorf("%q, %q: got %t", c.contentType, c.encoding, got)
		}
		if OpaqueBody(c.contentType, c.encoding) && !isBinary(c.contentType, c.encoding) {
			t.Errorf("%q, %q: opaque, but not binary", c.contentType, c.encoding)
		}
	}
}

// A header handler that holds for a body is never left waiting for one that it is not shown.
func TestHoldingForABodyThatTheSDKOmits(t *testing.T) {
	const goes, stop, stopAll = types.ActionContinue, types.HeaderStopIteration, types.HeaderStopAllIterationAndWatermark
	hold := func(HttpContext, config) types.Action { return types.HeaderStopIteration }
	decline := func(ctx HttpContext, _ config) types.Action {
		ctx.DontReadRequestBody()
		ctx.DontReadResponseBody()
		return types.HeaderStopIteration
	}
	pass := func(HttpContext, config) types.Action { return types.ActionContinue }
	json := [2]string{"content-type", "application/json"}
	for _, c := range []struct {
		name       string
		headers    func(HttpContext, config) types.Action
		message    [][2]string
		failClosed bool
		action     types.Action
		seen       string
	}{
		{"identity is no encoding", hold, [][2]string{json, {"content-encoding", "identity"}}, false, stop, "data"},
		{"a parameter is no type", hold, [][2]string{{"content-type", "application/json; profile=grpc"}}, false, stop, "data"},
		{"nor with FailClosed", hold, [][2]string{{"content-type", "application/json; x=octet-stream"}}, true, stop, "data"},
		{"an encoded body lets the headers go when it comes", hold, [][2]string{json, {"content-encoding", "gzip"}}, false, stop, ""},
		{"so does a binary one", hold, [][2]string{{"content-type", "application/octet-stream"}}, false, stop, ""},
		{"FailClosed is shown an encoded one", hold, [][2]string{json, {"content-encoding", "gzip"}}, true, stop, "data"},
		{"FailClosed is shown a binary one", hold, [][2]string{{"content-type", "application/grpc"}}, true, stop, "data"},
		{"a body that is declined does not end a hold", decline, [][2]string{{"content-encoding", "identity"}}, false, stopAll, ""},
		{"without a hold nothing is shown", pass, [][2]string{json, {"content-encoding", "identity"}}, false, goes, ""},
		{"without a hold nothing is shown, with FailClosed", pass, [][2]string{json, {"content-encoding", "gzip"}}, true, goes, ""},
	} {
		for _, direction := range []string{"request", "response"} {
			t.Run(c.name+", "+direction, func(t *testing.T) {
				seen := ""
				see := func(_ HttpContext, _ config, body []byte) types.Action {
					seen += string(body)
					return types.ActionContinue
				}
				var options []CtxOption[config]
				if c.failClosed {
					options = append(options, FailClosed[config]())
				}
				var got, after types.Action
				if direction == "request" {
					h := start(t, hostSetup{config: `{"name":"x"}`}, append(options, ProcessRequestHeaders(c.headers), ProcessRequestBody(see))...)
					got = h.CallOnRequestHeaders(h.stream, append([][2]string{{":method", "POST"}, {":path", "/"}, {":authority", "a"}}, c.message...), false)
					after = h.CallOnRequestBody(h.stream, []byte("data"), true)
				} else {
					h := start(t, hostSetup{config: `{"name":"x"}`}, append(options, ProcessResponseHeaders(c.headers), ProcessResponseBody(see))...)
					h.request(true)
					got = h.CallOnResponseHeaders(h.stream, append([][2]string{{":status", "200"}}, c.message...), false)
					after = h.CallOnResponseBody(h.stream, []byte("data"), true)
				}
				if got != c.action || seen != c.seen || after != goes {
					t.Fatalf("headers: %d, want %d; the handler saw %q, want %q; body: %d", got, c.action, seen, c.seen, after)
				}
			})
		}
	}
}

func TestHoldingAWebsocket(t *testing.T) {
	const stop, stopAll = types.HeaderStopIteration, types.HeaderStopAllIterationAndWatermark
	hold := func(HttpContext, config) types.Action { return types.HeaderStopIteration }
	upgrade := [][2]string{{"connection", "Upgrade"}, {"upgrade", "websocket"}}

	t.Run("the handshake", func(t *testing.T) {
		h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessRequestHeaders(hold), ProcessRequestBody(passBody))
		if got := h.request(false, upgrade...); got != stopAll {
			t.Fatalf("the handshake: got %d, want it held, since what it waits for is not known", got)
		}
		if !contains(h.GetWarnLogs(), "the request headers of a websocket are held") {
			t.Fatalf("no warning: %q", h.GetWarnLogs())
		}
	})
	for _, c := range []struct {
		name, status string
		more         [2]string
		want         types.Action
		seen         int
	}{
		{"accepted", "101", [2]string{"x", "y"}, stopAll, 0},
		{"refused", "403", [2]string{"content-type", "application/json"}, stop, 1},
		{"refused in an encoding", "403", [2]string{"content-encoding", "gzip"}, stop, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			seen := 0
			h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessResponseHeaders(hold),
				ProcessResponseBody(func(HttpContext, config, []byte) types.Action { seen++; return types.ActionContinue }))
			h.request(false, upgrade...)
			got := h.CallOnResponseHeaders(h.stream, [][2]string{{":status", c.status}, c.more}, false)
			h.CallOnResponseBody(h.stream, []byte("{}"), true)
			if got != c.want || seen != c.seen {
				t.Fatalf("got %d and %d calls, want %d and %d", got, seen, c.want, c.seen)
			}
		})
	}
}

func TestBinaryResponseBodiesAreReadWhenAskedFor(t *testing.T) {
	for _, header := range [][2]string{{"content-type", "application/octet-stream"}, {"content-encoding", "gzip"}} {
		t.Run(header[1], func(t *testing.T) {
			seen := ""
			h := start(t, hostSetup{config: `{"name":"x"}`}, ReadBinaryResponseBody[config](),
				ProcessStreamingResponseBody(func(_ HttpContext, _ config, chunk []byte, _ bool) []byte { seen += string(chunk); return chunk }))
			h.request(true)
			h.CallOnResponseHeaders(h.stream, [][2]string{{":status", "200"}, header}, false)
			h.CallOnResponseBody(h.stream, []byte("data"), true)
			if seen != "data" {
				t.Errorf("the handler saw %q", seen)
			}
		})
	}
}
