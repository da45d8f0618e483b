package ratelimit

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// model decides from the times of all requests that passed, with exact fractions.
type model struct {
	limit  Limit
	passed []int64 // times, in µs
}

func fraction(a, b int64) *big.Rat { return big.NewRat(a, b) }

// free is how many requests may pass at now, as a fraction.
func (m *model) free(now int64) *big.Rat {
	window := m.limit.Window * second
	switch m.limit.Algorithm {
	case TokenBucket:
		tokens, burst := fraction(m.limit.Burst, 1), fraction(m.limit.Burst, 1)
		last := int64(0)
		gain := func(until int64) {
			tokens.Add(tokens, new(big.Rat).Mul(fraction(until-last, window), fraction(m.limit.Threshold, 1)))
			if tokens.Cmp(burst) > 0 {
				tokens.Set(burst)
			}
			last = until
		}
		for _, at := range m.passed {
			gain(at)
			tokens.Sub(tokens, fraction(1, 1))
		}
		gain(now)
		return tokens
	case SlidingWindow:
		start, count := int64(0), map[int64]int64{} // by the number of the window since start
		for _, at := range m.passed {
			if n := (at - start) / window; len(count) == 0 || count[n] == 0 && count[n-1] == 0 {
				start, count = at, map[int64]int64{}
			}
			count[(at-start)/window]++
		}
		n := (now - start) / window
		rest := fraction(window-(now-start)%window, window)
		used := new(big.Rat).Mul(fraction(count[n-1], 1), rest)
		return used.Sub(fraction(m.limit.Threshold-count[n], 1), used)
	}
	start, count := int64(math.MinInt64/2), int64(0)
	for _, at := range m.passed {
		if at-start >= window {
			start, count = at, 0
		}
		count++
	}
	if now-start >= window {
		count = 0
	}
	return fraction(m.limit.Threshold-count, 1)
}

// limits are those that are tried: small ones, where every request matters.
func limits(r *rand.Rand) Limit {
	return Limit{
		Rate:      Rate{Threshold: 1 + r.Int64N(8), Window: []int64{1, 60, 3600, 86400}[r.IntN(4)], Burst: 1 + r.Int64N(8)},
		Algorithm: Algorithm(r.IntN(3)),
	}
}

func TestAlgorithmsAgreeWithALogOfRequests(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		m := model{limit: limits(r)}
		var e entry
		there := false
		now := 1_900_000_000*int64(second) + r.Int64N(second)
		for step := range 60 {
			now += r.Int64N(m.limit.Window*second) >> r.IntN(8)
			free, _ := m.free(now).Float64()
			next, d := m.limit.take(e, there, now)
			if math.Abs(free-1) > 1e-6 {
				require.Equal(t, free >= 1, d.Passed, "seed %d, step %d: %v with %v free", seed, step, m.limit, free)
			}
			if d.Passed {
				m.passed = append(m.passed, now)
				e, there = next, true
			}
			left, _ := m.free(now).Float64()
			if whole := math.Round(left); math.Abs(left-whole) > 1e-6 || whole == 0 {
				require.Equal(t, max(0, int64(math.Floor(left+1e-9))), d.Remaining, "seed %d, step %d: %v", seed, step, m.limit)
			}
			if d.Reset > 0 {
				later, _ := m.free(now + d.Reset*second).Float64()
				require.GreaterOrEqual(t, later+1e-6, float64(d.Remaining+1), "seed %d, step %d: %v after %d s", seed, step, m.limit, d.Reset)
			}
			require.Equal(t, d.Reset == 0, d.Remaining == d.Quota && m.limit.Algorithm != FixedWindow,
				"seed %d, step %d: there is a time for what is missing", seed, step)
			if m.limit.spent(e, now+2*m.limit.Period()*second) {
				continue
			}
			require.Fail(t, "a state is never forgotten", "seed %d, step %d: %v", seed, step, m.limit)
		}
	}
}

