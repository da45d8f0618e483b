package main

import (
	"encoding/hex"
	"math/rand/v2"
	"slices"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/extensions/internal/httpcache"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// finding is what mode http knows of what is stored.
type finding struct {
	uri         string // key of the request's URI
	index       *index // where responses depend on request headers
	seen        string // the index as it was read
	stale       *record
	decision    httpcache.Decision // on stale
	conditional bool               // the backend is asked whether stale is valid
	requested   int64              // when the backend was asked, ms since 1970
}

func (x *exchange) foundURI(answer resp.Value) {
	x.index, x.seen, x.stale, x.key = nil, "", nil, x.uri
	if !x.readable(answer) {
		return
	}
	text, _ := textOf(answer)
	found, ok := decodeIndex(text)
	if !ok {
		x.judge(answer)
		return
	}
	x.index, x.seen = found, text
	x.key = variantKey(x.uri, found.generation, httpcache.Select(x.request.Headers, found.names))
	err := x.cache.redis.Get(x.key, func(answer resp.Value) {
		if x.readable(answer) {
			x.judge(answer)
		}
	})
	if err != nil {
		x.unreachable(err)
	}
}

func (x *exchange) readable(answer resp.Value) bool {
	err := answer.Error()
	if err != nil {
		x.unreachable(err)
	}
	return err == nil
}

// unreachable goes on without the cache.
func (x *exchange) unreachable(cause error) {
	log.Error("the cache does not answer: " + cause.Error())
	x.failed()
	if x.refusesBackend() {
		x.reply(504, "not_cached", [][2]string{{statusHeader, "miss"}}, nil)
		return
	}
	x.passBy()
}

// judge decides on what is stored. Something that is no response of this plugin counts as nothing.
func (x *exchange) judge(answer resp.Value) {
	text, _ := textOf(answer)
	r, ok := decodeRecord(text)
	if !ok || !httpcache.Fits(&x.request, &r.Entry) {
		x.absent()
		return
	}
	if x.served(r) {
		return
	}
	x.absent()
}

// served answers with a stored response, if that is allowed, and keeps it otherwise.
func (x *exchange) served(r *record) bool {
	d := httpcache.Reuse(&x.request, &r.Entry, &x.cache.rules, x.cache.clock())
	if !d.Serve {
		x.stale, x.decision = r, d
		return false
	}
	x.found()
	said := "hit"
	if d.Stale {
		said = "stale"
	}
	x.serve(r, said)
	return true
}

// offered is what a waiting request does with the response that another one has brought.
func (x *exchange) offered(r *record) {
	if !httpcache.Fits(&x.request, &r.Entry) {
		x.lookAgain()
		return
	}
	if !x.served(r) {
		x.passBy()
	}
}

func (x *exchange) serveWhileRevalidating() bool {
	if x.stale == nil || !x.decision.WhileRevalidating {
		return false
	}
	x.serve(x.stale, "stale")
	return true
}

// serveOnError answers with a stale copy in place of a backend that fails.
func (x *exchange) serveOnError() bool {
	if x.stale == nil || !x.decision.IfError {
		return false
	}
	x.serve(x.stale, "stale")
	return true
}

func (x *exchange) awaits() bool {
	if !x.cache.http {
		return true
	}
	if x.stale == nil {
		return httpcache.Awaits(&x.request, nil)
	}
	return httpcache.Awaits(&x.request, &x.stale.Entry)
}

func (x *exchange) refusesBackend() bool { return x.cache.http && httpcache.OnlyIfCached(&x.request) }

// depart sends the request that holds the lock to the backend. In mode http it asks for a whole response, not encoded, or
// whether the stale copy is still valid; its client's own conditions are evaluated here.
func (x *exchange) depart() {
	if x.cache.http {
		x.requested = x.cache.clock()
		x.prepare()
		lines := httpcache.Headers{}
		if x.stale != nil {
			lines = httpcache.Conditions(&x.stale.Entry)
		}
		x.conditional = len(lines) > 0
		for _, name := range [...]string{"if-none-match", "if-modified-since"} {
			x.setCondition(name, lines)
		}
	}
	x.goOn()
}

func (x *exchange) setCondition(name string, lines httpcache.Headers) {
	var err error
	if value, ok := lines.Get(name); ok {
		err = proxywasm.ReplaceHttpRequestHeader(name, value)
	} else if x.request.Headers.Has(name) {
		err = proxywasm.RemoveHttpRequestHeader(name)
	}
	if err != nil {
		log.Error(name + " cannot be set: " + err.Error())
	}
}

// deposit stores the entry ARGV[3] at KEYS[3] for ARGV[4] milliseconds and frees the lock KEYS[1], if that still holds the
// token or mark ARGV[1]: who invalidates takes it away. It answers 1 if it has stored the entry. KEYS[2] is the URI's key; where it held an index, ARGV[2], it must be the same.
// ARGV[5], unless empty, is a new one, for ARGV[6] milliseconds.
const deposit = `if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('del', KEYS[1])
if ARGV[2] ~= '' and redis.call('get', KEYS[2]) ~= ARGV[2] then return 0 end
if ARGV[5] ~= '' then redis.call('set', KEYS[2], ARGV[5], 'px', ARGV[6]) end
redis.call('set', KEYS[3], ARGV[3], 'px', ARGV[4])
return 1`

const indexLifetime = 24 * 60 * 60 * 1000 // ms, or as long as the response

// store keeps the response of a request that has a claim. If it leads a flight, those that wait get the response, but only
// once Redis has accepted it: some of them may have come after something has made it obsolete.
func (x *exchange) store(r *record) {
	c := x.cache
	names, _ := httpcache.Varies(r.Headers)
	r.Selecting = httpcache.Select(x.request.Headers, names)
	text, ok := r.encode()
	if !ok {
		x.uncacheable()
		return
	}
	retention := r.Retention(&c.rules)
	target, newIndex := x.uri, ""
	if len(names) > 0 {
		i := x.index
		if i == nil || !slices.Equal(i.names, names) {
			i = &index{randomText(), names}
			newIndex = i.encode()
		}
		target = variantKey(x.uri, i.generation, r.Selecting)
	}
	keys := []interface{}{x.claim.lock, x.uri, target}
	args := []interface{}{x.claim.token, x.seen, text, retention, newIndex, max(retention, indexLifetime)}
	f := x.leads
	x.leads, x.claim = nil, claim{}
	land := func(then func(*exchange)) {
		if f != nil {
			c.land(f, then)
		}
	}
	if f != nil {
		c.settle(f)
	}
	var err error
	wrapper.Detached(func() {
		err = c.redis.Eval(deposit, len(keys), keys, args, func(answer resp.Value) {
			switch {
			case answer.Error() != nil:
				log.Error("the response cannot be stored: " + answer.Error().Error())
				land((*exchange).passBy)
			case answer.Integer() == 1:
				land(func(other *exchange) { other.offered(r) })
			default:
				land((*exchange).lookAgain)
			}
		})
	})
	if err != nil {
		log.Error("the response cannot be stored: " + err.Error())
		land((*exchange).passBy)
	}
}

func randomText() string {
	var room [16]byte
	for i := range room {
		room[i] = byte(rand.Uint32())
	}
	return hex.EncodeToString(room[:])
}

// invalidate removes what is stored for the request's URI and for those that its answer names (RFC 9111, section 4.4).
// Requests under way store nothing then, and nobody who comes later waits for them.
func (x *exchange) invalidate(answer httpcache.Headers) {
	h := x.request.Headers
	scheme, _ := h.Get(":scheme")
	host, _ := h.Get(":authority")
	path, _ := h.Get(":path")
	uris := []string{x.cache.uriKey(h)}
	for _, other := range httpcache.AlsoInvalidated(scheme, host, path, answer) {
		uris = append(uris, x.cache.uriKey(h.With(":path", other)))
	}
	for _, uri := range uris {
		command := append([]interface{}{"del"}, x.cache.keysOf(uri)...)
		wrapper.Detached(func() {
			if err := x.cache.redis.Command(command, nil); err != nil {
				log.Error("the cache cannot be told: " + err.Error())
			}
		})
		x.cache.detach(uri)
	}
}
