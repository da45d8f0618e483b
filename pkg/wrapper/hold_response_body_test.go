package wrapper

import (
	"slices"
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

// A plugin that waits for ";", turns what it has seen so far to upper case, and streams the rest.
func TestHoldResponseBody(t *testing.T) {
	const hold, pass, stop = types.DataStopIterationAndBuffer, types.ActionContinue, types.ActionPause
	for _, c := range []struct {
		name     string
		frames   []string
		trailers bool
		actions  []types.Action
		saw      []string
		forward  string // what went on with the last frame
	}{
		{"decided at once", []string{"a;b", "c"}, false, []types.Action{pass, pass}, []string{"a;b", "c"}, "c"},
		{"held until decided", []string{"a", "b", ";c"}, false, []types.Action{hold, hold, pass}, []string{"a", "ab", "ab;c"}, "AB;C"},
		{"held to the end", []string{"a", "b"}, false, []types.Action{hold, hold}, []string{"a", "ab"}, "ab"},
		{"held until trailers come", []string{"a", "b"}, true, []types.Action{hold, hold, stop}, []string{"a", "ab", "ab"}, "ab"},
		{"trailers after it was decided", []string{"a;", "b"}, true, []types.Action{pass, pass, pass}, []string{"a;", "b", ""}, "b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var saw []string
			decided := false
			h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessStreamingResponseBody(
				func(ctx HttpContext, _ config, chunk []byte, last bool) []byte {
					saw = append(saw, string(chunk))
					if decided {
						return chunk
					}
					if !strings.Contains(string(chunk), ";") {
						HoldResponseBody(ctx)
						return []byte("ignored")
					}
					decided = true
					return []byte(strings.ToUpper(string(chunk)))
				}))
			h.request(true)
			h.CallOnResponseHeaders(h.stream, [][2]string{{":status", "200"}}, false)
			var actions []types.Action
			for i, frame := range c.frames {
				actions = append(actions, h.CallOnResponseBody(h.stream, []byte(frame), i == len(c.frames)-1 && !c.trailers))
			}
			if c.trailers {
				actions = append(actions, h.CallOnResponseTrailers(h.stream, someTrailers))
			}
			if !slices.Equal(actions, c.actions) || !slices.Equal(saw, c.saw) {
				t.Errorf("got actions %v and chunks %q, want %v and %q", actions, saw, c.actions, c.saw)
			}
			if got := string(h.GetCurrentResponseBody(h.stream)); got != c.forward {
				t.Errorf("went on with %q, want %q", got, c.forward)
			}
		})
	}
}