func TestForgettingASpentStateChangesNothing(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		limit := limits(r)
		now := 1_900_000_000 * int64(second)
		e, _ := limit.take(entry{}, false, now)
		for range 20 {
			now += r.Int64N(second)
			if next, d := limit.take(e, true, now); d.Passed {
				e = next
			}
		}
		require.False(t, limit.spent(e, now), "seed %d: it holds back", seed)
		for !limit.spent(e, now) {
			now += 1 + r.Int64N(limit.Window*second/8+1)
		}
		_, kept := limit.take(e, true, now)
		_, forgotten := limit.take(entry{}, false, now)
		require.Equal(t, forgotten, kept, "seed %d: %v", seed, limit)
	}
}

func TestWindowBorders(t *testing.T) {
	const start = 1_900_000_000 * int64(second)
	rate := func(burst int64) Rate { return Rate{Threshold: 100, Window: 60, Burst: burst} }
	tests := []struct {
		limit Limit
		late  int // pass in the last second of the first window
		early int // and in the first of the next
	}{
		{Limit{Rate: rate(0)}, 99, 100},
		{Limit{Rate: rate(0), Algorithm: SlidingWindow}, 99, 1},
		{Limit{Rate: rate(100), Algorithm: TokenBucket}, 100, 2},
		{Limit{Rate: rate(5), Algorithm: TokenBucket}, 5, 2},
	}
	for _, tt := range tests {
		t.Run(tt.limit.Algorithm.String()+" "+strconv.FormatInt(tt.limit.Burst, 10), func(t *testing.T) {
			e, _ := tt.limit.take(entry{}, false, start)
			many := func(at int64) (passed int) {
				for range 200 {
					next, d := tt.limit.take(e, true, at)
					if !d.Passed {
						break
					}
					e = next
					passed++
				}
				return passed
			}
			assert.Equal(t, tt.late, many(start+59_300_000))
			assert.Equal(t, tt.early, many(start+60_600_000))
		})
	}
}

func TestAClockThatGoesBackHoldsNobodyBack(t *testing.T) {
	const day = 86400 * int64(second)
	now := 1_900_000_000 * int64(second)
	for _, algorithm := range []Algorithm{FixedWindow, SlidingWindow, TokenBucket} {
		t.Run(algorithm.String(), func(t *testing.T) {
			limit := Limit{Rate: Rate{Threshold: 1, Window: 1, Burst: 1}, Algorithm: algorithm}
			e, d := limit.take(entry{}, false, now)
			require.True(t, d.Passed)
			e, d = limit.take(e, true, now-day)
			assert.False(t, d.Passed, "it gives nothing")
			assert.LessOrEqual(t, d.Reset, int64(2))
			_, d = limit.take(e, true, now-day+2*second)
			assert.True(t, d.Passed)
		})
	}
}

func TestAChangedLimitGoesOnWithWhatWasCounted(t *testing.T) {
	now := 1_900_000_000 * int64(second)
	for _, algorithm := range []Algorithm{FixedWindow, SlidingWindow} {
		limit := Limit{Rate: Rate{Threshold: 10, Window: 60}, Algorithm: algorithm}
		var e entry
		for i := range 7 {
			e, _ = limit.take(e, i > 0, now)
		}
		limit.Threshold = 5
		_, d := limit.take(e, true, now)
		assert.False(t, d.Passed)
		limit.Threshold = 9
		_, d = limit.take(e, true, now)
		assert.True(t, d.Passed)
		assert.Equal(t, int64(1), d.Remaining)
	}
	bucket := Limit{Rate: Rate{Threshold: 10, Window: 60, Burst: 10}, Algorithm: TokenBucket}
	e, _ := bucket.take(entry{}, false, now)
	bucket.Burst = 3
	_, d := bucket.take(e, true, now)
	assert.Equal(t, int64(2), d.Remaining)
}

func TestTheLargestLimits(t *testing.T) {
	now := 1_900_000_000 * int64(second)
	for _, algorithm := range []Algorithm{FixedWindow, SlidingWindow, TokenBucket} {
		limit := Limit{Rate: Rate{Threshold: MaxThreshold, Window: 86400, Burst: MaxThreshold}, Algorithm: algorithm}
		e, d := limit.take(entry{}, false, now)
		assert.True(t, d.Passed)
		assert.Positive(t, d.Remaining)
		_, d = limit.take(e, true, now)
		assert.True(t, d.Passed)
	}
}
