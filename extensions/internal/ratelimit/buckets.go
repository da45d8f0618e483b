package ratelimit

import (
	"errors"
	"strconv"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/extensions/internal/shareddata"
)

// Buckets count requests in what the workers of one gateway share. Other gateways have buckets of their own, and a
// restart forgets them. Use it in the callbacks of one VM.
type Buckets struct {
	plugin string
	prefix string // of all keys; "" until the first request

	memory shareddata.Memory
	now    func() time.Time
	scope  func() string // name of the plugin's resource
}

// NewBuckets returns the buckets of a plugin. Those of another resource of the same plugin are other ones.
func NewBuckets(plugin string) *Buckets {
	return &Buckets{plugin: plugin, memory: shareddata.Host{}, now: time.Now, scope: resourceName}
}

// attempts are how often a bucket is written where other workers are faster.
const attempts = 20

// ErrContended says that other workers were faster every time, so that the request was not counted.
var ErrContended = errors.New("get token failed with cas mismatch")

// Take counts a request against a limit with one bucket. name says which; it stays in shared data for good, so it must
// come from the configuration, never from a request. A limit that is changed goes on with what was counted.
func (b *Buckets) Take(name string, limit *Limit) (Decision, error) {
	return b.update(name, limit, func(value []byte, now int64) ([]byte, Decision) {
		e, there := decode(value)
		e, decision := limit.take(e, there, now)
		return e.append(make([]byte, 0, entrySize)), decision
	})
}

// TakeOf counts a request against a limit with a bucket for each value, which may be what the client says. Buckets live
// in a fixed number of slots: under more values than there is room for, those are forgotten that have used least, and of those who have used up
// their quotas the newest.
func (b *Buckets) TakeOf(name, value string, limit *Limit) (Decision, error) {
	slot, digest := place(value)
	return b.update(name+"/"+strconv.FormatUint(slot, 10), limit, func(value []byte, now int64) ([]byte, Decision) {
		return limit.takeIn(value, digest, now)
	})
}

func (b *Buckets) update(name string, limit *Limit, take func(value []byte, now int64) ([]byte, Decision)) (Decision, error) {
	if b.prefix == "" {
		b.prefix = b.plugin + ".buckets." + b.scope() + "."
	}
	key := b.prefix + limit.Algorithm.String() + "." + strconv.FormatInt(limit.Window, 10) + "." + name
	for range attempts {
		value, version, err := b.memory.Get(key)
		if err != nil {
			return Decision{}, err
		}
		next, decision := take(value, b.now().UnixMicro())
		if !decision.Passed {
			return decision, nil
		}
		err = b.memory.Set(key, next, version)
		if err == nil {
			return decision, nil
		}
		if !errors.Is(err, shareddata.ErrConflict) {
			return Decision{}, err
		}
	}
	return Decision{}, ErrContended
}

func resourceName() string {
	name, err := proxywasm.GetProperty([]string{"plugin_name"})
	if err != nil {
		return ""
	}
	return string(name)
}
