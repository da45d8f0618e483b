package signature

import (
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// Identity is what a verified request is told by: its caller's key, and his nonce or the signature.
type Identity struct{ Caller, Nonce, Signature string }

// ReplayRefusals are a plugin's answers to requests that Replays does not let pass.
type ReplayRefusals struct{ NonceUsed, SignatureUsed, Full *consumers.Refusal }

// Judge remembers a verified request, and returns the refusal of a replay, or of one that there is no room to remember. See
// Remember for when to call it.
func (r *Replays) Judge(refusals *ReplayRefusals, request Identity, now time.Time) (*consumers.Refusal, error) {
	identity, used := request.Signature, refusals.SignatureUsed
	if r.Nonce {
		identity, used = request.Nonce, refusals.NonceUsed
	}
	outcome, err := r.Remember(request.Caller, identity, now)
	switch {
	case err != nil:
		return nil, err
	case outcome == Fresh:
		return nil, nil
	case outcome == Used:
		log.Warn("the request is a replay")
		return used, nil
	}
	log.Error("there is no room to remember the request: replay_capacity is too small for " + r.windowField)
	return refusals.Full, nil
}
