package wrapper

import (
	"slices"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

// Three requests wait for one detached call; the second has gone when the answer comes, and the third's wake panics.
func TestParkedStreamsAreWokenEachForItself(t *testing.T) {
	var parked []Parked
	var woken []string
	var after *stream
	h := start(t, hostSetup{config: `{"name":"x"}`}, FailClosed[config](), ProcessRequestHeaders(func(ctx HttpContext, _ config) types.Action {
		parked = append(parked, Park())
		if len(parked) > 1 {
			return types.ActionPause
		}
		Detached(func() {
			_ = NewClusterClient(TargetCluster{Cluster: "c"}).Get("/", nil, func(int, Header, []byte) {
				for i, p := range parked {
					p.Wake(func() {
						if i == 2 {
							panic("woken")
						}
						path, _ := proxywasm.GetHttpRequestHeader(":path")
						woken = append(woken, path)
						_ = proxywasm.SendHttpResponseWithDetail(200, "test.woken", nil, nil, -1)
					})
				}
				after = running.stream
			})
		})
		return types.ActionPause
	}), ProcessStreamDone(func(HttpContext, config) {}))
	streams := []uint32{h.stream, h.InitializeHttpContext(), h.InitializeHttpContext()}
	for i, stream := range streams {
		action := h.CallOnRequestHeaders(stream, [][2]string{{":method", "GET"}, {":path", string(rune('a' + i))}}, true)
		if action != types.HeaderStopAllIterationAndWatermark {
			t.Fatalf("stream %d: got action %d", i, action)
		}
	}
	h.CompleteHttpContext(streams[1])
	h.CallOnHttpCallResponse(0, [][2]string{{":status", "200"}}, nil, nil)
	if !slices.Equal(woken, []string{"a"}) {
		t.Errorf("woken: %q", woken)
	}
	if after != nil {
		t.Error("the waking callback has a stream afterwards")
	}
	if reply := h.GetSentLocalResponse(streams[0]); reply == nil || reply.StatusCodeDetail != "test.woken" {
		t.Errorf("the first stream's reply: %+v", reply)
	}
	if reply := h.GetSentLocalResponse(streams[2]); reply == nil || reply.StatusCodeDetail != "test.internal_error" {
		t.Errorf("the reply of the stream that panicked: %+v", reply)
	}
}
