package cases

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/echo"
	"github.com/wasmplane/wasmplane/gateway/header"
)

// service is an HTTP upstream that records and answers as the case in force says.
type service struct {
	key      string
	codec    *codec.Server
	address  string
	recorder *recorder
	meetings *meetings
	signals  *signals

	mu      sync.Mutex
	ctx     context.Context // of the step that runs
	answers []Answer
	used    []int
}

func startService(key string, r *recorder, m *meetings, told *signals) (*service, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("service %s: %w", key, err)
	}
	s := &service{key: key, address: ln.Addr().String(), recorder: r, meetings: m, signals: told, ctx: context.Background()}
	s.codec = codec.NewServer(codec.ServerConfig{
		NewStream: func(conn *codec.Conn, sender codec.Sender) codec.Receiver {
			return &serviceStream{service: s, conn: conn, out: echo.NewPaced(sender)}
		},
		Limits: codec.Limits{HeaderBytes: 1 << 20, HeaderCount: 1000},
	})
	go s.codec.Serve(ln)
	return s, nil
}

// play sets what is answered from now on; counters start anew.
func (s *service) play(answers []Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers, s.used = answers, make([]int, len(answers))
}

// replay sets what is answered from now on, in the place of what was.
func (s *service) replay(answers []Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = answers
	s.used = append(s.used, make([]int, len(answers))...)[:len(answers)]
}

// within sets the context that bounds waiting.
func (s *service) within(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx = ctx
}

func (s *service) context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ctx
}

// choose returns the answer to a request, or nil; echoes is true where there are no answers to choose from. With
// complete false it returns only an answer that does not wait for the body, and counts nothing else as used.
func (s *service) choose(head *header.Map, body []byte, complete bool) (answer *chosenAnswer, echoes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.answers) == 0 {
		return nil, true
	}
	for i := range s.answers {
		a := &s.answers[i]
		if a.Times > 0 && s.used[i] >= a.Times {
			continue
		}
		if !complete && a.Match != nil && len(a.Match.BodyContains) > 0 {
			return nil, false // cannot be told yet, and comes before the rest
		}
		if !a.Match.accepts(head, body) {
			continue
		}
		if !complete && !a.Response.AtHeaders {
			return nil, false
		}
		s.used[i]++
		return &chosenAnswer{a, s.used[i] - 1}, false
	}
	return nil, false
}

// chosenAnswer is an answer, and how often it was given before.
type chosenAnswer struct {
	*Answer
	turn int
}

func (m *Match) accepts(head *header.Map, body []byte) bool {
	if m == nil {
		return true
	}
	if m.Method != nil && !m.Method.Matches(head.Value(":method")) || m.Path != nil && !m.Path.Matches(head.Value(":path")) {
		return false
	}
	for _, want := range m.Headers.List {
		if !want.describes(head) {
			return false
		}
	}
	for _, text := range m.BodyContains {
		if !bytes.Contains(body, []byte(text)) {
			return false
		}
	}
	return true
}

func (s *service) close() { s.codec.Close() }

// serviceStream is one request to a service.
type serviceStream struct {
	service *service
	conn    *codec.Conn
	out     *echo.Paced
	record  *record
	meeting *meeting
	echo    codec.Receiver // where the service echoes
	started bool           // an answer is being played
}

// OnHeaders implements codec.Receiver, as the next four.
func (x *serviceStream) OnHeaders(h *header.Map, endStream bool) {
	x.record = &record{service: x.service.key, head: h.Clone(), complete: endStream}
	x.meeting = x.service.meetings.find(h.Value("x-request-id"))
	x.service.recorder.add(x.record)
	x.meeting.arrived(backendEnd, nil)
	answer, echoes := x.service.choose(h, nil, endStream)
	switch {
	case echoes:
		x.echo = echo.NewStream(x.conn, x.out)
		x.echo.OnHeaders(h, endStream)
	case answer != nil:
		x.start(answer)
	case endStream:
		x.unanswered()
	}
}

func (x *serviceStream) OnData(data []byte, endStream bool) {
	x.service.recorder.update(func() {
		x.record.body.write(data)
		x.record.complete = endStream
	})
	if len(data) > 0 {
		x.meeting.arrived(backendEnd, data)
	}
	if x.echo != nil {
		x.echo.OnData(data, endStream)
		return
	}
	if endStream {
		x.complete()
	}
}

func (x *serviceStream) OnTrailers(t *header.Map) {
	x.service.recorder.update(func() { x.record.trailers, x.record.complete = t.Clone(), true })
	if x.echo != nil {
		x.echo.OnTrailers(t)
		return
	}
	x.complete()
}

func (x *serviceStream) OnReset(err *codec.ResetError) {
	x.service.recorder.update(func() {
		if !x.record.complete {
			x.record.broken = err
		}
	})
	x.out.Stop()
	if x.echo != nil {
		x.echo.OnReset(err)
	}
}

func (x *serviceStream) OnWriteBuffer(high bool) {
	x.out.Throttle(high)
	if x.echo != nil {
		x.echo.OnWriteBuffer(high)
	}
}

// complete answers a request that is there as a whole.
func (x *serviceStream) complete() {
	if x.started {
		return
	}
	if answer, _ := x.service.choose(x.record.head, x.record.body.kept, true); answer != nil {
		x.start(answer)
		return
	}
	x.unanswered()
}

func (x *serviceStream) unanswered() {
	x.started = true
	x.service.recorder.problem("service %s has no answer to %s %s", x.service.key, x.record.head.Value(":method"), x.record.head.Value(":path"))
	x.out.SendHeaders(header.New([2]string{":status", "501"}, [2]string{"content-length", "0"}), true)
}

func (x *serviceStream) start(a *chosenAnswer) {
	x.started = true
	go x.play(x.service.context(), &a.Response, a.turn)
}
