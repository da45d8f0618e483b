package codec

import (
	"slices"
	"testing"

	"github.com/wasmplane/wasmplane/gateway/header"
)

func TestHopByHopHeaders(t *testing.T) {
	type pairs = [][2]string
	for _, c := range []struct {
		name     string
		strip    func(*header.Map)
		in, want pairs
	}{
		{"request", StripRequestHopByHop,
			pairs{{"connection", "x"}, {"keep-alive", "5"}, {"proxy-connection", "y"}, {"transfer-encoding", "chunked"}, {"upgrade", "z"}, {"te", "gzip"}, {"a", "b"}},
			pairs{{"a", "b"}}},
		{"te trailers stays", StripRequestHopByHop, pairs{{"te", "gzip, Trailers"}}, pairs{{"te", "trailers"}}},
		{"upgrade request", StripRequestHopByHop,
			pairs{{"connection", "Upgrade"}, {"upgrade", "websocket"}, {"keep-alive", "5"}},
			pairs{{"connection", "Upgrade"}, {"upgrade", "websocket"}, {"content-length", "0"}}},
		{"response", StripResponseHopByHop,
			pairs{{":status", "200"}, {"connection", "close"}, {"keep-alive", "5"}, {"transfer-encoding", "chunked"}, {"upgrade", "h2"}, {"a", "b"}},
			pairs{{":status", "200"}, {"a", "b"}}},
		{"accepted upgrade", StripResponseHopByHop,
			pairs{{":status", "101"}, {"connection", "keep-alive, Upgrade"}, {"upgrade", "websocket"}},
			pairs{{":status", "101"}, {"connection", "upgrade"}, {"upgrade", "websocket"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := header.New(c.in...)
			c.strip(h)
			if got := h.Pairs(); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
