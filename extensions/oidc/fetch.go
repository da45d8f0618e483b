package main

import (
	"errors"
	"strconv"
	"time"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	shortestInterval = 100 * time.Millisecond
	// patience is how many attempts follow each other in even intervals before these grow.
	patience = 5
	// longestRest is the longest pause between attempts, unless the interval is longer.
	longestRest = time.Minute
)

// fetch is a document of the provider's that is fetched again and again. An answer that cannot be used leaves the one
// before in force.
type fetch struct {
	flight
	name     string
	interval time.Duration // between attempts that fail
	clock    func() time.Time
	next     time.Time // of the clock's next attempt
	never    bool      // it is there for good
	failures int       // in a row
}

func newFetch(name string, interval time.Duration, clock func() time.Time) fetch {
	return fetch{name: name, interval: interval, clock: clock}
}

// due tells whether it is time to ask.
func (f *fetch) due() bool { return !f.asking && !f.never && !f.clock().Before(f.next) }

// resting tells whether the last attempt has failed and the next one is not due: asking would only hold requests.
func (f *fetch) resting() bool { return f.failures > 0 && f.clock().Before(f.next) }

// begin asks. take reads the body of an answer, and returns after which time to ask again, 0 for never.
func (f *fetch) begin(call func(wrapper.ResponseCallback) error, take func(body string) (time.Duration, error)) {
	err := f.launch(func(done func()) error {
		return call(func(status int, _ wrapper.Header, body []byte) {
			f.answered(status, body, take)
			done()
		})
	})
	if err != nil {
		f.fail(err)
	}
}

func (f *fetch) answered(status int, body []byte, take func(string) (time.Duration, error)) {
	f.asking = false
	if status != 200 {
		f.fail(errors.New("status " + strconv.Itoa(status)))
		return
	}
	if len(body) > maxAnswer {
		f.fail(errors.New("an answer of " + strconv.Itoa(len(body)) + " bytes"))
		return
	}
	again, err := take(string(body))
	if err != nil {
		f.fail(err)
		return
	}
	f.failures, f.never, f.next = 0, again == 0, f.clock().Add(again)
}

// fail plans the next attempt.
func (f *fetch) fail(cause error) {
	f.never = false
	rest := f.interval << min(max(0, f.failures-patience+1), 10)
	f.next = f.clock().Add(min(rest, max(f.interval, longestRest)))
	f.failures++
	log.Error(f.name + ": " + printable(cause.Error(), 500))
}
