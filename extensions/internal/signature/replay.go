package signature

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/extensions/internal/shareddata"
)

// Outcome is what became of a nonce or signature that was to be remembered.
type Outcome int

const (
	// Used: it is a replay.
	Used Outcome = iota
	// Full: there is no room for another one, so it cannot be told whether it would be a replay next time. Refuse.
	Full
	// Fresh: it was not there, and is now.
	Fresh
)

// Replays remembers what requests were identified by, for as long as their dates are good. The workers of one gateway
// share it, other gateways do not. It holds digests under a random key and nothing that a client sent.
//
// No date is good when its request is forgotten: one that was good at first, at most window ahead, is good for at most
// 2*window after that, and lifetime is longer, by the second that the whole seconds of a bucket may cut off. Judge refuses
// any other date, so what it has let pass once it never lets pass again.
//
// Each caller has room of his own, so that none can use up another's.
type Replays struct {
	// Nonce tells that requests are identified by a nonce, else by their signature.
	Nonce bool

	plugin      string
	windowField string        // of the configuration, for the log
	window      time.Duration // how far dates may be off, both ends included
	lifetime    time.Duration // more than 2*window
	buckets     uint64
	room        int // entries in a bucket

	memory shareddata.Memory
	random io.Reader
	scope  func() string // name of the plugin's resource
	count  func(name string)

	prefix string
	key    []byte
}

// Names of the counters, after the plugin's name with "_" for "-".
const (
	CounterReplays = "replays_refused"
	CounterFull    = "replay_store_full"
)

// Sizes of the memory. A bucket is read and written as a whole: 6 KiB at most. The digests spread over the buckets as
// chance will have it, so they are laid out for fewer than they can hold.
const (
	bucketRoom = 256
	bucketMean = 192
	attempts   = 32
)

var errContended = errors.New("other workers were faster every time")

// newReplays makes a memory for a plugin. window is how far the dates of requests may be from now, in either direction.
func newReplays(plugin string, capacity int, window time.Duration) *Replays {
	r := &Replays{
		plugin:   plugin,
		window:   window,
		lifetime: 2*window + time.Second,
		buckets:  1,
		room:     capacity,
		memory:   shareddata.Host{},
		random:   rand.Reader,
		scope:    resourceName,
		count:    newCounters(plugin).count,
	}
	if capacity > bucketMean {
		r.buckets, r.room = uint64(capacity+bucketMean-1)/bucketMean, bucketRoom
	}
	return r
}

// Remember enters what identifies a verified request of a caller. Call it last, when nothing else can refuse the request:
// whoever has no valid signature must not be able to use up a nonce.
func (r *Replays) Remember(caller, identity string, now time.Time) (Outcome, error) {
	if err := r.prepare(); err != nil {
		return Full, err
	}
	digest := r.digest("request", caller, identity)
	owner := r.digest("caller", caller, "")
	bucket := binary.BigEndian.Uint64(digest[:8]) % r.buckets
	key := r.prefix + hex.EncodeToString(owner[:]) + "." + strconv.FormatUint(bucket, 10)
	for range attempts {
		value, version, err := r.memory.Get(key)
		if err != nil {
			return Full, err
		}
		next, outcome, err := enter(value, digest, r.room, now, now.Add(r.lifetime))
		if err != nil {
			return Full, err
		}
		switch outcome {
		case Used:
			r.count(CounterReplays)
			return Used, nil
		case Full:
			r.count(CounterFull)
			return Full, nil
		}
		err = r.memory.Set(key, next, version)
		if err == nil {
			return Fresh, nil
		}
		if !errors.Is(err, shareddata.ErrConflict) {
			return Full, err
		}
	}
	return Full, errContended
}

// prepare gets the key of the digests, which the first worker that needs it draws.
func (r *Replays) prepare() error {
	if r.key != nil {
		return nil
	}
	r.prefix = r.plugin + ".replays." + r.scope() + "."
	for range attempts {
		key, version, err := r.memory.Get(r.prefix + "key")
		if err != nil {
			return err
		}
		if version != shareddata.NoVersion {
			r.key = key
			return nil
		}
		drawn := make([]byte, sha256.Size)
		if _, err := io.ReadFull(r.random, drawn); err != nil {
			return err
		}
		if err := r.memory.Set(r.prefix+"key", drawn, shareddata.NoVersion); err != nil && !errors.Is(err, shareddata.ErrConflict) {
			return err
		}
	}
	return errContended
}

func (r *Replays) digest(purpose, caller, identity string) (d [digestSize]byte) {
	mac := hmac.New(sha256.New, r.key)
	var length [8]byte
	for _, part := range [...]string{purpose, caller, identity} {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		mac.Write(length[:])
		mac.Write([]byte(part))
	}
	copy(d[:], mac.Sum(nil))
	return d
}

func resourceName() string {
	name, err := proxywasm.GetProperty([]string{"plugin_name"})
	if err != nil {
		return ""
	}
	return string(name)
}
