package cases

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"
)

// meeting is where both ends of one request tell each other how far they are, so that either can wait for the other
// without looking at a clock.
type meeting struct {
	mu      sync.Mutex
	changed chan struct{} // closed and replaced by every change
	client  arrivals
	backend arrivals
}

// arrivals is what one end has received of a message.
type arrivals struct {
	headers bool
	size    int64
	kept    []byte
}

func newMeeting() *meeting { return &meeting{changed: make(chan struct{})} }

// arrived notes what came; nil data means headers. which chooses the end.
func (m *meeting) arrived(which func(*meeting) *arrivals, data []byte) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	a := which(m)
	a.headers = true
	a.size += int64(len(data))
	a.kept = append(a.kept, data[:min(len(data), keptContent-len(a.kept))]...)
	close(m.changed)
	m.changed = make(chan struct{})
}

func clientEnd(m *meeting) *arrivals  { return &m.client }
func backendEnd(m *meeting) *arrivals { return &m.backend }

// await waits until an end has the sent bytes, or the text that w names. gone ends the wait without a problem.
func (m *meeting) await(ctx context.Context, which func(*meeting) *arrivals, w *Wait, sent int64, gone <-chan struct{}) error {
	if m == nil {
		return fmt.Errorf("cannot wait for the other end: x-request-id of the request is not known")
	}
	for {
		m.mu.Lock()
		a, changed := *which(m), m.changed
		m.mu.Unlock()
		if w.Text != "" && bytes.Contains(a.kept, []byte(w.Text)) || w.Text == "" && a.headers && a.size >= sent {
			return nil
		}
		select {
		case <-changed:
		case <-gone:
			return errGone
		case <-ctx.Done():
			if w.Text != "" {
				return fmt.Errorf("waited for %q to arrive at the other end, which has %d bytes: something buffers", w.Text, a.size)
			}
			if !a.headers {
				return fmt.Errorf("waited for %d bytes to arrive at the other end, which has not even headers: something buffers", sent)
			}
			return fmt.Errorf("waited for %d bytes to arrive at the other end, which has %d: something buffers", sent, a.size)
		}
	}
}

// sooner bounds the waits for the other end within what ctx bounds, so that a wait which is in vain is told before the
// whole exchange runs out of time.
func sooner(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)*4/5)
}

// errGone says that the exchange ended while something was to be sent.
var errGone = fmt.Errorf("the exchange ended")

// meetings finds the meeting of a request by its x-request-id.
type meetings struct {
	mu   sync.Mutex
	byID map[string]*meeting
}

func (m *meetings) open(id string) *meeting {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byID == nil {
		m.byID = map[string]*meeting{}
	}
	mt := newMeeting()
	m.byID[id] = mt
	return mt
}

func (m *meetings) close(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.byID, id)
}

// find returns the request's meeting. A request that lost its id, such as a call-out, belongs to the only one there is.
func (m *meetings) find(id string) *meeting {
	m.mu.Lock()
	defer m.mu.Unlock()
	if mt := m.byID[id]; mt != nil || len(m.byID) != 1 {
		return mt
	}
	for _, mt := range m.byID {
		return mt
	}
	return nil
}
