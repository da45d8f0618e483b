package server

import (
	"strings"

	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/stream"
	"github.com/wasmplane/wasmplane/gateway/upstream"
)

// failure is what becomes of an upstream request that was reset, in Envoy's terms.
type failure struct {
	code      int
	flags     string // Envoy's short response flag
	text      string // body of the reply
	reason    string // Envoy's name of the reset
	transport string // the transport's own words, "" without any
}

// transportMark stands in upstream's reason between the reset's name and the transport's words.
const transportMark = ", transport failure reason: "

func upstreamFailure(err *codec.ResetError) failure {
	f := failure{code: 503, text: upstream.ResetText(err)}
	f.reason, f.transport, _ = strings.Cut(upstream.ResetReason(err), transportMark)
	switch err.Kind {
	case codec.ConnectFailure, codec.ConnectTimeout:
		f.flags = "UF"
	case codec.ProtocolError:
		f.code, f.flags = 502, "UPE"
	case codec.RemoteReset:
		f.flags = "UR"
	case codec.LocalReset:
		f.flags = "LR"
	default:
		f.flags = "UC"
	}
	return f
}

// reply is the answer to a client that has none yet; its details serve for the other clients, too. Envoy:
// upstream_reset_before_response_started{REASON|TRANSPORT REASON}.
func (f failure) reply(responseBegan bool) stream.LocalReply {
	details := "upstream_reset_before_response_started{"
	if responseBegan {
		details = "upstream_reset_after_response_started{"
	}
	details += f.reason
	if f.transport != "" {
		details += "|" + f.transport
	}
	return stream.LocalReply{Code: f.code, Body: []byte(f.text), Details: details + "}", GRPCStatus: stream.NoGRPCStatus}
}
