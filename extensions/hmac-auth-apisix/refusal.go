package main

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/signature"
)

// The answers to requests that may not pass.
var (
	noAuthorization = refused("no_auth", "missing Authorization header")
	notSignature    = refused("bad_auth_format", "Authorization header does not start with 'Signature '")
	noKeyOrSign     = refused("missing_field", "keyId or signature missing")
	noAlgorithm     = refused("missing_field", "algorithm missing")
	unknownKey      = refused("bad_key", "Invalid keyId")
	noDate          = refused("bad_date", "Date header missing. failed to validate clock skew")
	badDate         = refused("bad_date", "Invalid GMT format time")
	skewExceeded    = refused("clock_skew", "Clock skew exceeded")
	badAlgorithm    = refused("bad_algorithm", "Invalid algorithm")
	noHeaders       = refused("bad_signed_headers", "headers missing")
	digestNotSigned = notSigned("digest")
	badSignature    = refused("bad_signature", "Invalid signature")
	badDigest       = refused("bad_digest", "Invalid digest")
	nonceUsed       = refused("nonce_used", "nonce used")
	signatureUsed   = refused("signature_used", "signature used")
	bodyTooLarge    = withStatus(413, refused("body_too_large", "Exceed body limit size"))
	replayStoreFull = withStatus(503, refused("replay_store_full", "replay store full"))
)

var replayRefusals = signature.ReplayRefusals{
	NonceUsed: &nonceUsed, SignatureUsed: &signatureUsed, Full: &replayStoreFull, Expired: &skewExceeded,
}

// refused is an answer with a message that stands in a JSON string as it is.
func refused(reason, message string) consumers.Refusal {
	return consumers.Refusal{
		Status:  401,
		Details: pluginName + "." + reason,
		Body:    `{"message":"client request can't be validated: ` + message + `"}`,
	}
}

// notSigned has quotes that JSON would escape. Clients know the answer in this form.
func notSigned(name string) consumers.Refusal {
	return refused("bad_signed_headers", `expected header "`+name+`" missing in signing`)
}

func withStatus(status uint32, r consumers.Refusal) consumers.Refusal {
	r.Status = status
	return r
}

// escaped makes a name fit into a JSON string. Of control characters it can hold but the tab.
func escaped(name string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\t", `\t`).Replace(name)
}
