package main

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/proxytest"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// vm is the plugin on the emulated host, with a clock and a Redis of the test's. Redis answers when the test says so.
type vm struct {
	*testing.T
	test.TestHost
	cache   *cache
	now     int64 // ms since 1970
	looked  int   // how often the clock was read
	streams []uint32
	store   map[string]stored
}

type stored struct {
	text  string
	until int64
}

const httpMode = `{"mode": "http", "cache": {"type": "redis", "serviceName": "r.static"}, "single_flight_wait": 3000,
	"single_flight_lock": 30000, "purge": {"secret": "s"}}`

func startVM(t *testing.T, config string) *vm {
	t.Helper()
	v := &vm{T: t, TestHost: plugintest.Start(t, config), now: 1_800_000_000_000, store: map[string]stored{}}
	inForce, err := v.GetMatchConfig()
	require.NoError(t, err)
	v.cache = inForce.(*Config).cache
	v.cache.clock = func() int64 { v.looked++; return v.now }
	v.streams = []uint32{proxytest.PluginContextID}
	return v
}

// send begins a request, and has Redis answer all that follows from it.
func (v *vm) send(method string, lines ...string) (stream uint32) {
	stream = v.sendWithout(method, lines...)
	v.answer()
	return stream
}

// sendWithout begins a request while Redis says nothing.
func (v *vm) sendWithout(method string, lines ...string) (stream uint32) {
	stream = v.InitializeHttpContext()
	v.streams = append(v.streams, stream)
	v.CallOnRequestHeaders(stream, plugintest.Request(method, "/", lines...), true)
	return stream
}

// answer has Redis answer until nobody asks it anything.
func (v *vm) answer() {
	for v.answerOne() {
	}
}

// answerOne has Redis answer what it was asked first.
func (v *vm) answerOne() bool {
	var calls []proxytest.RedisCalloutAttribute
	for _, stream := range v.streams {
		calls = append(calls, v.GetRedisCalloutAttributesFromContext(stream)...)
	}
	if len(calls) == 0 {
		return false
	}
	first := slices.MinFunc(calls, func(a, b proxytest.RedisCalloutAttribute) int { return int(a.CalloutID) - int(b.CalloutID) })
	command, _, err := resp.NewReader(bytes.NewReader(first.Query)).ReadValue()
	require.NoError(v, err)
	var words []string
	for _, word := range command.Array() {
		words = append(words, word.String())
	}
	v.CallOnRedisCallResponse(first.CalloutID, 0, test.CreateRedisResp(v.run(words)))
	return true
}

// run does what Redis would.
func (v *vm) run(words []string) any {
	switch words[0] {
	case "get":
		if text, ok := v.get(words[1]); ok {
			return text
		}
		return nil
	case "set":
		v.set(words[1], words[2], "99999999")
		return "OK"
	case "del":
		there := 0
		for _, key := range words[1:] {
			if _, ok := v.get(key); ok {
				there++
			}
			delete(v.store, key)
		}
		return there
	case "eval":
		n, err := strconv.Atoi(words[2])
		require.NoError(v, err)
		return v.eval(words[1], words[3:3+n], words[3+n:])
	}
	require.Fail(v, "Redis was asked "+words[0])
	return nil
}

// eval does what the scripts say; that they are right is for the cases.
func (v *vm) eval(script string, keys, args []string) any {
	held, locked := v.get(keys[0])
	switch {
	case script == acquire && strings.HasPrefix(held, "pass"):
		return held
	case script == acquire && locked && held != args[0]:
		return "wait " + strconv.FormatInt(v.store[keys[0]].until-v.now, 10)
	case script == acquire:
		v.set(keys[0], args[0], args[1])
		return "lead"
	case held != args[0]:
		return 0
	case script == release && args[1] == "0":
		delete(v.store, keys[0])
	case script == release:
		v.set(keys[0], args[2], args[1])
	case script == deposit:
		delete(v.store, keys[0])
		if index, _ := v.get(keys[1]); args[1] != "" && index != args[1] {
			return 0
		}
		if args[4] != "" {
			v.set(keys[1], args[4], args[5])
		}
		v.set(keys[2], args[2], args[3])
	default:
		return errors.New("no such script")
	}
	return 1
}

func (v *vm) get(key string) (string, bool) {
	found, ok := v.store[key]
	if ok && v.now >= found.until {
		return "", false
	}
	return found.text, ok
}

func (v *vm) set(key, text, ms string) {
	n, err := strconv.ParseInt(ms, 10, 64)
	require.NoError(v, err)
	v.store[key] = stored{text, v.now + n}
}

// tick lets the plugin's timer come, and Redis answer.
func (v *vm) tick() {
	v.Helper()
	for looked := v.looked; looked == v.looked; { // ticks that come too early are left out
		v.Tick()
	}
	v.answer()
}

