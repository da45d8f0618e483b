package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// refusal is an answer to a request that may not pass.
type refusal struct {
	status  uint32
	details string
	body    string
}

var (
	noKey         = refusal{401, "key-auth.no_key", "Request denied by Key Auth check. No Key Authentication information found."}
	severalKeys   = refusal{401, "key-auth.multi_key", "Request denied by Key Auth check. Multi Key Authentication information found."}
	unauthorized  = refusal{403, "key-auth.unauthorized", "Request denied by Key Auth check. Unauthorized consumer."}
	internalError = refusal{500, "key-auth.internal_error", ""}
)

func refuse(config *Config, r refusal) types.Action {
	headers := [][2]string{{"WWW-Authenticate", "Key realm=" + config.realm}}
	if r.status == internalError.status {
		headers = nil
	}
	if err := proxywasm.SendHttpResponseWithDetail(r.status, r.details, headers, []byte(r.body), -1); err != nil {
		log.Error("the refusal cannot be sent: " + err.Error())
	}
	return types.HeaderStopAllIterationAndWatermark
}
