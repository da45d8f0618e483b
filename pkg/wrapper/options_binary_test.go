package wrapper

import (
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

func TestBinaryRequestBodiesAreReadOnlyWhenAskedFor(t *testing.T) {
	for _, header := range [][2]string{
		{"content-type", "application/octet-stream"}, {"content-type", "application/grpc"}, {"content-encoding", "gzip"},
	} {
		for _, asked := range []bool{false, true} {
			seen := ""
			options := []CtxOption[config]{ProcessRequestBody(func(_ HttpContext, _ config, body []byte) types.Action {
				seen = string(body)
				return types.ActionContinue
			})}
			want := ""
			if asked {
				options, want = append(options, ReadBinaryRequestBody[config]()), "data"
			}
			h := start(t, hostSetup{config: `{"name":"x"}`}, options...)
			h.request(false, header)
			h.CallOnRequestBody(h.stream, []byte("data"), true)
			if seen != want {
				t.Errorf("%s, asked %v: the handler saw %q, want %q", header[1], asked, seen, want)
			}
		}
	}
}
