package wrapper

import (
	"slices"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

// recordedChunks is a streaming handler that records what it gets and answers the last chunk with rest.
func recordedChunks(got *[]string, rest string) onHttpStreamingBodyFunc[config] {
	return func(_ HttpContext, _ config, chunk []byte, last bool) []byte {
		if !last {
			*got = append(*got, string(chunk))
			return chunk
		}
		*got = append(*got, string(chunk)+"|last")
		return append(chunk, rest...)
	}
}

var plainResponse = [][2]string{{":status", "200"}, {"content-type", "text/plain"}}
var someTrailers = [][2]string{{"t", "v"}}

func TestTrailersEndAStreamedBody(t *testing.T) {
	for _, c := range []struct {
		name   string
		frames []bool // each "ab"; whether it carries the end of the stream
		want   []string
	}{
		{"the last chunk comes with the trailers, empty", []bool{false, false}, []string{"ab", "ab", "|last"}},
		{"trailers without a body", nil, []string{"|last"}},
		{"a body that is over gets no second end", []bool{false, true}, []string{"ab", "ab|last"}},
	} {
		t.Run("request: "+c.name, func(t *testing.T) {
			var got []string
			h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessStreamingRequestBody(recordedChunks(&got, "")))
			h.request(false)
			for _, end := range c.frames {
				if action := h.CallOnRequestBody(h.stream, []byte("ab"), end); action != types.ActionContinue {
					t.Errorf("chunk: got action %d", action)
				}
			}
			if action := h.CallOnRequestTrailers(h.stream, someTrailers); action != types.ActionContinue {
				t.Errorf("trailers: got action %d", action)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("the handler saw %q, want %q", got, c.want)
			}
		})
		t.Run("response: "+c.name, func(t *testing.T) {
			var got []string
			h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessStreamingResponseBody(recordedChunks(&got, "")))
			h.request(true)
			h.CallOnResponseHeaders(h.stream, plainResponse, false)
			for _, end := range c.frames {
				if action := h.CallOnResponseBody(h.stream, []byte("ab"), end); action != types.ActionContinue {
					t.Errorf("chunk: got action %d", action)
				}
			}
			if action := h.CallOnResponseTrailers(h.stream, someTrailers); action != types.ActionContinue {
				t.Errorf("trailers: got action %d", action)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("the handler saw %q, want %q", got, c.want)
			}
		})
	}
}

// withBodyAtTheTrailers runs the request header phase and leaves "ab" in the host's buffer for the trailers, as a host
// does whose later filter buffers.
func withBodyAtTheTrailers(t *testing.T, h *host) {
	t.Helper()
	h.request(false)
	h.CallOnRequestBody(h.stream, []byte("ab"), false)
}

func TestTheLastWordsOfAStreamingHandlerAreAppendedAtTheTrailers(t *testing.T) {
	for _, c := range []struct{ name, rest, want string }{
		{"something", "-rest", "ab-rest"},
		{"nothing leaves the body alone", "", "ab"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessStreamingRequestBody(recordedChunks(&got, c.rest)))
			withBodyAtTheTrailers(t, h)
			h.CallOnRequestTrailers(h.stream, someTrailers)
			if body := string(h.GetCurrentRequestBody(h.stream)); body != c.want {
				t.Errorf("the body is %q, want %q", body, c.want)
			}
		})
	}
}

func TestAPausedStreamingResponseIsWithheldToItsEnd(t *testing.T) {
	var got []string
	h := start(t, hostSetup{config: `{"name":"x"}`},
		ProcessRequestHeaders(func(ctx HttpContext, _ config) types.Action {
			ctx.NeedPauseStreamingResponse()
			return types.ActionContinue
		}),
		ProcessStreamingResponseBody(recordedChunks(&got, "")))
	h.request(true)
	if action := h.CallOnResponseHeaders(h.stream, plainResponse, false); action != types.ActionContinue {
		t.Errorf("headers: got action %d", action)
	}
	for range 2 {
		if action := h.CallOnResponseBody(h.stream, []byte("ab"), false); action != types.DataStopIterationNoBuffer {
			t.Errorf("chunk: got action %d, want stop without buffering", action)
		}
	}
	if action := h.CallOnResponseTrailers(h.stream, someTrailers); action != types.ActionPause {
		t.Errorf("trailers: got action %d, want stop", action)
	}
	if want := []string{"ab", "ab", "|last"}; !slices.Equal(got, want) {
		t.Errorf("the handler saw %q, want %q", got, want)
	}
}

func TestAPausedStreamingResponseWithoutTrailersStaysWithheld(t *testing.T) {
	var got []string
	h := start(t, hostSetup{config: `{"name":"x"}`},
		ProcessRequestHeaders(func(ctx HttpContext, _ config) types.Action {
			ctx.NeedPauseStreamingResponse()
			return types.ActionContinue
		}),
		ProcessStreamingResponseBody(recordedChunks(&got, "")))
	h.request(true)
	h.CallOnResponseHeaders(h.stream, plainResponse, false)
	if action := h.CallOnResponseBody(h.stream, []byte("ab"), true); action != types.DataStopIterationNoBuffer {
		t.Errorf("last chunk: got action %d, want stop without buffering", action)
	}
	if want := []string{"ab|last"}; !slices.Equal(got, want) {
		t.Errorf("the handler saw %q, want %q", got, want)
	}
}
