package codec

import (
	"sync"

	"github.com/wasmplane/wasmplane/gateway/header"
)

type eventKind uint8

const (
	eventHeaders eventKind = iota
	eventData
	eventTrailers
	eventReset
	eventWriteBuffer
)

type event struct {
	kind eventKind
	flag bool // end of stream, or high
	h    *header.Map
	data []byte
	err  *ResetError
}

// events delivers the events of one exchange to its receiver, in the order they were added and by one goroutine at a
// time: whichever finds nobody delivering does it for all. No lock is held during a delivery, so a receiver may call its
// sender from within.
type events struct {
	mu         sync.Mutex
	r          Receiver
	queue      []event
	delivering bool
	closed     bool
}

// add queues e; deliver must follow once the caller's locks are released.
func (q *events) add(e event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.queue = append(q.queue, e)
	q.closed = e.kind == eventReset
}

func (q *events) post(e event) {
	q.add(e)
	q.deliver()
}

func (q *events) deliver() {
	q.mu.Lock()
	if q.delivering {
		q.mu.Unlock()
		return
	}
	q.delivering = true
	for len(q.queue) > 0 {
		e := q.queue[0]
		q.queue[0] = event{}
		q.queue = q.queue[1:]
		q.mu.Unlock()
		e.call(q.r)
		q.mu.Lock()
	}
	q.delivering = false
	q.mu.Unlock()
}

// close drops what is queued and everything added later.
func (q *events) close() {
	q.mu.Lock()
	q.closed, q.queue = true, nil
	q.mu.Unlock()
}

// finish keeps what is queued and drops everything added later.
func (q *events) finish() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
}

func (e event) call(r Receiver) {
	switch e.kind {
	case eventHeaders:
		r.OnHeaders(e.h, e.flag)
	case eventData:
		r.OnData(e.data, e.flag)
	case eventTrailers:
		r.OnTrailers(e.h)
	case eventReset:
		r.OnReset(e.err)
	case eventWriteBuffer:
		r.OnWriteBuffer(e.flag)
	}
}
