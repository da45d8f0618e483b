package ratelimit

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// Algorithm is how a limit counts.
type Algorithm uint8

// The algorithms.
const (
	// FixedWindow starts a window with the first request, and Threshold requests pass until it ends. Up to twice as many
	// may pass around the end of a window.
	FixedWindow Algorithm = iota
	// SlidingWindow counts this window and the one before, of which it takes the share that a window ending now would
	// still cover. What passed at the end of a window leaves little room at the beginning of the next one.
	SlidingWindow
	// TokenBucket holds Burst tokens and gains Threshold of them, evenly, a window. A request takes one.
	TokenBucket
)

// algorithms are the names in configurations.
var algorithms = [...]string{FixedWindow: "fixed_window", SlidingWindow: "sliding_window", TokenBucket: "token_bucket"}

// ParseAlgorithm reads the field algorithm, FixedWindow where it is absent.
func ParseAlgorithm(o field.Object) (Algorithm, error) {
	name, err := o.Enum("algorithm", algorithms[:]...)
	return Algorithm(max(0, slices.Index(algorithms[:], name))), err
}

// String returns the name in configurations.
func (a Algorithm) String() string { return algorithms[a] }

// Limit is a rate and how it is counted. Of TokenBucket, Burst must be set.
type Limit struct {
	Rate
	Algorithm Algorithm
}

// NewLimit returns how a rate is counted. Without a burst a bucket holds a window's requests; the other algorithms refuse
// one.
func NewLimit(rate Rate, algorithm Algorithm) (Limit, error) {
	switch {
	case algorithm == TokenBucket && rate.Burst == 0:
		rate.Burst = rate.Threshold
	case algorithm != TokenBucket && rate.Burst != 0:
		return Limit{}, errors.New("'burst' is of the algorithm token_bucket only")
	}
	rate.Threshold, rate.Burst = min(rate.Threshold, MaxThreshold), min(rate.Burst, MaxThreshold)
	return Limit{rate, algorithm}, nil
}

// Quota is the largest number of requests that can pass at once.
func (l *Limit) Quota() int64 {
	if l.Algorithm == TokenBucket {
		return l.Burst
	}
	return l.Threshold
}

// Period is how long, in seconds, an unused limit takes from nothing left to its whole quota.
func (l *Limit) Period() int64 {
	if l.Algorithm == TokenBucket {
		return int64(min(MaxThreshold, math.Ceil(float64(l.Burst)*float64(l.Window)/float64(l.Threshold))))
	}
	return l.Window
}

// Decision is what a limit says about one request.
type Decision struct {
	Passed    bool
	Quota     int64 // of the limit: how many may pass at once
	Remaining int64 // how many more may pass now
	Reset     int64 // seconds, rounded up, until that number grows without further requests; 0 if it is the whole quota
}

// entrySize is the size of a limit's state, whatever its algorithm: a time in microseconds since 1970, and tokens.
const entrySize = 16

// entry is the state of a limit: when, and how much.
//
//	FixedWindow    start of the window; how many have passed in it
//	SlidingWindow  start of the window; how many have passed in it, and in the one before, 32 bits each
//	TokenBucket    when the tokens were counted; the bits of a floating point number
type entry struct {
	time   int64
	tokens uint64
}

// decode reads an entry; false for what is none.
func decode(value []byte) (entry, bool) {
	if len(value) != entrySize {
		return entry{}, false
	}
	return entry{int64(binary.LittleEndian.Uint64(value)), binary.LittleEndian.Uint64(value[8:])}, true
}

func (e entry) append(to []byte) []byte {
	to = binary.LittleEndian.AppendUint64(to, uint64(e.time))
	return binary.LittleEndian.AppendUint64(to, e.tokens)
}

const second = 1_000_000 // µs

// State is what a limit has counted so far, for those who keep it themselves. The zero State is nothing.
type State struct {
	entry entry
	there bool
}

// Take decides about a request at now, in µs since 1970, and returns the state after it.
func (l *Limit) Take(s State, now int64) (State, Decision) {
	e, d := l.take(s.entry, s.there, now)
	if d.Passed {
		s = State{e, true}
	}
	return s, d
}

// Spent tells whether the state may be forgotten at now, because the limit has its whole quota again.
func (l *Limit) Spent(s State, now int64) bool { return !s.there || l.spent(s.entry, now) }

