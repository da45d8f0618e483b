package cases

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/resp"
)

// redisService is a Redis that records commands and replies as told. Commands of the connection itself (AUTH, SELECT,
// PING, HELLO, CLIENT) that no answer matches are accepted and not recorded.
type redisService struct {
	key      string
	listener net.Listener
	recorder *recorder

	mu      sync.Mutex
	answers []RedisAnswer
	used    []int
	conns   map[net.Conn]struct{}
	closed  chan struct{}
}

func startRedisService(key string, r *recorder) (*redisService, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("service %s: %w", key, err)
	}
	s := &redisService{key: key, listener: ln, recorder: r, conns: map[net.Conn]struct{}{}, closed: make(chan struct{})}
	go s.serve()
	return s, nil
}

func (s *redisService) play(answers []RedisAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers, s.used = answers, make([]int, len(answers))
}

// replay sets what is replied from now on, in the place of what was.
func (s *redisService) replay(answers []RedisAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = answers
	s.used = append(s.used, make([]int, len(answers))...)[:len(answers)]
}

func (s *redisService) serve() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[conn] = struct{}{}
		s.mu.Unlock()
		go s.converse(conn)
	}
}

func (s *redisService) converse(conn net.Conn) {
	defer func() {
		conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	reader, writer := resp.NewReader(conn), resp.NewWriter(conn)
	for {
		value, _, err := reader.ReadValue()
		if err != nil {
			return
		}
		var words []string
		for _, word := range value.Array() {
			words = append(words, word.String())
		}
		reply, alive := s.reply(words)
		if !alive || writer.WriteValue(reply) != nil {
			return
		}
	}
}

// reply returns what is answered to a command, or false to close the connection.
func (s *redisService) reply(words []string) (resp.Value, bool) {
	answer := s.choose(words)
	if answer == nil && len(words) > 0 &&
		slices.Contains([]string{"AUTH", "SELECT", "PING", "HELLO", "CLIENT"}, strings.ToUpper(words[0])) {
		return resp.SimpleStringValue("OK"), true
	}
	s.recorder.add(&record{service: s.key, command: words, complete: true})
	if answer == nil {
		s.recorder.problem("service %s has no answer to %s", s.key, strings.Join(words, " "))
		return resp.ErrorValue(errors.New("ERR no answer")), true
	}
	if answer.Hang {
		<-s.closed
		return resp.Value{}, false
	}
	select {
	case <-time.After(answer.Delay.Duration):
	case <-s.closed:
		return resp.Value{}, false
	}
	if answer.Error != "" {
		return resp.ErrorValue(errors.New(answer.Error)), true
	}
	value, err := redisValue(answer.Reply)
	return value, err == nil && !answer.Close
}

func (s *redisService) choose(words []string) *RedisAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.answers {
		a := &s.answers[i]
		if a.Times > 0 && s.used[i] >= a.Times || len(a.Command) > len(words) || !commandMatches(a.Command, words[:len(a.Command)]) {
			continue
		}
		s.used[i]++
		return a
	}
	return nil
}

// commandMatches compares words; the first, the command's name, without regard to case.
func commandMatches(expected []Text, words []string) bool {
	if len(expected) != len(words) {
		return false
	}
	for i, want := range expected {
		if !want.Matches(words[i]) && !(i == 0 && strings.EqualFold(want.Value, words[i])) {
			return false
		}
	}
	return true
}

func (s *redisService) close() {
	close(s.closed)
	s.listener.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		conn.Close()
	}
}

// redisValue turns a reply of the file into RESP: texts become bulk strings.
func redisValue(reply any) (resp.Value, error) {
	switch v := reply.(type) {
	case nil:
		return resp.NullValue(), nil
	case string:
		return resp.StringValue(v), nil
	case int64:
		return resp.IntegerValue(int(v)), nil
	case []any:
		items := make([]resp.Value, len(v))
		for i := range v {
			var err error
			if items[i], err = redisValue(v[i]); err != nil {
				return resp.Value{}, err
			}
		}
		return resp.ArrayValue(items), nil
	}
	return resp.Value{}, fmt.Errorf("must be a text, an integer, null or a list of those, not %s", compact(reply))
}
