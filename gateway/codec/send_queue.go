package codec

import (
	"sync"

	"github.com/wasmplane/wasmplane/gateway/header"
)

type frameKind uint8

const (
	frameHead     frameKind = iota // message head
	frameBody                      // body bytes, coding included
	frameTrailers                  // HTTP/2 trailers
	frameAbort                     // nothing: reset once everything before it is written
)

// frame is one queued write. HTTP/1 uses parts, HTTP/2 uses h for head and trailers and the first part for data.
type frame struct {
	kind  frameKind
	end   bool
	h     *header.Map
	parts [3][]byte
}

func (f *frame) size() int {
	return len(f.parts[0]) + len(f.parts[1]) + len(f.parts[2])
}

// sendQueue holds what one exchange has to write until its writer takes it, and reports the watermarks. Bytes count as
// unsent until the writer says that they are sent.
type sendQueue struct {
	ev   *events
	wake chan struct{} // holds a token while there may be something to take

	mu     sync.Mutex
	frames []frame
	unsent int
	high   bool
	ended  bool // an end is queued
	closed bool
}

func newSendQueue(ev *events) *sendQueue {
	return &sendQueue{ev: ev, wake: make(chan struct{}, 1)}
}

// put queues f unless the queue has ended or was closed.
func (q *sendQueue) put(f frame) {
	q.mu.Lock()
	if q.closed || q.ended && f.kind != frameAbort {
		q.mu.Unlock()
		return
	}
	q.frames = append(q.frames, f)
	q.ended = q.ended || f.end || f.kind == frameAbort
	q.unsent += f.size()
	if !q.ended && !q.high && q.unsent > HighWatermark {
		q.high = true
		q.ev.add(event{kind: eventWriteBuffer, flag: true})
	}
	q.mu.Unlock()
	q.ev.deliver()
	q.signal()
}

// putBack returns frames that were taken, to be sent again, in front of the others. Nobody else may be sending.
func (q *sendQueue) putBack(frames []frame) {
	q.mu.Lock()
	q.frames = append(append([]frame(nil), frames...), q.frames...)
	q.unsent = 0
	for i := range q.frames {
		q.unsent += q.frames[i].size()
	}
	q.mu.Unlock()
	q.signal()
}

// take removes frames from the front: one, and more as long as they do not exceed limit bytes together. Limit 0 means
// exactly one.
func (q *sendQueue) take(limit int) []frame {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.frames) {
		size += q.frames[n].size()
		if n > 0 && (limit == 0 || size > limit) {
			break
		}
		n++
	}
	taken := q.frames[:n:n]
	q.frames = q.frames[n:]
	if len(q.frames) > 0 {
		q.signal()
	}
	return taken
}

// sent reports that n bytes have been written.
func (q *sendQueue) sent(n int) {
	q.mu.Lock()
	q.unsent -= n
	if !q.ended && !q.closed && q.high && q.unsent < LowWatermark {
		q.high = false
		q.ev.add(event{kind: eventWriteBuffer, flag: false})
	}
	q.mu.Unlock()
	q.ev.deliver()
}

// close drops what is queued and everything put later.
func (q *sendQueue) close() {
	q.mu.Lock()
	q.closed, q.frames, q.unsent = true, nil, 0
	q.mu.Unlock()
}

// hasEnded reports whether the message's end is queued or sent.
func (q *sendQueue) hasEnded() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ended
}

func (q *sendQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