// respond is the backend's answer to a stream.
func (v *vm) respond(stream uint32, body string, lines ...string) {
	v.CallOnResponseHeaders(stream, plugintest.Headers([][2]string{{":status", "200"}}, lines...), false)
	v.CallOnResponseBody(stream, []byte(body), true)
}

// outcome is what became of a request: it waits, the backend was asked, or it has the answer.
func (v *vm) outcome(stream uint32) string {
	if reply := v.GetSentLocalResponse(stream); reply != nil {
		return string(reply.Data)
	}
	if v.GetCurrentHttpStreamAction(stream) == types.ActionContinue {
		return "asks"
	}
	return "waits"
}

func (v *vm) stored(text string) bool {
	for key := range v.store {
		if found, ok := v.get(key); ok && strings.HasSuffix(found, text) {
			return true
		}
	}
	return false
}

var fresh = "cache-control: max-age=60"

// The first request's client reads nothing more: its flight takes for ever.
func TestAFlightDelaysNobodyLongerThanItsFirstNewcomer(t *testing.T) {
	for mode, config := range map[string]string{
		"http": httpMode,
		"key": `{"cache": {"type": "redis", "serviceName": "r.static"}, "cacheKeyFromHeader": "x-item", "single_flight_wait": 3000,
			"single_flight_lock": 30000}`,
	} {
		t.Run(mode, func(t *testing.T) {
			v := startVM(t, config)
			slow := v.send("GET", "x-item: k")
			require.Equal(t, "asks", v.outcome(slow))
			v.CallOnResponseHeaders(slow, plugintest.Headers([][2]string{{":status", "200"}}, fresh), false)

			v.now += 2000
			early := v.send("GET", "x-item: k")
			require.Equal(t, "waits", v.outcome(early))
			v.now += 1000
			v.tick()
			assert.Equal(t, "asks", v.outcome(early), "the flight's time is over, though it has waited one second only")
			v.now += 17000
			assert.Equal(t, "asks", v.outcome(v.send("GET", "x-item: k")), "who comes later does not wait at all")

			v.now += 10000
			next := v.send("GET", "x-item: k")
			require.Equal(t, "asks", v.outcome(next))
			follower := v.send("GET", "x-item: k")
			require.Equal(t, "waits", v.outcome(follower), "the lock is over, and another request leads")
			v.CallOnResponseBody(slow, []byte("old"), true)
			v.answer()
			if mode == "http" {
				assert.False(t, v.stored("old"), "the first has lost its right to store")
				assert.Equal(t, "waits", v.outcome(follower))
				v.respond(next, "new", fresh)
				v.answer()
				assert.Equal(t, "new", v.outcome(follower))
			}
			assert.NotEqual(t, "asks", v.outcome(v.send("GET", "x-item: k")), "it is stored")
		})
	}
}

// In another VM, a request has been asking for a while.
func TestAFlightOfAnotherVMIsAsOldAsItsLock(t *testing.T) {
	v := startVM(t, httpMode)
	first := v.send("GET")
	require.Equal(t, "asks", v.outcome(first))
	var lock string
	for key := range v.store {
		lock = key
	}
	v.cache.flights.open = map[string]*flight{} // as in a VM that knows nothing of it
	v.now += 2900
	second := v.send("GET")
	require.Equal(t, "waits", v.outcome(second))
	v.now += 100
	v.tick()
	assert.Equal(t, "asks", v.outcome(second))
	v.tick()
	assert.Empty(t, v.cache.flights.open)
	assert.Equal(t, "asks", v.outcome(v.send("GET")), "later ones do not wait")
	assert.Empty(t, v.cache.flights.open)

	v.now += 26900
	waiting := v.send("GET")
	require.Equal(t, "asks", v.outcome(waiting))
	delete(v.store, lock)
	assert.Equal(t, "asks", v.outcome(v.send("GET")))
	assert.Equal(t, "waits", v.outcome(v.send("GET")), "there is a leader again")
}

// A request that waits longer than the lock holds takes the lead.
func TestWhoStillWaitsWhenTheLockIsOverLeads(t *testing.T) {
	v := startVM(t, `{"mode": "http", "cache": {"type": "redis", "serviceName": "r.static"}, "single_flight_wait": 60000,
		"single_flight_lock": 1000}`)
	slow := v.send("GET")
	second, third := v.send("GET"), v.send("GET")
	require.Equal(t, "waits", v.outcome(second))
	v.now += 1000
	v.tick()
	require.Equal(t, []string{"asks", "asks", "waits"}, []string{v.outcome(slow), v.outcome(second), v.outcome(third)})
	v.CompleteHttpContext(slow)
	v.answer()
	require.Len(t, v.cache.flights.open, 1)
	for _, f := range v.cache.flights.open {
		assert.Equal(t, ours, f.phase)
		assert.Len(t, f.waiting, 1)
	}
	assert.Equal(t, "waits", v.outcome(third), "the end of the first says nothing to the second's flight")
	v.respond(second, "new", fresh)
	v.answer()
	assert.Equal(t, "new", v.outcome(third))
	assert.Empty(t, v.cache.flights.open)
	assert.Empty(t, v.cache.flights.landing)
}

