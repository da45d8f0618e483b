package plugin

import (
	"sync"

	"github.com/wasmplane/wasmplane/gateway/abi"
)

// queues are the shared queues of a process. The zero value has none.
type queues struct {
	mu        sync.Mutex
	tokens    map[[2]string]uint32 // vm id and name
	queues    map[uint32]*queue
	lastToken uint32
}

type queue struct {
	items      [][]byte
	registrant *rootContext // who is told of new items
}

// register returns the token of the queue, which is made if there is none, and makes r its registrant.
func (q *queues) register(vmID, name string, r *rootContext) uint32 {
	q.mu.Lock()
	defer q.mu.Unlock()
	key := [2]string{vmID, name}
	token, known := q.tokens[key]
	if !known {
		if q.tokens == nil {
			q.tokens, q.queues = map[[2]string]uint32{}, map[uint32]*queue{}
		}
		q.lastToken++
		token = q.lastToken
		q.tokens[key], q.queues[token] = token, &queue{}
	}
	q.queues[token].registrant = r
	return token
}

func (q *queues) resolve(vmID, name string) (uint32, abi.Status) {
	q.mu.Lock()
	defer q.mu.Unlock()
	token, known := q.tokens[[2]string{vmID, name}]
	if !known {
		return 0, abi.NotFound
	}
	return token, abi.OK
}

func (q *queues) dequeue(token uint32) ([]byte, abi.Status) {
	q.mu.Lock()
	defer q.mu.Unlock()
	found := q.queues[token]
	if found == nil {
		return nil, abi.NotFound
	}
	if len(found.items) == 0 {
		return nil, abi.Empty
	}
	item := found.items[0]
	found.items = found.items[1:]
	return item, abi.OK
}

// enqueue adds an item and posts its event to the registrant's worker.
func (q *queues) enqueue(token uint32, value []byte) abi.Status {
	q.mu.Lock()
	defer q.mu.Unlock()
	found := q.queues[token]
	if found == nil {
		return abi.NotFound
	}
	found.items = append(found.items, value)
	r := found.registrant
	r.worker().loop.Post(func() { r.queueReady(token) })
	return abi.OK
}

func (q *queues) drop(vmID string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for key, token := range q.tokens {
		if key[0] == vmID {
			delete(q.tokens, key)
			delete(q.queues, token)
		}
	}
}
