package main

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpcache"
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
	lock     int64 // ms until the lock of a request of which nothing is heard is free
	remember int64 // ms that an answer which may not be stored is remembered
	open     map[string]*flight
	landing  map[*flight]struct{}
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
	*f = flights{int64(wait), int64(lock), int64(remember) * 1000, map[string]*flight{}, map[*flight]struct{}{}}
	if wait > 0 {
		wrapper.RegisterTickFunc(tickPeriod, c.tick)
	}
	return nil
}

// single tells whether only one request asks the backend. In mode http only that one stores.
func (c *cache) single() bool { return c.http || c.flights.wait > 0 }

// flight is what a VM knows of a request to the backend for one response, and the requests of the VM that wait for it. While
// it takes such requests, it is in flights.open; there is one flight for a lock there.
type flight struct {
	claim
	phase   phase
	since   int64 // when the backend was asked, ms since 1970; of a claim that has no answer yet, when it was made
	waiting []waiter
}

// phase is where a flight is. An open one goes from claiming to ours or abroad, and from abroad, with each tick, to claiming
// again. It ends by being closed: with what its leader brings, when nobody waits for it any more, or when its lock is over.
type phase int

const (
	// claiming: Redis is asked for the lock. Who waits will lead, or wait on.
	claiming phase = iota
	// abroad: another VM has the lock. Redis is asked anew at each tick while somebody waits.
	abroad
	// ours: a request of this VM has the lock, and asks the backend. That request has the flight in lead.leads.
	ours
	// landing: the answer is here, and Redis is asked to store it. The flight is not open any more: who comes now finds the
	// answer in Redis. Those that wait get it when Redis has accepted it.
	landing
)

type waiter struct {
	x      *exchange
	stream wrapper.Parked
}

// lead is a request's part in a flight.
type lead struct {
	leads    *flight // whose lock it holds
	claim    claim   // with which its answer is stored in mode http: that of the flight it leads, or a mark that it has met
	deadline int64   // ms since 1970 until which it waits, whatever for; 0: it has not waited
	past     bool    // it waits no more: the backend answers it
}

// take makes the request the leader of a flight.
func (x *exchange) take(f *flight) { x.leads, x.claim = f, f.claim }

// flightName is the lock on what is asked for. In mode http users have one of their own: whether answers to them may be
// stored says nothing of answers to others.
func (x *exchange) flightName() string {
	c := x.cache
	if c.http && httpcache.OfUser(&x.request, &c.rules) {
		return c.userLockOf(x.key)
	}
	return c.lockOf(x.key)
}

// mayLead tells whether the answer to the request can be one for others, too.
func (x *exchange) mayLead() bool {
	if x.cache.http {
		return true // conditions are the cache's own then, and the rest is not looked up
	}
	if x.request.Method == "HEAD" {
		return false
	}
	for _, name := range [...]string{"range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"} {
		if x.request.Headers.Has(name) {
			return false
		}
	}
	return true
}

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
	name := x.flightName()
	if f := c.openAt(name); f != nil {
		x.join(f)
		return
	}
	if !x.mayLead() {
		x.passBy()
		return
	}
	f := c.newFlight(name)
	first := waiter{x, wrapper.Park()}
	if !c.ask(f, func(v verdict) { c.launched(f, first, v) }) {
		c.close(f)
		x.passBy()
	}
}

func (c *cache) newFlight(name string) *flight {
	f := &flight{claim: claim{name, randomText()}, since: c.clock()}
	c.flights.open[name] = f
	return f
}

// openAt is the flight that takes requests, if there is one. One whose lock is over takes none.
func (c *cache) openAt(name string) *flight {
	f := c.flights.open[name]
	if f == nil || !c.over(f) {
		return f
	}
	c.replace(f)
	return c.flights.open[name]
}

// over tells whether the lock of a request of this VM is over, so that another one may ask.
func (c *cache) over(f *flight) bool { return f.phase == ours && c.clock() >= f.since+c.flights.lock }

// close has a flight take no more requests.
func (c *cache) close(f *flight) {
	if c.flights.open[f.lock] == f {
		delete(c.flights.open, f.lock)
	}
}

// replace closes a flight whose leader, of this VM, can no longer store its answer. Those that wait make a claim of their own;
// the leader goes on alone.
func (c *cache) replace(f *flight) {
	c.close(f)
	if len(f.waiting) == 0 {
		return
	}
	next := c.newFlight(f.lock)
	next.waiting, f.waiting = f.waiting, nil
	if !c.ask(next, func(v verdict) { c.polled(next, v) }) {
		c.land(next, (*exchange).passBy)
	}
}

// detach has who comes from now on not wait for what was asked for before the URI was invalidated. Where another VM asks, or
// nobody yet, the lock sees to it.
func (c *cache) detach(uri string) {
	var found []*flight
	for name, f := range c.flights.open { // that of the URI, and those of its variants
		if f.phase == ours && strings.HasPrefix(name, uri) {
			found = append(found, f)
		}
	}
	for _, f := range found {
		c.replace(f)
	}
}

// launched is the answer to the claim that the request first has made.
func (c *cache) launched(f *flight, first waiter, v verdict) {
	switch {
	case v.lead:
		if !first.stream.Wake(func() { first.x.take(f); first.x.lookAgain() }) {
			c.next(f, (*exchange).lookAgain)
		}
	case v.wait:
		first.stream.Wake(func() { first.x.join(f) })
		if len(f.waiting) == 0 {
			c.close(f)
		}
	default:
		first.stream.Wake(func() { first.x.passUnder(v.mark) })
		c.land(f, func(other *exchange) { other.passUnder(v.mark) })
	}
}

