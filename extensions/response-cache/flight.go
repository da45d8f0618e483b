package main

import (
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	tickPeriod  = 100  // ms
	mostWaiting = 1024 // requests of a VM for one response
)

// flights are the responses that one request at a time asks the backend for. Who may is settled by a lock in Redis, so it
// holds for all workers and gateways; the requests of one VM share one claim to it.
type flights struct {
	wait     int64 // ms that a request waits at most; 0: none does
	lock     int64 // ms until the lock of a gateway that has gone is free
	remember int64 // ms that an answer which may not be stored is remembered
	open     map[string]*flight
}

func (f *flights) parse(o field.Object, c *cache) error {
	otherwise := 0
	if c.http {
		otherwise = defaultHTTPWait
	}
	wait, err := number(o, "single_flight_wait", 0, 3600_000, otherwise)
	if err != nil {
		return err
	}
	lock, err := number(o, "single_flight_lock", 100, 3600_000, defaultLock)
	if err != nil {
		return err
	}
	remember, err := number(o, "remember_uncacheable", 0, 86400, defaultRemember)
	if err != nil {
		return err
	}
	*f = flights{int64(wait), int64(lock), int64(remember) * 1000, map[string]*flight{}}
	if wait > 0 {
		wrapper.RegisterTickFunc(tickPeriod, c.tick)
	}
	return nil
}

// single tells whether only one request asks the backend. In mode http only that one stores.
func (c *cache) single() bool { return c.http || c.flights.wait > 0 }

// flight is a claim to a lock, and who waits for what comes of it.
type flight struct {
	lock, token string
	asking      bool // Redis is asked for the lock
	ours        bool // the lock is held, for a request of this VM
	waiting     []waiter
}

type waiter struct {
	x      *exchange
	stream wrapper.Parked
}

// lead is a request's part in a flight.
type lead struct {
	leads    *flight // whose lock it holds
	deadline int64   // ms since 1970 until which it waits, whatever for; 0: it has not waited
	past     bool    // it waits no more: the backend answers it, and its response is stored only in mode key
}

// acquire answers "lead" and takes the lock, "wait" if another one has it, or "pass" where answers are not stored. KEYS[1]
// is the lock, ARGV the token and how many milliseconds it holds.
const acquire = `local held = redis.call('get', KEYS[1])
if held == 'pass' then return 'pass' end
if held and held ~= ARGV[1] then return 'wait' end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 'lead'`

// release gives the lock KEYS[1] up that ARGV[1] holds. ARGV[2] are the milliseconds for which "pass" takes its place.
const release = `if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then redis.call('del', KEYS[1]) else redis.call('set', KEYS[1], 'pass', 'px', ARGV[2]) end
return 1`

// absent decides who asks the backend for what is not stored, or no longer fresh.
func (x *exchange) absent() {
	c := x.cache
	switch {
	case x.refusesBackend():
		x.failed()
		x.reply(504, "not_cached", [][2]string{{statusHeader, "miss"}}, nil)
		return
	case !c.single(), x.past, c.http && x.request.Method != "GET":
		x.goOn()
		return
	case x.leads != nil:
		x.depart()
		return
	}
	name := c.lockOf(x.key)
	if f := c.flights.open[name]; f != nil {
		x.join(f)
		return
	}
	f := &flight{lock: name, token: randomText()}
	c.flights.open[name] = f
	first := waiter{x, wrapper.Park()}
	if !c.ask(f, func(verdict string) { c.launched(f, first, verdict) }) {
		delete(c.flights.open, name)
		x.goOn()
	}
}

// ask asks for the lock. It belongs to the plugin, for others may come to wait for it, too.
func (c *cache) ask(f *flight, then func(verdict string)) bool {
	var err error
	wrapper.Detached(func() {
		err = c.redis.Eval(acquire, 1, []interface{}{f.lock}, []interface{}{f.token, c.flights.lock}, func(answer resp.Value) {
			f.asking = false
			verdict := ""
			if failure := answer.Error(); failure != nil {
				log.Error("the cache does not answer: " + failure.Error())
			} else {
				verdict = answer.String()
			}
			then(verdict)
		})
	})
	if err != nil {
		log.Error("the cache cannot be asked: " + err.Error())
		return false
	}
	f.asking = true
	return true
}

