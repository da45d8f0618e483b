package cases

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// relay stands before the engine's Redis where a case wants that to be slow, or gone.
type relay struct {
	address  string
	target   string
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	delay  time.Duration
	gone   bool
	conns  map[net.Conn]struct{} // both ends; nil once closed
	closed chan struct{}
}

func startRelay(key, target string) (*relay, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("service %s: %w", key, err)
	}
	r := &relay{address: ln.Addr().String(), target: target, listener: ln, conns: map[net.Conn]struct{}{}, closed: make(chan struct{})}
	r.running.Go(r.serve)
	return r, nil
}

// behave sets how long every piece of a request is held back, or that there is no Redis: connections are closed then, and
// new ones as soon as they are made.
func (r *relay) behave(delay time.Duration, gone bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.delay, r.gone = delay, gone
	if gone {
		for conn := range r.conns {
			conn.Close()
		}
	}
}

func (r *relay) serve() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		if r.keep(conn) {
			r.running.Go(func() { r.connect(conn) })
		}
	}
}

// keep remembers a connection, or closes it if there must be none.
func (r *relay) keep(conn net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone || r.conns == nil {
		conn.Close()
		return false
	}
	r.conns[conn] = struct{}{}
	return true
}

func (r *relay) drop(conns ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range conns {
		conn.Close()
		delete(r.conns, conn)
	}
}

func (r *relay) connect(client net.Conn) {
	redis, err := net.Dial("tcp", r.target)
	if err != nil || !r.keep(redis) {
		r.drop(client)
		return
	}
	var both sync.WaitGroup
	both.Go(func() { r.copy(redis, client, true) })
	both.Go(func() { r.copy(client, redis, false) })
	both.Wait()
}

// copy passes on what comes from one end until either is closed, and then closes both.
func (r *relay) copy(to, from net.Conn, held bool) {
	defer r.drop(to, from)
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if held && n > 0 {
			r.hold()
		}
		if _, failed := to.Write(buffer[:n]); err != nil || failed != nil {
			return
		}
	}
}

func (r *relay) hold() {
	r.mu.Lock()
	delay := r.delay
	r.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-r.closed:
	}
}

func (r *relay) close() {
	r.listener.Close()
	close(r.closed)
	r.mu.Lock()
	for conn := range r.conns {
		conn.Close()
	}
	r.conns = nil
	r.mu.Unlock()
	r.running.Wait()
}