// polled is the answer to a later claim. Who gets the lock looks first for what its holder may have stored.
func (c *cache) polled(f *flight, v verdict) {
	switch {
	case v.lead:
		c.next(f, (*exchange).lookAgain)
	case v.wait:
	default:
		c.land(f, func(other *exchange) { other.passUnder(v.mark) })
	}
}

// join has a held request wait for the one that asks the backend, unless a stale copy will do. A flight is waited for only as
// long as its first newcomer would: one that takes longer, because of a slow client perhaps, delays nobody who comes later.
func (x *exchange) join(f *flight) {
	if x.serveWhileRevalidating() {
		return
	}
	flights, now := &x.cache.flights, x.cache.clock()
	if now >= f.since+flights.wait || len(f.waiting) >= mostWaiting || !x.awaits() {
		x.passBy()
		return
	}
	if x.deadline == 0 {
		x.deadline = now + flights.wait
	}
	f.waiting = append(f.waiting, waiter{x, wrapper.Park()})
}

// passBy sends a request to the backend although another one asks it, or has no use for its answer.
func (x *exchange) passBy() {
	x.past = true
	x.goOn()
}

// passUnder sends a request to the backend because a mark says that answers are not stored. If this one may be, it takes the
// mark's place. Without a mark, Redis having failed, it is passBy.
func (x *exchange) passUnder(mark claim) {
	if mark.token != "" {
		if x.serveWhileRevalidating() {
			return
		}
		x.claim, x.requested = mark, x.cache.clock()
	}
	x.passBy()
}

// next hands the lock to the first request that still waits and may lead, which goes on with then. Without one the lock is
// given up, and who waits passes by.
func (c *cache) next(f *flight, then func(*exchange)) {
	waiting := f.waiting
	f.waiting = nil
	var others []waiter
	for i, w := range waiting {
		if !w.x.mayLead() {
			others = append(others, w)
			continue
		}
		f.waiting = append(others, waiting[i+1:]...)
		if w.stream.Wake(func() { w.x.take(f); then(w.x) }) {
			return
		}
	}
	f.waiting = others
	c.release(f.claim, 0)
	c.land(f, (*exchange).passBy)
}

// land ends a flight; then is what each waiting request does.
func (c *cache) land(f *flight, then func(*exchange)) {
	c.close(f)
	delete(c.flights.landing, f)
	waiting := f.waiting
	f.waiting = nil
	for _, w := range waiting {
		w.stream.Wake(func() { then(w.x) })
	}
}

// settle closes a flight while Redis is asked to store its answer; land ends it.
func (c *cache) settle(f *flight) {
	c.close(f)
	f.phase = landing
	if len(f.waiting) > 0 {
		c.flights.landing[f] = struct{}{}
	}
}

// resign ends the flight that the request leads, and its lock, unless it leads none. For remember milliseconds a mark has
// nobody take the lock again: who comes then asks the backend at once. then is what each waiting request does.
func (x *exchange) resign(remember int64, then func(*exchange)) {
	f := x.leads
	if f == nil {
		return
	}
	x.leads, x.claim = nil, claim{}
	x.cache.release(f.claim, remember)
	x.cache.land(f, then)
}

// found ends a flight that was not needed: what was missing is there now.
func (x *exchange) found() { x.resign(0, (*exchange).lookAgain) }

// uncacheable ends a flight whose answer may not be stored, and nor may others be to such requests.
func (x *exchange) uncacheable() { x.disappoint(x.cache.flights.remember) }

// failed ends a flight without an answer that says anything of the next one: it is remembered only as long as it takes
// all gateways to hear of it.
func (x *exchange) failed() { x.disappoint(min(x.cache.flights.remember, 5*tickPeriod)) }

func (x *exchange) disappoint(remember int64) {
	if x.leads == nil {
		return
	}
	mark := claim{}
	if remember > 0 {
		mark = x.claim.mark()
	}
	x.resign(remember, func(other *exchange) { other.passUnder(mark) })
}

// tick frees who has waited long enough, and asks anew for locks that others hold or whose time is over.
func (c *cache) tick() {
	now := c.clock()
	for f := range c.flights.landing {
		c.freeLate(f, now)
	}
	for _, f := range c.flights.open {
		c.freeLate(f, now)
		switch {
		case c.over(f):
			c.replace(f)
		case f.phase != abroad:
		case len(f.waiting) == 0:
			c.close(f)
		case !c.ask(f, func(v verdict) { c.polled(f, v) }):
			c.land(f, (*exchange).passBy)
		}
	}
}

func (c *cache) freeLate(f *flight, now int64) {
	var late, kept []waiter
	for _, w := range f.waiting {
		if now >= min(w.x.deadline, f.since+c.flights.wait) {
			late = append(late, w)
		} else {
			kept = append(kept, w)
		}
	}
	f.waiting = kept
	for _, w := range late {
		w.stream.Wake(w.x.passBy)
	}
}

func onStreamDone(ctx wrapper.HttpContext, _ Config) {
	x := exchangeOf(ctx)
	if x == nil || x.leads == nil {
		return
	}
	f := x.leads
	x.leads, x.claim = nil, claim{}
	x.cache.next(f, (*exchange).depart)
}
