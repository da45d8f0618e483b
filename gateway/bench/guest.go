package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/header"
)

// Subject is a module to measure with its configuration.
type Subject struct {
	Path          string
	Configuration []byte
}

// Request is what each measured exchange consists of. The upstream's answer is a 200 with a few headers.
type Request struct {
	Headers      [][2]string // pseudo headers included
	Body         []byte
	ResponseBody []byte
	Chunk        int // bytes of a body that arrive at once; 0 means all
	RouteName    string
	ClusterName  string
	// Properties are what the host tells of the stream besides the two names, by paths with "\x00" between their parts.
	Properties map[string]string
	// RedisReply answers every Redis call-out, HTTPStatus and HTTPBody every HTTP call-out.
	RedisReply []byte
	HTTPStatus int
	HTTPBody   []byte
}

// guest is one VM with a configured root context.
type guest struct {
	subject   Subject
	module    *abi.Module
	vm        *abi.VM
	root      *root
	rootID    uint32
	size      int64
	atStart   uint64 // bytes of linear memory
	status    string // of the last request: what became of it
	passed    [2]int // bytes of its body and of its response's that the guest let pass
	lastLines []string
}

func load(ctx context.Context, runtime *abi.Runtime, profile abi.Profile, s Subject, r Request) (*guest, error) {
	code, err := os.ReadFile(s.Path)
	if err != nil {
		return nil, err
	}
	g := &guest{subject: s, size: int64(len(code))}
	if g.module, err = runtime.Compile(ctx, code, profile); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	log := func(level abi.LogLevel, text string) {
		if level >= abi.LogWarn && len(g.lastLines) < 20 {
			g.lastLines = append(g.lastLines, text)
		}
	}
	if g.vm, err = g.module.NewVM(abi.VMOptions{Services: newServices(), Log: log}); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	g.root = &root{base: base{request: &r, log: log}}
	g.root.root = g.root
	if g.rootID, err = g.vm.OnContextCreate(g.root, 0); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	for _, start := range []func() (bool, error){
		func() (bool, error) { return g.vm.OnVMStart(g.rootID, nil) },
		func() (bool, error) { return g.vm.OnConfigure(g.rootID, s.Configuration) },
	} {
		ok, err := start()
		if err == nil && !ok {
			err = errors.New("the plugin refused its configuration")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w\n%v", s.Path, err, g.lastLines)
		}
	}
	g.atStart = g.vm.MemorySize()
	return g, nil
}

// name tells the subjects apart in the report.
func (g *guest) name() string {
	return filepath.Join(filepath.Base(filepath.Dir(g.subject.Path)), filepath.Base(g.subject.Path))
}

// exchange runs one request from context creation to deletion, the way a gateway's filter does.
func (g *guest) exchange(r *Request) error {
	s := &streamContext{base: base{request: r, log: g.root.log, root: g.root}, requestHeaders: header.New(r.Headers...)}
	id, err := g.vm.OnContextCreate(s, g.rootID)
	if err != nil {
		return err
	}
	if err := g.phases(id, s, r); err != nil {
		return err
	}
	g.status = "passed"
	if s.replied != 0 {
		g.status = fmt.Sprint(s.replied)
	}
	if err := g.vm.OnLog(id); err != nil {
		return err
	}
	if _, err := g.vm.OnDone(id); err != nil {
		return err
	}
	return g.vm.OnDelete(id)
}

func (g *guest) phases(id uint32, s *streamContext, r *Request) error {
	if _, err := g.vm.OnRequestHeaders(id, s.requestHeaders.Len(), len(r.Body) == 0); err != nil {
		return err
	}
	if err := g.answerCallouts(); err != nil {
		return err
	}
	if len(r.Body) > 0 && s.replied == 0 {
		if err := g.deliver(id, r.Body, r.Chunk, &s.requestBody, &g.passed[0], g.vm.OnRequestBody); err != nil {
			return err
		}
	}
	s.responseHeaders = header.New([2]string{":status", "200"}, [2]string{"content-type", "application/json"},
		[2]string{"server", "upstream"}, [2]string{"date", "Sat, 01 Jan 2000 00:00:00 GMT"})
	body := r.ResponseBody
	if s.replied != 0 {
		s.responseHeaders.Set(":status", fmt.Sprint(s.replied))
		body = nil
	}
	if _, err := g.vm.OnResponseHeaders(id, s.responseHeaders.Len(), len(body) == 0); err != nil {
		return err
	}
	if len(body) == 0 {
		return g.answerCallouts()
	}
	return g.deliver(id, body, r.Chunk, &s.responseBody, &g.passed[1], g.vm.OnResponseBody)
}

// deliver gives a body to the guest, chunk by chunk. After StopIterationAndBuffer the next callback sees what is held
// back, too; in every other case it sees its own chunk alone.
func (g *guest) deliver(id uint32, whole []byte, chunk int, seen *body, passed *int, callback func(uint32, int, bool) (abi.DataAction, error)) error {
	*passed = 0
	if chunk == 0 {
		chunk = len(whole)
	}
	held := 0 // where what the guest sees begins
	for end := 0; end < len(whole); {
		start := end
		end = min(start+chunk, len(whole))
		if seen.edited {
			seen.Append(whole[start:end])
		} else {
			seen.data = whole[held:end:end]
		}
		action, err := callback(id, len(seen.data), end == len(whole))
		if err != nil {
			return err
		}
		if err := g.answerCallouts(); err != nil {
			return err
		}
		if action == abi.DataContinue {
			*passed += len(seen.data)
		}
		if action != abi.DataStopIterationAndBuffer {
			held, *seen = end, body{}
		}
	}
	return nil
}

// answerCallouts delivers the answers to call-outs until none is outstanding.
func (g *guest) answerCallouts() error {
	for len(g.root.pending) > 0 {
		call := g.root.pending[0]
		g.root.pending = g.root.pending[1:]
		var err error
		if call.redis {
			err = g.vm.OnRedisCallResponse(g.rootID, call.token, true, g.root.request.RedisReply)
		} else {
			err = g.vm.OnHTTPCallResponse(g.rootID, call.token, abi.HTTPCallResponse{
				Headers: header.New([2]string{":status", fmt.Sprint(max(g.root.request.HTTPStatus, 200))}),
				Body:    g.root.request.HTTPBody,
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// services is a process with no others in it.
type services struct{ data map[string][]byte }

func newServices() *services { return &services{data: map[string][]byte{}} }

func (s *services) Now() time.Time         { return time.Now() }
func (s *services) LogLevel() abi.LogLevel { return abi.LogWarn }
func (s *services) SharedData(key string) ([]byte, uint32, abi.Status) {
	value, ok := s.data[key]
	if !ok {
		return nil, 0, abi.NotFound
	}
	return value, 1, abi.OK
}
func (s *services) SetSharedData(key string, value []byte, _ uint32) abi.Status {
	s.data[key] = value
	return abi.OK
}
func (s *services) ResolveQueue(string, string) (uint32, abi.Status) { return 0, abi.NotFound }
func (s *services) Dequeue(uint32) ([]byte, abi.Status)              { return nil, abi.NotFound }
func (s *services) Enqueue(uint32, []byte) abi.Status                { return abi.NotFound }
func (s *services) DefineMetric(abi.MetricType, string) (uint32, abi.Status) {
	return 4, abi.OK
}
func (s *services) IncrementMetric(uint32, int64) abi.Status { return abi.OK }
func (s *services) RecordMetric(uint32, uint64) abi.Status   { return abi.OK }
func (s *services) Metric(uint32) (uint64, abi.Status)       { return 0, abi.OK }
