package main

import (
	"strconv"
	"strings"

	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// What a lock in Redis holds:
//
//   - nothing: nobody asks the backend, and who comes may take the lock;
//   - a token: one request asks, and others wait. Only while it is there may that request store its answer in mode http;
//   - a mark, "pass:" and the token of the flight that has set it: answers are not stored at present, and who comes asks the
//     backend at once. An answer that may be stored after all takes the mark's place, if the mark that its request has met
//     is still there.
//
// Who invalidates a response deletes the lock, whatever it holds, so that nothing asked for before is stored after it.
const markPrefix = "pass"

// claim is what a lock must hold for a request's answer to be stored; the zero value is no claim.
type claim struct{ lock, token string }

// mark is what takes the place of a claim whose answer may not be stored.
func (own claim) mark() claim { return claim{own.lock, markPrefix + ":" + own.token} }

// acquire answers "lead" and takes the lock, the mark if there is one, or if another one has the lock "wait" and for how many
// milliseconds it still has it. KEYS[1] is the lock, ARGV the token and how many milliseconds it holds.
const acquire = `local held = redis.call('get', KEYS[1])
if held and string.sub(held, 1, 4) == 'pass' then return held end
if held and held ~= ARGV[1] then return 'wait ' .. redis.call('pttl', KEYS[1]) end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 'lead'`

// release takes the token or mark ARGV[1] off the lock KEYS[1]. ARGV[2] are the milliseconds for which the mark ARGV[3] takes
// its place.
const release = `if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then redis.call('del', KEYS[1]) else redis.call('set', KEYS[1], ARGV[3], 'px', ARGV[2]) end
return 1`

// verdict is the answer to a claim.
type verdict struct {
	lead bool  // the lock is taken
	wait bool  // another one has it
	left int64 // and keeps it at most for so many ms
	mark claim // answers are not stored at present
} // none of these: Redis fails

func (own claim) verdictOf(answer resp.Value) (v verdict) {
	if failure := answer.Error(); failure != nil {
		log.Error("the cache does not answer: " + failure.Error())
		return verdict{}
	}
	text := answer.String()
	left, isWait := strings.CutPrefix(text, "wait ")
	switch {
	case text == "lead":
		v.lead = true
	case strings.HasPrefix(text, markPrefix):
		v.mark = claim{own.lock, text}
	case isWait:
		var err error
		v.left, err = strconv.ParseInt(left, 10, 64)
		v.wait = err == nil
	}
	return v
}

// ask makes the flight's claim; false if that is impossible. The claim belongs to the plugin, for others may come to wait for
// it, too.
func (c *cache) ask(f *flight, then func(verdict)) bool {
	asked := c.clock()
	var err error
	wrapper.Detached(func() {
		err = c.redis.Eval(acquire, 1, []interface{}{f.lock}, []interface{}{f.token, c.flights.lock}, func(answer resp.Value) {
			v := f.verdictOf(answer)
			switch {
			case v.lead:
				f.phase, f.since = ours, asked
			case v.wait:
				f.phase, f.since = abroad, asked-max(c.flights.lock-v.left, 0)
			}
			then(v)
		})
	})
	if err != nil {
		log.Error("the cache cannot be asked: " + err.Error())
		return false
	}
	f.phase = claiming
	return true
}

// release gives a claim up. For remember milliseconds its mark takes its place.
func (c *cache) release(own claim, remember int64) {
	wrapper.Detached(func() {
		err := c.redis.Eval(release, 1, []interface{}{own.lock}, []interface{}{own.token, remember, own.mark().token}, nil)
		if err != nil {
			log.Error("the cache cannot be told: " + err.Error())
		}
	})
}
