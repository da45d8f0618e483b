package remote

import (
	"errors"
	"strconv"

	"github.com/wasmplane/wasmplane/extensions/internal/jwt/keys"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	tickPeriod = 1000    // ms
	maxBody    = 1 << 20 // bytes of a set
	mostWait   = 300     // s between two attempts
)

// Source is a key set that an issuer publishes.
type Source struct {
	place    string // in the configuration, for the log
	client   wrapper.HttpClient
	path     string
	timeout  uint32       // ms
	duration int64        // s
	refetch  int64        // s
	clock    func() int64 // s since 1970

	keys     *keys.Set // nil until the first is there
	asking   bool
	asked    int64 // when the last call began
	next     int64 // when the clock asks again
	failures int   // in a row
	waiting  []waiter
}

// mostWaiting is how many requests of a VM may wait for one source.
const mostWaiting = 256

// waiter is a held stream and what goes on with it.
type waiter struct {
	stream wrapper.Parked
	wake   func()
}

// Keys returns the set in force, nil before the first has come.
func (s *Source) Keys() *keys.Set { return s.keys }

// Await has wake called when the next answer, or none, has come; the current stream must then be held by its handler. wake
// runs on behalf of that stream, unless it has ended. Await returns false where waiting is no use: the service has failed
// and its next attempt is not due, it was asked just now, or too many requests wait already.
func (s *Source) Await(wake func()) bool {
	if len(s.waiting) >= mostWaiting {
		return false
	}
	if !s.asking {
		now := s.clock()
		if s.keys == nil && s.failures > 0 && now < s.next || s.keys != nil && now-s.asked < s.refetch {
			return false
		}
		wrapper.Detached(s.fetch)
		if !s.asking {
			return false
		}
	}
	s.waiting = append(s.waiting, waiter{wrapper.Park(), wake})
	return true
}

// tick asks when it is time. The first tick comes as soon as the plugin runs; a VM that only checks a configuration has
// none.
func (s *Source) tick() {
	if !s.asking && s.clock() >= s.next {
		s.fetch()
	}
}

// fetch begins a call. It must belong to the plugin: call it on a tick, or detached.
func (s *Source) fetch() {
	s.asking, s.asked = true, s.clock()
	err := s.client.Get(s.path, [][2]string{{"accept", "application/jwk-set+json, application/json"}}, s.answered, s.timeout)
	if err != nil {
		s.asking = false
		s.fail(err)
	}
}

// answered is called without a stream, once a call.
func (s *Source) answered(status int, _ wrapper.Header, body []byte) {
	s.asking = false
	s.take(status, body)
	waiting := s.waiting
	s.waiting = nil
	for _, w := range waiting {
		w.stream.Wake(w.wake)
	}
}

// take puts an answer into force.
func (s *Source) take(status int, body []byte) {
	if status != 200 {
		s.fail(errors.New("status " + strconv.Itoa(status)))
		return
	}
	if len(body) > maxBody {
		s.fail(errors.New("an answer of " + strconv.Itoa(len(body)) + " bytes"))
		return
	}
	set, notes, err := keys.ParsePublic(string(body))
	for _, note := range notes {
		log.Warn(s.place + ": " + note)
	}
	if err != nil {
		s.fail(err)
		return
	}
	s.keys, s.failures, s.next = set, 0, s.clock()+s.duration
	log.Info(s.place + ": " + strconv.Itoa(set.Len()) + " keys")
}

// fail plans the next attempt: 1, 2, 4 … seconds later, but no later than after 5 minutes or the set's duration.
func (s *Source) fail(cause error) {
	s.next = s.clock() + min(1<<min(s.failures, 16), s.duration, mostWait)
	s.failures++
	held := "the last key set stays in force"
	if s.keys == nil {
		held = "there is no key set yet"
	}
	log.Error(s.place + ": " + cause.Error() + "; " + held)
}
