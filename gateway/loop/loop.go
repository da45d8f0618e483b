// Package loop is the gateway's event loop: a single goroutine that runs posted functions one after the other, as an
// Envoy worker thread does. All plugin and stream code of a worker runs on its loop, so it needs no locks; network
// goroutines post events into it.
package loop

import (
	"sync"
	"time"
)

// Loop runs functions on one goroutine in the order they were posted. Use New; the zero value is not usable.
type Loop struct {
	name string

	mu      sync.Mutex
	queue   []func()
	wake    chan struct{}
	stopped bool
	done    chan struct{}
}

// New starts a loop with its goroutine. name is for diagnostics, such as "worker-0" or "main".
func New(name string) *Loop {
	l := &Loop{name: name, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go l.run()
	return l
}

// Name returns the name given to New.
func (l *Loop) Name() string { return l.name }

// Post queues f. It may be called from any goroutine, the loop's own included, and never blocks. After Stop f is
// dropped and Post returns false.
func (l *Loop) Post(f func()) bool {
	l.mu.Lock()
	if l.stopped {
		l.mu.Unlock()
		return false
	}
	l.queue = append(l.queue, f)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return true
}

// Do posts f and waits until it has run. It must not be called on the loop itself. It returns false if the loop was
// stopped before f ran.
func (l *Loop) Do(f func()) bool {
	ran := make(chan struct{})
	if !l.Post(func() { f(); close(ran) }) {
		return false
	}
	select {
	case <-ran:
		return true
	case <-l.done:
		select {
		case <-ran:
			return true
		default:
			return false
		}
	}
}

// After runs f on the loop once d has passed. The returned function cancels it; called on the loop, it guarantees that
// f does not run afterwards.
func (l *Loop) After(d time.Duration, f func()) (cancel func()) {
	cancelled := false // only touched on the loop or, before the timer fires, by the canceller on the loop
	timer := time.AfterFunc(d, func() {
		l.Post(func() {
			if !cancelled {
				f()
			}
		})
	})
	return func() {
		timer.Stop()
		cancelled = true
	}
}

// Stop ends the loop after the functions that are queued already and waits for its goroutine. Later posts are dropped.
// It must not be called on the loop itself.
func (l *Loop) Stop() {
	l.mu.Lock()
	l.stopped = true
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	<-l.done
}

func (l *Loop) run() {
	defer close(l.done)
	var batch []func()
	for {
		l.mu.Lock()
		batch, l.queue = l.queue, batch[:0]
		stopped := l.stopped
		l.mu.Unlock()
		for i, f := range batch {
			batch[i] = nil
			f()
		}
		if len(batch) > 0 {
			continue
		}
		if stopped {
			return
		}
		<-l.wake
	}
}
