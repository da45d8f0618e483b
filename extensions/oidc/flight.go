package main

import "github.com/wasmplane/wasmplane/pkg/wrapper"

// mostWaiting is how many requests of a VM may wait for one call-out.
const mostWaiting = 256

// flight is a call-out that belongs to the plugin, not to a request: it goes on if the client leaves, and several
// requests may wait for it.
type flight struct {
	asking  bool
	waiting []waiter
}

// waiter is a held request.
type waiter struct {
	stream wrapper.Parked
	wake   func()
}

// launch begins the call. call must have done called with the answer, unless it returns an error.
func (f *flight) launch(call func(done func()) error) (err error) {
	f.asking = true
	wrapper.Detached(func() { err = call(f.done) })
	if err != nil {
		f.asking = false
	}
	return err
}

// await has wake called, on behalf of the current request, when the call is answered; not if the request has ended
// then. It returns false if there is no call, or too many wait.
func (f *flight) await(wake func()) bool {
	if !f.asking || len(f.waiting) >= mostWaiting {
		return false
	}
	f.waiting = append(f.waiting, waiter{wrapper.Park(), wake})
	return true
}

// done wakes who waits.
func (f *flight) done() {
	f.asking = false
	waiting := f.waiting
	f.waiting = nil
	for _, w := range waiting {
		w.stream.Wake(w.wake)
	}
}
