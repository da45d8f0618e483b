package signature

import (
	"bytes"
	"errors"
	"math"
	mathrand "math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// worker is what one VM of a gateway has.
func worker(memory *plugintest.Memory, capacity int, window time.Duration) (r *Replays, counts map[string]int) {
	counts = map[string]int{}
	r = newReplays("p", capacity, window)
	r.memory, r.scope = memory, func() string { return "ns.p" }
	r.random = bytes.NewReader(bytes.Repeat([]byte{byte(memory.Counter)}, 32))
	r.count = func(name string) { counts[name]++ }
	return r, counts
}

var start = time.Unix(1900000000, 0)

func remember(t *testing.T, r *Replays, caller, identity string, at time.Duration) Outcome {
	t.Helper()
	outcome, err := r.Remember(caller, identity, start.Add(at))
	require.NoError(t, err)
	return outcome
}

func TestNothingPassesTwiceWhileItsDateIsGood(t *testing.T) {
	memory := plugintest.NewMemory()
	one, counts := worker(memory, 10, time.Minute)
	other, otherCounts := worker(memory, 10, time.Minute)

	assert.Equal(t, Fresh, remember(t, one, "ann", "n1", 0))
	assert.Equal(t, Used, remember(t, one, "ann", "n1", 0))
	assert.Equal(t, Used, remember(t, other, "ann", "n1", time.Second), "workers share what is remembered")
	assert.Equal(t, Fresh, remember(t, other, "bob", "n1", 0), "callers do not share nonces")
	assert.Equal(t, Fresh, remember(t, one, "ann", "n2", 0))
	assert.Equal(t, Used, remember(t, other, "ann", "n1", 2*time.Minute), "a date of one minute ahead is good for two")
	assert.Equal(t, Fresh, remember(t, other, "ann", "n1", 2*time.Minute+time.Second), "then it is forgotten")
	assert.Equal(t, map[string]int{CounterReplays: 1}, counts)
	assert.Equal(t, map[string]int{CounterReplays: 2}, otherCounts)
}

// refusals are told apart by their details.
var refusals = ReplayRefusals{
	NonceUsed: &consumers.Refusal{Details: "nonce used"}, SignatureUsed: &consumers.Refusal{Details: "signature used"},
	Full: &consumers.Refusal{Details: "full"}, Expired: &consumers.Refusal{Details: "expired"},
}

func TestNoRequestPassesTwiceHoweverLateItComes(t *testing.T) {
	plugintest.KeepLog()
	random := mathrand.New(mathrand.NewPCG(1, 2))
	upTo := func(most time.Duration) time.Duration { return time.Duration(random.Int64N(int64(most) + 1)) }
	for _, window := range []time.Duration{time.Second, 2 * time.Second, 3*time.Second - 1, 301*time.Second - 1, time.Hour} {
		for _, nonce := range []bool{true, false} {
			for i := range 500 {
				r, _ := worker(plugintest.NewMemory(), 10, window)
				r.Nonce = nonce
				date := start.Add(upTo(2 * time.Second))
				request := Identity{Caller: "ann", Nonce: "n", Signature: "s", Date: date}
				first := []time.Time{date.Add(-window), date.Add(window), date.Add(-window + upTo(2*window))}[min(i, 2)]
				refusal, err := r.Judge(&refusals, request, first)
				require.NoError(t, err)
				require.Nil(t, refusal, "%v, signed %v, at %v", window, date, first)

				for _, again := range []time.Time{first, first.Add(upTo(2 * window)), date.Add(window - upTo(time.Second)), date.Add(window),
					date.Add(window + 1), first.Add(2*window + upTo(2*time.Second)), first.Add(4 * window)} {
					if again.Before(first) {
						continue
					}
					want := refusals.SignatureUsed
					if nonce {
						want = refusals.NonceUsed
					}
					if again.After(date.Add(window)) {
						want = refusals.Expired
					}
					refusal, err := r.Judge(&refusals, request, again)
					require.NoError(t, err)
					require.Same(t, want, refusal, "%v, signed %v, at %v and at %v", window, date, first, again)
				}
			}
		}
	}
}

func TestWhatIsSignedTooFarAheadIsNotRemembered(t *testing.T) {
	plugintest.KeepLog()
	memory := plugintest.NewMemory()
	r, counts := worker(memory, 10, time.Minute)
	refusal, err := r.Judge(&refusals, Identity{Caller: "ann", Signature: "s", Date: start.Add(time.Minute + 1)}, start)
	require.NoError(t, err)
	assert.Same(t, refusals.Expired, refusal)
	assert.Empty(t, memory.Values)
	assert.Empty(t, counts)
}

func TestPartsOfIdentitiesAreKeptApart(t *testing.T) {
	r, _ := worker(plugintest.NewMemory(), 10, time.Minute)
	assert.Equal(t, Fresh, remember(t, r, "ab", "c", 0))
	assert.Equal(t, Fresh, remember(t, r, "a", "bc", 0))
	assert.Equal(t, Fresh, remember(t, r, "", "abc", 0))
}

func TestFullMeansRefused(t *testing.T) {
	r, counts := worker(plugintest.NewMemory(), 2, time.Minute)
	assert.Equal(t, Fresh, remember(t, r, "ann", "n1", 0))
	assert.Equal(t, Fresh, remember(t, r, "ann", "n2", time.Minute))
	assert.Equal(t, Full, remember(t, r, "ann", "n3", time.Minute))
	assert.Equal(t, Used, remember(t, r, "ann", "n1", time.Minute), "a replay is told all the same")
	assert.Equal(t, Fresh, remember(t, r, "bob", "n3", time.Minute), "another caller has room of his own")
	assert.Equal(t, Fresh, remember(t, r, "ann", "n3", 2*time.Minute+time.Second), "what is forgotten makes room")
	assert.Equal(t, map[string]int{CounterFull: 1, CounterReplays: 1}, counts)
}

func TestAFasterWorkerIsSeen(t *testing.T) {
	memory := plugintest.NewMemory()
	slow, _ := worker(memory, 10, time.Minute)
	fast, _ := worker(memory, 10, time.Minute)
	require.Equal(t, Fresh, remember(t, slow, "ann", "n0", 0))
	memory.BeforeSet = func(string) {
		memory.BeforeSet = nil
		assert.Equal(t, Fresh, remember(t, fast, "ann", "n1", 0))
	}
	assert.Equal(t, Used, remember(t, slow, "ann", "n1", 0))
}

func TestAFasterWorkerIsSeenInAnEmptyMemory(t *testing.T) {
	memory := plugintest.NewMemory()
	slow, _ := worker(memory, 10, time.Minute)
	fast, _ := worker(memory, 10, time.Minute)
	memory.BeforeSet = func(string) { // the key of the digests is what is written first
		memory.BeforeSet = nil
		assert.Equal(t, Fresh, remember(t, fast, "ann", "n1", 0))
	}
	assert.Equal(t, Used, remember(t, slow, "ann", "n1", 0))
	assert.Equal(t, fast.key, slow.key)
}

func TestWhoNeverGetsToWriteRefuses(t *testing.T) {
	memory := plugintest.NewMemory()
	r, _ := worker(memory, 10, time.Minute)
	require.Equal(t, Fresh, remember(t, r, "ann", "n0", 0))
	memory.BeforeSet = func(key string) {
		memory.Counter++
		memory.Versions[key] = memory.Counter
	}
	outcome, err := r.Remember("ann", "n1", start)
	assert.Equal(t, errContended, err)
	assert.NotEqual(t, Fresh, outcome)
}

func TestFaultsOfTheHostRefuse(t *testing.T) {
	fault := errors.New("fault")
	memory := plugintest.NewMemory()
	r, _ := worker(memory, 10, time.Minute)
	memory.Failing = fault
	outcome, err := r.Remember("ann", "n1", start)
	assert.Equal(t, fault, err)
	assert.NotEqual(t, Fresh, outcome)

	memory.Failing = nil
	require.Equal(t, Fresh, remember(t, r, "ann", "n1", 0))
	for key := range memory.Values {
		memory.Values[key] = []byte("nonsense")
	}
	outcome, err = r.Remember("ann", "n1", start)
	assert.Equal(t, errBucket, err)
	assert.NotEqual(t, Fresh, outcome)

	r, _ = worker(plugintest.NewMemory(), 10, time.Minute)
	r.random = bytes.NewReader(nil)
	_, err = r.Remember("ann", "n1", start)
	assert.Error(t, err, "without randomness there is no key")
}

func TestManyFindRoom(t *testing.T) {
	memory := plugintest.NewMemory()
	r, counts := worker(memory, 4096, time.Minute)
	for i := range 4096 {
		require.Equal(t, Fresh, remember(t, r, "ann", strconv.Itoa(i), 0))
	}
	for i := range 4096 {
		require.Equal(t, Used, remember(t, r, "ann", strconv.Itoa(i), 0))
	}
	assert.Equal(t, map[string]int{CounterReplays: 4096}, counts)
	for key, value := range memory.Values {
		assert.LessOrEqual(t, len(value), bucketRoom*entrySize, key)
	}
	full := false
	for i := range 4096 {
		outcome := remember(t, r, "ann", "more"+strconv.Itoa(i), 0)
		full = full || outcome == Full
	}
	assert.True(t, full, "the memory is bounded")
}

func TestNothingThatAClientSendsIsKept(t *testing.T) {
	memory := plugintest.NewMemory()
	r, _ := worker(memory, 10, time.Minute)
	remember(t, r, "app-key", "the-nonce", 0)
	for key, value := range memory.Values {
		assert.NotContains(t, key+string(value), "app-key")
		assert.NotContains(t, key+string(value), "the-nonce")
	}
}

func TestParseReplays(t *testing.T) {
	tests := []struct {
		config string
		window time.Duration
		nonce  bool
		size   int // buckets × room
		err    string
	}{
		{`{}`, 0, false, 0, ""},
		{`{"replay_capacity": 5}`, time.Minute, false, 0, ""},
		{`{"replay_protection": null}`, time.Minute, false, 0, ""},
		{`{"replay_protection": "nonce"}`, time.Minute, true, 342 * 256, ""},
		{`{"replay_protection": "signature", "replay_capacity": 5}`, time.Minute, false, 5, ""},
		{`{"replay_protection": "signature", "replay_capacity": "192"}`, time.Minute, false, 192, ""},
		{`{"replay_protection": "signature", "replay_capacity": 193}`, time.Minute, false, 512, ""},
		{`{"replay_protection": "nonce"}`, 0, false, 0, "replay_protection: needs skew"},
		{`{"replay_protection": "nonces"}`, time.Minute, false, 0, `replay_protection: must be one of nonce, signature, not "nonces"`},
		{`{"replay_protection": true}`, time.Minute, false, 0, "replay_protection: must be a string"},
		{`{"replay_protection": "nonce", "replay_capacity": 0}`, time.Minute, false, 0, "replay_capacity: must be between 1 and 1048576, not 0"},
	}
	for _, tt := range tests {
		t.Run(tt.config, func(t *testing.T) {
			r, err := ParseReplays(field.Of(gjson.Parse(tt.config)), "p", "skew", tt.window)
			if tt.err != "" {
				require.EqualError(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			if tt.size == 0 {
				assert.Nil(t, r)
				return
			}
			assert.Equal(t, tt.nonce, r.Nonce)
			assert.Equal(t, tt.size, int(r.buckets)*r.room)
			assert.Equal(t, 2*tt.window+time.Second, r.lifetime)
		})
	}
	assert.Positive(t, newReplays("p", 1, (MaxWindow+1)*time.Second).lifetime, "the widest window does not overflow, nor does one of a second more")
	assert.Less(t, time.Duration(MaxWindow)*time.Second, time.Duration(math.MaxInt64)/2)
}

func FuzzBucket(f *testing.F) {
	f.Add([]byte(nil), []byte("a"), 1)
	f.Add(bytes.Repeat([]byte{1}, entrySize), []byte("b"), 2)
	f.Add([]byte("odd"), []byte("c"), 3)
	f.Fuzz(func(t *testing.T, bucket, name []byte, room int) {
		var digest [digestSize]byte
		copy(digest[:], name)
		next, outcome, err := enter(bucket, digest, room%300, start, start.Add(time.Minute))
		if err != nil || outcome != Fresh {
			return
		}
		if len(next) > max(room%300, 0)*entrySize || len(next)%entrySize != 0 {
			t.Fatalf("%d bytes, room for %d", len(next), room%300)
		}
		if _, outcome, err := enter(next, digest, room%300, start, start.Add(time.Minute)); err != nil || outcome != Used {
			t.Fatalf("the same again is %d, %v", outcome, err)
		}
	})
}
