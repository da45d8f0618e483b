package cases

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// record is one request that a service received, or one command of a scripted Redis. It is guarded by its recorder.
type record struct {
	service  string
	head     *header.Map
	body     content
	trailers *header.Map
	complete bool
	broken   error // the request ended early
	command  []string
}

// requestID is the x-request-id that came along.
func (r *record) requestID() string { return r.head.Value("x-request-id") }

func (r *record) String() string {
	if r.command != nil {
		return fmt.Sprintf("%s %s", r.service, strings.Join(r.command, " "))
	}
	return fmt.Sprintf("%s %s %s", r.service, r.head.Value(":method"), r.head.Value(":path"))
}

// recorder keeps what all services of a run received, in the order in which it began to arrive.
type recorder struct {
	mu       sync.Mutex
	records  []*record
	problems []string // of services, such as a request without an answer
	// forbidden are the ids of requests that must not arrive any more.
	forbidden map[string]bool
	changed   chan struct{}
}

func newRecorder() *recorder {
	return &recorder{changed: make(chan struct{}), forbidden: map[string]bool{}}
}

func (r *recorder) update(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *recorder) add(rec *record) {
	r.update(func() {
		r.records = append(r.records, rec)
		if r.forbidden[rec.requestID()] {
			r.problems = append(r.problems, fmt.Sprintf("%s came late, of an earlier step that is notForwarded", rec))
		}
	})
}

// forbid makes a problem of every later record of the request: it was judged already that there is none.
func (r *recorder) forbid(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forbidden[id] = true
}

func (r *recorder) problem(format string, args ...any) {
	r.update(func() { r.problems = append(r.problems, fmt.Sprintf(format, args...)) })
}

// takeProblems returns those since the last call, and forgets it.
func (r *recorder) takeProblems() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	problems := r.problems
	r.problems = nil
	return problems
}

func (r *recorder) reset() {
	r.update(func() { r.records = nil })
}

// await waits until done accepts the records, or ctx is over, and returns copies of them all.
func (r *recorder) await(ctx context.Context, done func([]*record) bool) []record {
	for {
		r.mu.Lock()
		ok, changed := done(r.records), r.changed
		var copies []record
		if ok || ctx.Err() != nil {
			for _, rec := range r.records {
				c := *rec
				c.body = rec.body.frozen()
				copies = append(copies, c)
			}
		}
		r.mu.Unlock()
		if ok || ctx.Err() != nil {
			return copies
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}
