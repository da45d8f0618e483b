package signature

import (
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// MaxWindow is the widest window of time that is configured, in seconds: what time.Duration holds twice, rounded down.
const MaxWindow = 4_000_000_000

// Room for nonces or signatures, of each caller.
const (
	defaultCapacity = 1 << 16
	maxCapacity     = 1 << 20
)

// ParseReplays reads `replay_protection` and `replay_capacity`. It returns nil where no protection is wanted. window is
// how far the dates of requests may really be from now, any rounding included, and windowField the field that says so:
// without a limit there is no telling when a nonce can be forgotten.
func ParseReplays(o field.Object, plugin, windowField string, window time.Duration) (*Replays, error) {
	kind, err := o.Enum("replay_protection", "nonce", "signature")
	if err != nil {
		return nil, err
	}
	capacity, set, err := o.Int("replay_capacity", 1, maxCapacity)
	if err != nil || kind == "" {
		return nil, err
	}
	if window <= 0 {
		return nil, o.FieldError("replay_protection", "needs "+windowField)
	}
	if !set {
		capacity = defaultCapacity
	}
	r := newReplays(plugin, int(capacity), window)
	r.Nonce, r.windowField = kind == "nonce", windowField
	return r, nil
}