// take decides about a request at now, in µs since 1970. e is the state, there tells whether there is one; without one
// nothing was counted yet. The state need only be kept if the request passed: otherwise the old one says the same later.
//
// The scripts of cluster-key-rate-limit compute the same, in the same order, so that both round alike. A clock that goes
// back makes the time that was remembered the present: nobody waits for it to catch up.
func (l *Limit) take(e entry, there bool, now int64) (entry, Decision) {
	if !there {
		e = l.fresh(now)
	}
	e.time = min(e.time, now)
	switch l.Algorithm {
	case SlidingWindow:
		return l.takeSliding(e, now)
	case TokenBucket:
		return l.takeToken(e, now)
	}
	return l.takeFixed(e, now)
}

// fresh is the state of a limit that nothing was counted against.
func (l *Limit) fresh(now int64) entry {
	if l.Algorithm == TokenBucket {
		return entry{now, math.Float64bits(float64(l.Burst))}
	}
	return entry{time: now}
}

func (l *Limit) takeFixed(e entry, now int64) (entry, Decision) {
	window := l.Window * second
	if now-e.time >= window {
		e = entry{time: now}
	}
	d := Decision{Quota: l.Quota()}
	threshold := uint64(l.Threshold)
	if e.tokens < threshold {
		d.Passed = true
		e.tokens++
		d.Remaining = int64(threshold - e.tokens)
	}
	d.Reset = seconds(float64(e.time + window - now))
	return e, d
}

func (l *Limit) takeSliding(e entry, now int64) (entry, Decision) {
	width := l.Window * second
	count, before := float64(e.tokens>>32), float64(uint32(e.tokens))
	switch elapsed := now - e.time; {
	case elapsed >= 2*width:
		e.time, count, before = now, 0, 0
	case elapsed >= width:
		e.time, count, before = e.time+width, 0, count
	}
	limit := float64(min(l.Threshold, math.MaxUint32))
	window, elapsed := float64(width), float64(now-e.time)
	used := before*(window-elapsed)/window + count
	d := Decision{Quota: l.Quota()}
	if used+1 <= limit {
		d.Passed = true
		count++
		used++
	}
	left := max(0, math.Floor(limit-used))
	d.Remaining = int64(left)
	d.Reset = seconds(slidingWait(limit-left-1, count, before, window, elapsed))
	e.tokens = uint64(count)<<32 | uint64(before)
	return e, d
}

// slidingWait returns how long it takes, in µs, until no more than room are counted; room below 0 is that of no time.
func slidingWait(room, count, before, window, elapsed float64) float64 {
	switch {
	case room < 0:
		return 0
	case count > room:
		return window - elapsed + window - window*room/count
	case before > 0:
		return window - window*(room-count)/before - elapsed
	}
	return 0
}

func (l *Limit) takeToken(e entry, now int64) (entry, Decision) {
	burst, rate, window := float64(l.Burst), float64(l.Threshold), float64(l.Window*second)
	tokens := min(burst, math.Float64frombits(e.tokens)+float64(now-e.time)*rate/window)
	d := Decision{Quota: l.Quota()}
	if tokens >= 1 {
		d.Passed = true
		tokens--
	}
	left := math.Floor(tokens)
	d.Remaining = int64(left)
	if left+1 <= burst {
		d.Reset = seconds((left + 1 - tokens) * window / rate)
	}
	return entry{now, math.Float64bits(tokens)}, d
}

// seconds rounds µs up.
func seconds(micros float64) int64 {
	return max(0, int64(math.Ceil(micros/second)))
}

// spent tells whether forgetting the state at now would change nothing: the limit has its whole quota again.
func (l *Limit) spent(e entry, now int64) bool {
	switch l.Algorithm {
	case SlidingWindow:
		return now-e.time >= 2*l.Window*second
	case TokenBucket:
		missing := float64(l.Burst) - math.Float64frombits(e.tokens)
		return float64(now-e.time)*float64(l.Threshold)/float64(l.Window*second) >= missing
	}
	return now-e.time >= l.Window*second
}

// used is how many requests the state holds against the limit, to compare states of one limit with each other.
func (l *Limit) used(e entry, now int64) float64 {
	switch l.Algorithm {
	case SlidingWindow:
		return float64(e.tokens>>32) + float64(uint32(e.tokens))
	case TokenBucket:
		return float64(l.Burst) - math.Float64frombits(e.tokens) - float64(now-e.time)*float64(l.Threshold)/float64(l.Window*second)
	}
	return float64(e.tokens)
}

// MaxThreshold is the largest threshold, and burst, that all algorithms count exactly: some use floating point numbers.
const MaxThreshold = 1 << 53
