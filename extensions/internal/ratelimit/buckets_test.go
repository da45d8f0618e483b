package ratelimit

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// clock is the time of all workers of a test.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func newClock() *clock { return &clock{time.Unix(1900000000, 0)} }

// worker is what one VM of a gateway has.
func worker(memory *plugintest.Memory, clock *clock, resource string) *Buckets {
	b := NewBuckets("p")
	b.memory, b.now, b.scope = memory, clock.now, func() string { return resource }
	return b
}

// passes is how many of the requests pass.
func passes(t *testing.T, requests int, take func() (Decision, error)) (passed int) {
	t.Helper()
	for range requests {
		d, err := take()
		require.NoError(t, err)
		if d.Passed {
			passed++
		}
	}
	return passed
}

func TestWorkersShareABucket(t *testing.T) {
	memory, clock := plugintest.NewMemory(), newClock()
	one, other := worker(memory, clock, "ns.a"), worker(memory, clock, "ns.a")
	limit := &Limit{Rate: Rate{Threshold: 10, Window: 60}}
	take := func(b *Buckets) func() (Decision, error) {
		return func() (Decision, error) { return b.Take("k", limit) }
	}
	assert.Equal(t, 7, passes(t, 7, take(one)))
	assert.Equal(t, 3, passes(t, 20, take(other)))
	assert.Equal(t, 0, passes(t, 5, take(one)))
	require.Len(t, memory.Values, 1)
	for key, value := range memory.Values {
		assert.Equal(t, "p.buckets.ns.a.fixed_window.60.k", key)
		assert.Len(t, value, entrySize)
	}
	assert.Equal(t, 10, passes(t, 20, take(worker(memory, clock, "ns.b"))), "another resource of the plugin")
	clock.Time = clock.Add(time.Minute - time.Microsecond)
	assert.Equal(t, 0, passes(t, 5, take(one)), "the window has not ended")
	clock.Time = clock.Add(time.Microsecond)
	assert.Equal(t, 10, passes(t, 20, take(worker(memory, clock, "ns.a"))), "a worker that starts later fills nothing before that")
}

func TestFivePerMinute(t *testing.T) {
	memory, clock := plugintest.NewMemory(), newClock()
	b := worker(memory, clock, "")
	passed := 0
	for range 12 {
		d, err := b.Take("k", &Limit{Rate: Rate{Threshold: 5, Window: 60}})
		require.NoError(t, err)
		if d.Passed {
			passed++
		}
		clock.Time = clock.Add(2500 * time.Millisecond)
	}
	assert.Equal(t, 5, passed)
}

func TestConflicts(t *testing.T) {
	for _, tt := range []struct {
		conflicts int
		want      error
	}{{1, nil}, {19, nil}, {20, ErrContended}, {1000, ErrContended}} {
		t.Run(strconv.Itoa(tt.conflicts), func(t *testing.T) {
			memory, clock := plugintest.NewMemory(), newClock()
			one, other := worker(memory, clock, ""), worker(memory, clock, "")
			limit := &Limit{Rate: Rate{Threshold: 5000, Window: 60}}
			left := tt.conflicts
			memory.BeforeSet = func(string) {
				if left == 0 {
					return
				}
				left--
				before := memory.BeforeSet
				memory.BeforeSet = nil
				_, err := other.Take("k", limit)
				memory.BeforeSet = before
				require.NoError(t, err)
			}
			d, err := one.Take("k", limit)
			assert.Equal(t, tt.want, err)
			if tt.want == nil {
				assert.True(t, d.Passed)
				assert.Equal(t, int64(5000-tt.conflicts-1), d.Remaining, "everybody was counted")
			}
		})
	}
}

func TestAFailingHostIsAnError(t *testing.T) {
	memory := plugintest.NewMemory()
	memory.Failing = errors.New("no shared data")
	b := worker(memory, newClock(), "")
	_, err := b.Take("k", &Limit{Rate: Rate{Threshold: 1, Window: 1}})
	assert.Equal(t, memory.Failing, err)
	_, err = b.TakeOf("k", "v", &Limit{Rate: Rate{Threshold: 1, Window: 1}})
	assert.Equal(t, memory.Failing, err)
}

func TestWhatIsNoBucketCountsAsNone(t *testing.T) {
	memory := plugintest.NewMemory()
	b := worker(memory, newClock(), "")
	limit := &Limit{Rate: Rate{Threshold: 1, Window: 1}}
	_, err := b.Take("k", limit)
	require.NoError(t, err)
	_, err = b.TakeOf("of", "v", limit)
	require.NoError(t, err)
	for _, bytes := range []int{0, 1, 15, 17, 1000} {
		for key := range memory.Values {
			memory.Values[key] = make([]byte, bytes)
		}
		d, err := b.Take("k", limit)
		require.NoError(t, err)
		assert.True(t, d.Passed)
		d, err = b.TakeOf("of", "v", limit)
		require.NoError(t, err)
		assert.True(t, d.Passed)
	}
}

