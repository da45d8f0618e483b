package server

import (
	"strings"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

// refusedUpgrade is the answer to a request that wants to switch to a protocol the listener does not know; ok is false
// where it may go on. As package envoy configures it a stock Envoy knows websocket only, and shows no filter the request
// (upgrade_configs of Envoy's connection manager). Higress passes every upgrade on.
func refusedUpgrade(profile abi.Profile, h *header.Map) (reply stream.LocalReply, ok bool) {
	if profile != abi.Envoy || !codec.IsUpgrade(h) || strings.EqualFold(h.Value("upgrade"), "websocket") {
		return stream.LocalReply{}, false
	}
	return stream.LocalReply{Code: 403, Details: "upgrade_failed", GRPCStatus: stream.NoGRPCStatus}, true
}
