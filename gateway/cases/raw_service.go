package cases

import (
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// rawService answers bytes that need not be HTTP: to the first bytes of a connection, whatever they are. Then it closes.
type rawService struct {
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	answer string
	conns  map[net.Conn]struct{} // nil once closed
}

// rawLinger bounds how long a connection is read on after the answer, so that the answer is not lost with a TCP reset.
const rawLinger = time.Second

func startRawService(key string) (*rawService, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("service %s: %w", key, err)
	}
	s := &rawService{listener: ln, conns: map[net.Conn]struct{}{}}
	s.running.Go(s.serve)
	return s, nil
}

func (s *rawService) play(answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func (s *rawService) serve() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.conns == nil {
			conn.Close()
		} else {
			s.conns[conn] = struct{}{}
			s.running.Go(func() { s.reply(conn) })
		}
		s.mu.Unlock()
	}
}

func (s *rawService) reply(conn net.Conn) {
	defer func() {
		conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	if _, err := conn.Read(make([]byte, 4096)); err != nil {
		return
	}
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	if _, err := io.WriteString(conn, answer); err != nil {
		return
	}
	conn.(*net.TCPConn).CloseWrite()
	conn.SetReadDeadline(time.Now().Add(rawLinger))
	io.Copy(io.Discard, conn)
}

func (s *rawService) close() {
	s.listener.Close()
	s.mu.Lock()
	for conn := range s.conns {
		conn.Close()
	}
	s.conns = nil
	s.mu.Unlock()
	s.running.Wait()
}
