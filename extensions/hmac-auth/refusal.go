package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/signature"
)

// The answers to requests that may not pass.
var (
	invalidKey           = consumers.Refusal{Status: 401, Details: "hmac-auth.invalid_key", Body: "Invalid Key"}
	unauthorizedConsumer = consumers.Refusal{Status: 403, Details: "hmac-auth.unauthorized_consumer", Body: "Unauthorized Consumer"}
	emptySignature       = consumers.Refusal{Status: 401, Details: "hmac-auth.empty_signature", Body: "Empty Signature"}
	invalidDate          = consumers.Refusal{Status: 400, Details: "hmac-auth.invalid_date", Body: "Invalid Date"}
	headerNotSigned      = consumers.Refusal{Status: 400, Details: "hmac-auth.header_not_signed", Body: "Header Not Signed"}
	invalidSignature     = consumers.Refusal{Status: 400, Details: "hmac-auth.invalid_signature", Body: "Invalid Signature"}
	invalidContentMD5    = consumers.Refusal{Status: 400, Details: "hmac-auth.invalid_content_md5", Body: "Invalid Content-MD5"}
	bodyTooLarge         = consumers.Refusal{Status: 413, Details: "hmac-auth.body_too_large", Body: "Request Body Too Large"}
	nonceUsed            = consumers.Refusal{Status: 400, Details: "hmac-auth.nonce_used", Body: "Nonce Used"}
	signatureUsed        = consumers.Refusal{Status: 400, Details: "hmac-auth.signature_used", Body: "Signature Used"}
	replayStoreFull      = consumers.Refusal{Status: 503, Details: "hmac-auth.replay_store_full", Body: "Replay Store Full"}
)

var replayRefusals = signature.ReplayRefusals{
	NonceUsed: &nonceUsed, SignatureUsed: &signatureUsed, Full: &replayStoreFull, Expired: &invalidDate,
}

// maxDetail is the longest string to sign, in bytes, that is told to the client. A header cannot carry any length.
const maxDetail = 16 << 10

// refuseSignature tells the client what he should have signed. text is "" where there is nothing to tell.
func (a *authentication) refuseSignature(text string) types.Action {
	if text == "" || a.hideDetail || len(text) > maxDetail {
		return invalidSignature.Send()
	}
	refusal := invalidSignature
	refusal.Headers = [][2]string{{"x-ca-error-message", "Server StringToSign:`" + printable(text) + "`"}}
	return refusal.Send()
}

// printable shows line feeds as "#" and other control characters as "?": a header can hold neither.
func printable(text string) string {
	shown := []byte(text)
	for i, c := range shown {
		switch {
		case c == '\n':
			shown[i] = '#'
		case c < ' ' || c == 0x7f:
			shown[i] = '?'
		}
	}
	return string(shown)
}
