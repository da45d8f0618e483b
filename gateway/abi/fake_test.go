package abi

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// sliceBuffer is a Buffer over a slice.
type sliceBuffer struct{ data []byte }

func (b *sliceBuffer) Len() int        { return len(b.data) }
func (b *sliceBuffer) Bytes() []byte   { return b.data }
func (b *sliceBuffer) Append(p []byte) { b.data = append(b.data, p...) }
func (b *sliceBuffer) Splice(n int, p []byte) {
	b.data = append(bytes.Clone(p), b.data[min(n, len(b.data)):]...)
}

// fakeContext records what host functions do to it.
type fakeContext struct {
	name       string
	root       *fakeContext // nil: itself
	events     *[]string
	headers    *header.Map // request headers, all access
	body       *sliceBuffer
	properties map[string]string
	callStatus Status
	donePend   bool
	onAction   func(string) // runs with each deferred action
}

func (c *fakeContext) event(format string, arguments ...any) {
	text := c.name + " " + fmt.Sprintf(format, arguments...)
	*c.events = append(*c.events, text)
	if c.onAction != nil {
		c.onAction(text)
	}
}

func (c *fakeContext) Log(level LogLevel, message string) { c.event("log %s %s", level, message) }
func (c *fakeContext) HeaderMap(m MapType, access Access) (*header.Map, Status) {
	if m == RequestHeaders {
		return c.headers, OK
	}
	if access == ReadPairs {
		return nil, OK
	}
	return nil, BadArgument
}
func (c *fakeContext) Buffer(b BufferType) (Buffer, bool, Status) {
	switch {
	case b == RequestBody && c.body != nil:
		return c.body, true, OK
	case b == ResponseBody && c.body != nil:
		return c.body, false, OK
	}
	return nil, false, NotFound
}
func (c *fakeContext) Property(path string) ([]byte, Status) {
	value, found := c.properties[path]
	if !found {
		return nil, NotFound
	}
	return []byte(value), OK
}
func (c *fakeContext) SetProperty(path string, value []byte) Status {
	c.properties[path] = string(value)
	return OK
}
func (c *fakeContext) ForeignFunction(name string, argument []byte) ([]byte, Status) {
	c.event("foreign %s %s", name, argument)
	if name == "nothing" {
		return nil, NotFound
	}
	return argument, OK
}
func (c *fakeContext) ReleaseRequest()             { c.event("release") }
func (c *fakeContext) ContinueStream(t StreamType) { c.event("continue %d", t) }
func (c *fakeContext) CloseStream(t StreamType)    { c.event("close %d", t) }
func (c *fakeContext) SendLocalResponse(r LocalResponse) {
	c.event("reply %d %s %s %v %d", r.Code, r.Details, r.Body, r.Headers, int32(r.GRPCStatus))
}
func (c *fakeContext) InjectEncodedData(data []byte, end bool) { c.event("inject %s %t", data, end) }
func (c *fakeContext) UpstreamHosts() [][2]string              { return [][2]string{{"10.0.0.1:80", "{}"}} }
func (c *fakeContext) SetUpstreamOverrideHost(a string)        { c.event("override %s", a) }
func (c *fakeContext) ClearRouteCache()                        { c.event("clear route") }
func (c *fakeContext) Root() RootContext {
	if c.root != nil {
		return c.root
	}
	return c
}
func (c *fakeContext) HTTPCall(call HTTPCall) (uint32, Status) {
	c.event("http %s %v %s %v %d", call.Cluster, call.Headers, call.Body, call.Trailers, call.Timeout)
	if c.callStatus != OK {
		return 0, c.callStatus
	}
	return 4, OK
}
func (c *fakeContext) RedisInit(cluster, user, password string, timeout time.Duration) Status {
	c.event("redis init %s %s %s %s", cluster, user, password, timeout)
	return c.callStatus
}
func (c *fakeContext) RedisCall(cluster string, query []byte) (uint32, Status) {
	c.event("redis %s %s", cluster, query)
	if c.callStatus != OK {
		return 0, c.callStatus
	}
	return 7, OK
}
func (c *fakeContext) SetTickPeriod(d time.Duration) Status { c.event("tick %s", d); return OK }
func (c *fakeContext) RegisterQueue(name string) uint32     { c.event("queue %s", name); return 3 }
func (c *fakeContext) Done() Status {
	if !c.donePend {
		return NotFound
	}
	return OK
}

