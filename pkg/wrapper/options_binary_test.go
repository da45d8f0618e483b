package wrapper

import (
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

func TestBinaryRequestBodiesAreReadOnlyWhenAskedFor(t *testing.T) {
	for _, c := range []struct {
		name   string
		header [2]string
		asked  bool
		want   string
	}{
		{"octet-stream", [2]string{"content-type", "application/octet-stream"}, false, ""},
		{"octet-stream, asked", [2]string{"content-type", "application/octet-stream"}, true, "data"},
		{"gRPC", [2]string{"content-type", "application/grpc"}, false, ""},
		{"gRPC, asked", [2]string{"content-type", "application/grpc"}, true, "data"},
		{"encoded", [2]string{"content-encoding", "gzip"}, false, ""},
		{"encoded, asked", [2]string{"content-encoding", "gzip"}, true, "data"},
		{"a websocket is no body, asked or not", [2]string{"upgrade", "websocket"}, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			seen := ""
			options := []CtxOption[config]{ProcessRequestBody(func(_ HttpContext, _ config, body []byte) types.Action {
				seen = string(body)
				return types.ActionContinue
			})}
			if c.asked {
				options = append(options, ReadBinaryRequestBody[config]())
			}
			h := start(t, hostSetup{config: `{"name":"x"}`}, options...)
			h.request(false, c.header, [2]string{"connection", "upgrade"})
			h.CallOnRequestBody(h.stream, []byte("data"), true)
			if seen != c.want {
				t.Errorf("the handler saw %q, want %q", seen, c.want)
			}
		})
	}
}