// launched is the answer to the claim that the request first has made.
func (c *cache) launched(f *flight, first waiter, verdict string) {
	switch verdict {
	case "lead":
		f.ours = true
		if !first.stream.Wake(func() { first.x.leads = f; first.x.lookAgain() }) {
			c.next(f)
		}
	case "wait":
		first.stream.Wake(func() { first.x.join(f) })
		if len(f.waiting) == 0 {
			delete(c.flights.open, f.lock)
		}
	default:
		first.stream.Wake(func() { first.x.passBy() })
		c.land(f, (*exchange).passBy)
	}
}

// join has a held request wait for the one that asks the backend, unless a stale copy will do.
func (x *exchange) join(f *flight) {
	if x.serveWhileRevalidating() {
		return
	}
	flights := &x.cache.flights
	if flights.wait == 0 || len(f.waiting) >= mostWaiting || !x.awaits() {
		x.passBy()
		return
	}
	if x.deadline == 0 {
		x.deadline = x.cache.clock() + flights.wait
	}
	f.waiting = append(f.waiting, waiter{x, wrapper.Park()})
}

// passBy sends a request to the backend although another one asks it, or has no use for its answer.
func (x *exchange) passBy() {
	x.past = true
	x.goOn()
}

// next hands the lock to the first request that still waits, or gives it up.
func (c *cache) next(f *flight) {
	for len(f.waiting) > 0 {
		w := f.waiting[0]
		f.waiting = f.waiting[1:]
		if w.stream.Wake(func() { w.x.leads = f; w.x.depart() }) {
			return
		}
	}
	delete(c.flights.open, f.lock)
	c.release(f, 0)
}

// release gives the lock up, or has it say for a time that answers are not stored.
func (c *cache) release(f *flight, remember int64) {
	wrapper.Detached(func() {
		err := c.redis.Eval(release, 1, []interface{}{f.lock}, []interface{}{f.token, remember}, nil)
		if err != nil {
			log.Error("the cache cannot be told: " + err.Error())
		}
	})
}

// land ends a flight; then is what each waiting request does.
func (c *cache) land(f *flight, then func(*exchange)) {
	delete(c.flights.open, f.lock)
	waiting := f.waiting
	f.waiting = nil
	for _, w := range waiting {
		w.stream.Wake(func() { then(w.x) })
	}
}

// resign ends the flight that the request leads, and its lock, unless it leads none. For remember milliseconds nobody takes
// the lock again: who comes then asks the backend at once. then is what each waiting request does.
func (x *exchange) resign(remember int64, then func(*exchange)) {
	f := x.leads
	if f == nil {
		return
	}
	x.leads = nil
	x.cache.release(f, remember)
	x.cache.land(f, then)
}

// found ends a flight that was not needed: what was missing is there now.
func (x *exchange) found() { x.resign(0, (*exchange).lookAgain) }

// uncacheable ends a flight whose answer may not be stored.
func (x *exchange) uncacheable() { x.resign(x.cache.flights.remember, (*exchange).passBy) }

// failed ends a flight without an answer that says anything of the next one: it is remembered only as long as it takes
// all gateways to hear of it.
func (x *exchange) failed() {
	x.resign(min(x.cache.flights.remember, 5*tickPeriod), (*exchange).passBy)
}

// tick frees who has waited long enough, and asks anew for locks that others hold.
func (c *cache) tick() {
	now := c.clock()
	for _, f := range c.flights.open {
		var late []waiter
		kept := f.waiting[:0]
		for _, w := range f.waiting {
			if now >= w.x.deadline {
				late = append(late, w)
				continue
			}
			kept = append(kept, w)
		}
		f.waiting = kept
		for _, w := range late {
			w.stream.Wake(w.x.passBy)
		}
		if f.ours || f.asking {
			continue
		}
		if len(f.waiting) == 0 {
			delete(c.flights.open, f.lock)
			continue
		}
		if !c.ask(f, func(verdict string) { c.polled(f, verdict) }) {
			c.land(f, (*exchange).passBy)
		}
	}
}

// polled is the answer to a later claim. Who gets the lock looks first for what its holder may have stored.
func (c *cache) polled(f *flight, verdict string) {
	switch verdict {
	case "lead":
		f.ours = true
		for len(f.waiting) > 0 {
			w := f.waiting[0]
			f.waiting = f.waiting[1:]
			if w.stream.Wake(func() { w.x.leads = f; w.x.lookAgain() }) {
				return
			}
		}
		c.next(f)
	case "wait":
	default:
		c.land(f, (*exchange).passBy)
	}
}

func onStreamDone(ctx wrapper.HttpContext, _ Config) {
	x := exchangeOf(ctx)
	if x == nil || x.leads == nil {
		return
	}
	f := x.leads
	x.leads = nil
	x.cache.next(f)
}
