//go:build !envoy && !wasmplane_noredis

package wrapper

import (
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/resp"
)

func TestRedisCommands(t *testing.T) {
	var answer resp.Value
	client := NewRedisClusterClient(TargetCluster{Cluster: "redis"})
	if err := client.Get("k", nil); err == nil {
		t.Fatal("a command before Init was sent")
	}
	h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessRequestHeaders(func(HttpContext, config) types.Action {
		_ = client.Init("", "", 1000)
		_ = client.Command([]interface{}{"SET", []byte("ab"), 1e21, 2.5, int64(-3)}, nil)
		_ = client.MSet(map[string]interface{}{"b": 2, "a": 1}, nil)
		_ = client.SetNX("k", "v", 5, func(v resp.Value) { answer = v })
		return types.ActionPause
	}))
	if got := h.request(true); got != types.HeaderStopAllIterationAndWatermark {
		t.Fatalf("got action %d", got)
	}
	calls := h.GetRedisCalloutAttributesFromContext(h.stream)
	for i, want := range []string{
		"*5\r\n$3\r\nSET\r\n$2\r\nab\r\n$22\r\n1000000000000000000000\r\n$3\r\n2.5\r\n$2\r\n-3\r\n",
		"*5\r\n$4\r\nmset\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n",
		"*6\r\n$3\r\nset\r\n$1\r\nk\r\n$1\r\nv\r\n$2\r\nnx\r\n$2\r\nex\r\n$1\r\n5\r\n",
	} {
		if got := string(calls[i].Query); got != want {
			t.Fatalf("command %d: got %q, want %q", i, got, want)
		}
	}
	last := calls[2].CalloutID
	h.CallOnRedisCallResponse(last, 0, []byte("-NOAUTH Authentication required.\r\n"))
	calls = h.GetRedisCalloutAttributesFromContext(h.stream)
	again := calls[len(calls)-1]
	if again.CalloutID == last || !strings.Contains(string(again.Query), "nx") {
		t.Fatal("the command was not sent again after NOAUTH")
	}
	h.CallOnRedisCallResponse(again.CalloutID, 0, []byte("+OK\r\n"))
	if answer.String() != "OK" {
		t.Fatalf("got answer %v", answer)
	}
}
