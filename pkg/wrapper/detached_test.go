package wrapper

import (
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

func TestCalloutsAndTheEndOfTheirStream(t *testing.T) {
	for _, c := range []struct {
		name     string
		start    func(call func())
		ended    bool // the stream ends before the answer comes
		answered bool
		stream   bool // the callback has a stream
	}{
		{"of a stream, answered in time", func(call func()) { call() }, false, true, true},
		{"of a stream that has ended", func(call func()) { call() }, true, false, false},
		{"detached, answered in time", Detached, false, true, false},
		{"detached, of a stream that has ended", Detached, true, true, false},
		{"detached twice", func(call func()) { Detached(func() { Detached(call) }) }, true, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var answered, stream bool
			h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessRequestHeaders(func(HttpContext, config) types.Action {
				c.start(func() {
					err := NewClusterClient(TargetCluster{Cluster: "c"}).Get("/", nil, func(int, Header, []byte) {
						answered, stream = true, running.stream != nil
					})
					if err != nil {
						t.Error(err)
					}
				})
				if running.stream == nil {
					t.Error("the handler has lost its stream")
				}
				return types.ActionContinue
			}))
			h.request(true)
			if c.ended {
				h.CompleteHttpContext(h.stream)
			}
			h.CallOnHttpCallResponse(0, [][2]string{{":status", "200"}}, nil, nil)
			if answered != c.answered || stream != c.stream {
				t.Errorf("answered %v with a stream %v, want %v and %v", answered, stream, c.answered, c.stream)
			}
		})
	}
}

func TestACalloutAfterADetachedOneBelongsToTheStream(t *testing.T) {
	var answers []string
	h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessRequestHeaders(func(HttpContext, config) types.Action {
		client := NewClusterClient(TargetCluster{Cluster: "c"})
		Detached(func() { _ = client.Get("/", nil, func(int, Header, []byte) { answers = append(answers, "detached") }) })
		_ = client.Get("/", nil, func(int, Header, []byte) { answers = append(answers, "stream") })
		return types.ActionContinue
	}))
	h.request(true)
	h.CompleteHttpContext(h.stream)
	h.CallOnHttpCallResponse(1, [][2]string{{":status", "200"}}, nil, nil)
	h.CallOnHttpCallResponse(0, [][2]string{{":status", "200"}}, nil, nil)
	if len(answers) != 1 || answers[0] != "detached" {
		t.Errorf("got answers %q, want that of the detached call alone", answers)
	}
}