// What was asked for before an invalidation is no answer to what comes after it.
func TestWhoComesAfterAnInvalidationGetsNothingFromBefore(t *testing.T) {
	invalidate := map[string]func(v *vm){
		"POST":                   func(v *vm) { v.respond(v.send("POST"), "done"); v.answer() },
		"POST on another worker": func(v *vm) { v.store = map[string]stored{} },
		"PURGE":                  func(v *vm) { require.Equal(v, `{"purged":true}`, v.outcome(v.send("PURGE", "x-cache-purge: s"))) },
	}
	for name, invalidated := range invalidate {
		for _, user := range []string{"x-a: b", "authorization: a"} {
			t.Run(name+" "+user, func(t *testing.T) {
				v := startVM(t, httpMode)
				leader, before := v.send("GET", user), v.send("GET", user)
				require.Equal(t, []string{"asks", "waits"}, []string{v.outcome(leader), v.outcome(before)})
				invalidated(v)
				if !strings.HasSuffix(name, "worker") {
					assert.Equal(t, "asks", v.outcome(before), "nobody waits for the first any more")
				}
				after, later := v.send("GET", user), v.send("GET", user)
				v.respond(leader, "old", "cache-control: public, max-age=60")
				v.answer()
				assert.False(t, v.stored("old"))
				asks := 0
				for _, stream := range []uint32{before, after, later} {
					assert.NotEqual(t, "old", v.outcome(stream))
					if v.outcome(stream) == "asks" {
						asks++
						v.respond(stream, "new", "cache-control: public, max-age=60")
						v.answer()
					}
				}
				assert.Equal(t, 1, asks, "one of them asks for all")
				got := []string{v.outcome(before), v.outcome(after), v.outcome(later)}
				slices.Sort(got)
				assert.Equal(t, []string{"asks", "new", "new"}, got)
				assert.Equal(t, "new", v.outcome(v.send("GET", user)))
				assert.Empty(t, v.cache.flights.open)
			})
		}
	}
}

// An invalidation that comes between the answer and the deposit keeps the answer from everybody, and whoever comes between
// is not bound to either.
func TestWhoWaitsGetsAnAnswerOnceItIsAccepted(t *testing.T) {
	v := startVM(t, httpMode)
	leader, waiting := v.send("GET"), v.send("GET")
	v.respond(leader, "old", fresh)
	assert.Equal(t, "waits", v.outcome(waiting))
	v.answer()
	assert.Equal(t, "old", v.outcome(waiting))

	v = restart(v)
	leader, waiting = v.send("GET"), v.send("GET")
	v.store = map[string]stored{} // another VM has invalidated it
	v.respond(leader, "old", fresh)
	newcomer := v.sendWithout("GET")
	v.answer()
	assert.ElementsMatch(t, []string{"asks", "waits"}, []string{v.outcome(waiting), v.outcome(newcomer)})

	v = restart(v)
	leader, waiting = v.send("GET"), v.send("GET")
	v.respond(leader, "old", fresh) // Redis hangs
	v.now += 3000
	for looked := v.looked; looked == v.looked; {
		v.Tick()
	}
	assert.Equal(t, "asks", v.outcome(waiting), "it does not wait for Redis either")
	v.answer()
	assert.Empty(t, v.cache.flights.landing)
}

func restart(v *vm) *vm {
	v.Reset()
	return startVM(v.T, httpMode)
}

// An answer that takes a mark's place must be younger than the last invalidation.
func TestMarksEndWithAnInvalidation(t *testing.T) {
	v := startVM(t, httpMode)
	v.respond(v.send("GET"), "secret", "cache-control: no-store")
	v.answer()
	one := v.send("GET")
	two := v.send("GET")
	require.Equal(t, []string{"asks", "asks"}, []string{v.outcome(one), v.outcome(two)}, "nobody waits")
	v.respond(v.send("POST"), "done")
	v.answer()
	v.respond(v.send("GET"), "secret", "cache-control: no-store")
	v.answer()
	three := v.send("GET")
	v.respond(one, "old", fresh)
	v.answer()
	assert.False(t, v.stored("old"), "there is a mark again, but another one")
	v.respond(three, "new", fresh)
	v.answer()
	v.respond(two, "old", fresh)
	v.answer()
	assert.False(t, v.stored("old"))
	assert.Equal(t, "new", v.outcome(v.send("GET")))
}