func TestEveryValueHasABucketOfItsOwn(t *testing.T) {
	for _, algorithm := range []Algorithm{FixedWindow, SlidingWindow, TokenBucket} {
		t.Run(algorithm.String(), func(t *testing.T) {
			memory, clock := plugintest.NewMemory(), newClock()
			b := worker(memory, clock, "")
			limit := &Limit{Rate: Rate{Threshold: 2, Window: 60, Burst: 2}, Algorithm: algorithm}
			for i := range 3000 {
				value := strconv.Itoa(i)
				require.Equal(t, 2, passes(t, 3, func() (Decision, error) { return b.TakeOf("k", value, limit) }), value)
			}
			for i := range 3000 {
				value := strconv.Itoa(i)
				require.Equal(t, 0, passes(t, 1, func() (Decision, error) { return b.TakeOf("k", value, limit) }), value)
			}
			clock.Time = clock.Add(2 * time.Minute)
			assert.Equal(t, 2, passes(t, 3, func() (Decision, error) { return b.TakeOf("k", "7", limit) }))
		})
	}
}

func TestAFloodOfValuesTakesNoMoreRoomAndFreesNobody(t *testing.T) {
	for _, algorithm := range []Algorithm{FixedWindow, SlidingWindow, TokenBucket} {
		t.Run(algorithm.String(), func(t *testing.T) {
			memory := plugintest.NewMemory()
			b := worker(memory, newClock(), "")
			limit := &Limit{Rate: Rate{Threshold: 5, Window: 3600, Burst: 5}, Algorithm: algorithm}
			victim := func() (Decision, error) { return b.TakeOf("k", "ann", limit) }
			require.Equal(t, 5, passes(t, 6, victim))
			for i := range 2 * slots * slotRoom {
				_, err := b.TakeOf("k", "flood-"+strconv.Itoa(i), limit)
				require.NoError(t, err)
			}
			assert.Equal(t, 0, passes(t, 1, victim), "who has used up a quota is not forgotten")
			assert.Len(t, memory.Values, slots)
			for key, value := range memory.Values {
				require.Len(t, value, longestSlot, key)
			}
		})
	}
}

// The worst case of a slot: all of its buckets are used up. Time goes on, which token buckets use to fill again.
func TestAFloodThatUsesUpItsQuotasFreesNobodyAndLocksNobodyOut(t *testing.T) {
	for _, algorithm := range []Algorithm{FixedWindow, SlidingWindow, TokenBucket} {
		for _, quota := range []int{1, 3} {
			t.Run(algorithm.String()+" "+strconv.Itoa(quota), func(t *testing.T) {
				memory, clock := plugintest.NewMemory(), newClock()
				b := worker(memory, clock, "")
				limit := &Limit{Rate: Rate{Threshold: int64(quota), Window: 86400, Burst: int64(quota)}, Algorithm: algorithm}
				take := func(value string) func() (Decision, error) {
					return func() (Decision, error) { return b.TakeOf("k", value, limit) }
				}
				require.Equal(t, quota, passes(t, quota+1, take("ann")))
				for _, value := range neighbours("ann", 3*slotRoom) {
					clock.Time = clock.Add(time.Second)
					assert.Equal(t, quota, passes(t, quota+1, take(value)), "%s is new, and refused only after its quota", value)
					assert.Equal(t, 0, passes(t, 1, take("ann")), "free after %s", value)
				}
			})
		}
	}
}

func TestWhoAsksOftenIsCountedAmongManyWhoAskOnce(t *testing.T) {
	limit := &Limit{Rate: Rate{Threshold: 3, Window: 86400}}
	b := worker(plugintest.NewMemory(), newClock(), "")
	others := neighbours("ann", 3*slotRoom)
	for _, value := range others[:slotRoom] {
		require.Equal(t, 1, passes(t, 1, func() (Decision, error) { return b.TakeOf("k", value, limit) }))
	}
	passed := 0
	for _, value := range others[slotRoom:] {
		passed += passes(t, 1, func() (Decision, error) { return b.TakeOf("k", "ann", limit) })
		require.Equal(t, 1, passes(t, 1, func() (Decision, error) { return b.TakeOf("k", value, limit) }))
	}
	assert.Equal(t, 3, passed)
}

// neighbours are other values whose buckets are in the slot of a value.
func neighbours(of string, n int) (values []string) {
	slot, _ := place(of)
	for i := 0; len(values) < n; i++ {
		value := strconv.Itoa(i)
		if s, _ := place(value); s == slot {
			values = append(values, value)
		}
	}
	return values
}

func TestASlotForgetsBucketsThatAreFullAgain(t *testing.T) {
	memory, clock := plugintest.NewMemory(), newClock()
	b := worker(memory, clock, "")
	limit := &Limit{Rate: Rate{Threshold: 5, Window: 1}}
	slot, _ := place("0")
	others := 0
	for i := 1; others < 3; i++ {
		if s, _ := place(strconv.Itoa(i)); s != slot {
			continue
		}
		others++
		_, err := b.TakeOf("k", strconv.Itoa(i), limit)
		require.NoError(t, err)
	}
	clock.Time = clock.Add(time.Second)
	_, err := b.TakeOf("k", "0", limit)
	require.NoError(t, err)
	for _, value := range memory.Values {
		assert.Len(t, value, slotEntry)
	}
}
