package signature

import (
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// Identity is what a verified request is told by: its caller's key, his nonce or the signature, and when he signed it. What
// tells the nonce and the date must be signed.
type Identity struct {
	Caller, Nonce, Signature string
	Date                     time.Time
}

// ReplayRefusals are a plugin's answers to requests that Replays does not let pass.
type ReplayRefusals struct{ NonceUsed, SignatureUsed, Full, Expired *consumers.Refusal }

// Judge remembers a verified request, and returns the refusal of a replay, or of one that there is no room to remember, or
// whose date is not good at this time: it may have been when the headers came, but a body takes as long as its sender likes,
// and an earlier use is remembered only as long as the date is good. See Remember for when to call it.
func (r *Replays) Judge(refusals *ReplayRefusals, request Identity, now time.Time) (*consumers.Refusal, error) {
	if !Within(now, request.Date, r.window) {
		log.Warn("the date of the request is not near enough any more")
		return refusals.Expired, nil
	}
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