// fakeServices answers from maps.
type fakeServices struct {
	data  map[string]string
	items []string
}

func (s *fakeServices) Now() time.Time     { return time.Unix(5, 7) }
func (s *fakeServices) LogLevel() LogLevel { return LogWarn }
func (s *fakeServices) SharedData(key string) ([]byte, uint32, Status) {
	value, found := s.data[key]
	if !found {
		return nil, 0, NotFound
	}
	return []byte(value), 9, OK
}
func (s *fakeServices) SetSharedData(key string, value []byte, cas uint32) Status {
	if cas == 1 {
		return CasMismatch
	}
	s.data[key] = string(value)
	return OK
}
func (s *fakeServices) ResolveQueue(vmID, name string) (uint32, Status) {
	if name != "known" {
		return 0, NotFound
	}
	return 3, OK
}
func (s *fakeServices) Dequeue(token uint32) ([]byte, Status) {
	if len(s.items) == 0 {
		return nil, Empty
	}
	item := s.items[0]
	s.items = s.items[1:]
	return []byte(item), OK
}
func (s *fakeServices) Enqueue(_ uint32, value []byte) Status {
	s.items = append(s.items, string(value))
	return OK
}
func (s *fakeServices) DefineMetric(t MetricType, _ string) (uint32, Status) {
	return 4 + uint32(t), OK
}
func (s *fakeServices) IncrementMetric(id uint32, offset int64) Status {
	if offset != -5 {
		return BadArgument
	}
	return OK
}
func (s *fakeServices) RecordMetric(id uint32, value uint64) Status {
	if value != 1<<40 {
		return BadArgument
	}
	return OK
}
func (s *fakeServices) Metric(id uint32) (uint64, Status) {
	if id != 4 {
		return 0, NotFound
	}
	return 1 << 40, OK
}

func testRuntime(t *testing.T) *Runtime {
	t.Helper()
	r, err := NewRuntime(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close(context.Background()) })
	return r
}

// world is a VM of everyImport with a root context "root" (id 1) and a stream context "stream" (id 2).
type world struct {
	guest
	root, stream *fakeContext
	services     *fakeServices
	events       []string
}

func newWorld(t *testing.T, m wasmModule, profile Profile) *world {
	t.Helper()
	module, err := testRuntime(t).Compile(context.Background(), m.bytes("data"), profile)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{services: &fakeServices{data: map[string]string{}}}
	vm, err := module.NewVM(VMOptions{Services: w.services, Env: map[string]string{"B": "2", "A": "1"},
		Log: func(level LogLevel, message string) { w.events = append(w.events, "start "+message) }})
	if err != nil {
		t.Fatal(err)
	}
	w.root = &fakeContext{name: "root", events: &w.events, properties: map[string]string{}}
	w.stream = &fakeContext{name: "stream", events: &w.events, root: w.root, properties: map[string]string{},
		headers: header.New([2]string{":path", "/a"}, [2]string{"x", "1"}, [2]string{"x", "2"}),
		body:    &sliceBuffer{[]byte("0123456789")}}
	rootID, err := vm.OnContextCreate(w.root, 0)
	if err != nil {
		t.Fatal(err)
	}
	streamID, err := vm.OnContextCreate(w.stream, rootID)
	if err != nil {
		t.Fatal(err)
	}
	if rootID != 1 || streamID != 2 {
		t.Fatalf("context ids %d and %d, want 1 and 2", rootID, streamID)
	}
	w.guest = guest{t: t, vm: vm, id: streamID}
	w.events = nil
	return w
}

func (w *world) wantEvents(want ...string) {
	w.t.Helper()
	if got := strings.Join(w.events, "\n"); got != strings.Join(want, "\n") {
		w.t.Errorf("events:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	w.events = nil
}

func (w *world) want(status, want Status) {
	w.t.Helper()
	if status != want {
		w.t.Errorf("status %d, want %d", status, want)
	}
}

func benchHeaders() *header.Map {
	return header.New([2]string{":path", "/"}, [2]string{"x", "value"})
}
