package server

import "sync"

// intakeLimit is how many body bytes of one direction may wait for the worker before the peer is throttled.
const intakeLimit = 256 << 10

// intake throttles a peer whose body pieces arrive faster than the worker takes them: everything else that bounds a
// stream's memory happens on the worker. It is safe for concurrent use.
type intake struct {
	disable func(bool) // a codec.Sender's ReadDisable, which may be called from any goroutine

	mu      sync.Mutex
	pending int
	off     bool
}

// add counts bytes that were posted to the worker.
func (i *intake) add(n int) { i.count(n) }

// taken counts bytes that the worker has taken.
func (i *intake) taken(n int) { i.count(-n) }

func (i *intake) count(n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.pending += n
	switch {
	case !i.off && i.pending > intakeLimit:
		i.off = true
		i.disable(true)
	case i.off && i.pending < intakeLimit/2:
		i.off = false
		i.disable(false)
	}
}
