package plugin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/loop"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

// guestModule is testdata/guest, compiled once.
var guestModule *abi.Module

func TestMain(m *testing.M) {
	code, err := withGuest(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func withGuest(run func() int) (int, error) {
	dir, err := os.MkdirTemp("", "wasmplane-plugin-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "guest.wasm")
	build := exec.Command("go", "build", "-buildvcs=false", "-buildmode=c-shared", "-ldflags=-s -w", "-o", file, ".")
	build.Dir = filepath.Join("testdata", "guest")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOWORK=off", "GOFLAGS=-mod=readonly")
	if output, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the guest: %w\n%s", err, output)
	}
	wasm, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	runtime, err := abi.NewRuntime(context.Background(), filepath.Join(dir, "cache"))
	if err != nil {
		return 0, err
	}
	if guestModule, err = runtime.Compile(context.Background(), wasm, abi.Higress); err != nil {
		return 0, err
	}
	code := run()
	return code, runtime.Close(context.Background())
}

// fakeClock runs timers when the test says so.
type fakeClock struct {
	mu     sync.Mutex
	now    time.Time
	timers []*fakeTimer
}

type fakeTimer struct {
	at        time.Time
	loop      *loop.Loop
	f         func()
	cancelled bool
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) After(l *loop.Loop, d time.Duration, f func()) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	timer := &fakeTimer{at: c.now.Add(d), loop: l, f: f}
	c.timers = append(c.timers, timer)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		timer.cancelled = true
	}
}

// advance moves the clock and runs what is due once, on the timers' loops.
func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	var due, later []*fakeTimer
	for _, timer := range c.timers {
		if timer.at.After(c.now) {
			later = append(later, timer)
		} else {
			due = append(due, timer)
		}
	}
	c.timers = later
	c.mu.Unlock()
	for _, timer := range due {
		timer.loop.Do(func() {
			c.mu.Lock()
			cancelled := timer.cancelled
			c.mu.Unlock()
			if !cancelled {
				timer.f()
			}
		})
	}
}

// fakeCallouts knows the cluster "up", and "down" which refuses at once.
type fakeCallouts struct {
	events    []string
	http      func(headers [][2]string, body []byte, trailers [][2]string)
	redis     func(ok bool, reply []byte)
	cancelled int
}

func (c *fakeCallouts) HasCluster(name string) bool { return name == "up" || name == "down" }
func (c *fakeCallouts) HTTPCall(cluster string, headers [][2]string, body []byte, timeout time.Duration,
	done func([][2]string, []byte, [][2]string)) (func(), error) {
	if cluster == "down" {
		return nil, errors.New("no healthy host")
	}
	c.events = append(c.events, fmt.Sprintf("%s %v %s %s", cluster, headers, body, timeout))
	c.http = done
	return func() { c.cancelled++ }, nil
}
func (c *fakeCallouts) RedisInit(cluster, user, password string, timeout time.Duration) error {
	c.events = append(c.events, fmt.Sprintf("init %s %s %s %s", cluster, user, password, timeout))
	return nil
}
func (c *fakeCallouts) RedisCall(cluster string, query []byte, done func(bool, []byte)) error {
	if cluster == "down" {
		return errors.New("no healthy host")
	}
	c.events = append(c.events, fmt.Sprintf("%s %q", cluster, query))
	c.redis = done
	return nil
}
func (c *fakeCallouts) UpstreamHosts(string) [][2]string {
	return [][2]string{{"10.0.0.1:80", `{"health_status":"Healthy"}`}}
}

// fixture is a host with a main thread and one worker.
type fixture struct {
	t            *testing.T
	host         *Host
	main, worker *Worker
	clock        *fakeClock
	callouts     *fakeCallouts // the worker's; only touched on its loop

	mu    sync.Mutex
	lines []string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: &fakeClock{now: time.Unix(1000, 0)}, callouts: &fakeCallouts{}}
	f.host = NewHost(Options{Now: f.clock.Now, After: f.clock.After, Log: func(level abi.LogLevel, line string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.lines = append(f.lines, level.String()+" "+line)
	}})
	for _, name := range []string{"main", "worker-0"} {
		l := loop.New(name)
		t.Cleanup(l.Stop)
		w := f.host.AddWorker(l, &fakeCallouts{})
		if f.main == nil {
			f.main = w
		} else {
			f.worker, w.callouts = w, f.callouts
		}
	}
	return f
}

func (f *fixture) spec(script string) Spec {
	return Spec{Name: "ns.guest", RootID: "root", Configuration: []byte(script), Module: guestModule, Env: map[string]string{"WHO": "first"}}
}

func (f *fixture) load(spec Spec) *Plugin {
	f.t.Helper()
	p, err := f.host.Load(context.Background(), spec)
	if err != nil {
		f.t.Fatal(err)
	}
	f.take()
	return p
}

// take returns the lines logged since the last time, without level and prefix of the guest's own.
func (f *fixture) take() []string {
	for range 3 { // what is posted to the loops by what is posted to the loops
		f.main.loop.Do(func() {})
		f.worker.loop.Do(func() {})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	lines := f.lines
	f.lines = nil
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "info wasm log ns.guest root: ")
	}
	return lines
}

func (f *fixture) want(want ...string) {
	f.t.Helper()
	if got := strings.Join(f.take(), "\n"); got != strings.Join(want, "\n") {
		f.t.Errorf("log:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

func (f *fixture) wantContains(part string) {
	f.t.Helper()
	if got := strings.Join(f.take(), "\n"); !strings.Contains(got, part) {
		f.t.Errorf("log:\n%s\nwants a line with %q", got, part)
	}
}

func (f *fixture) metric(name string) int64 {
	for _, m := range f.host.Metrics() {
		if m.Name == name {
			return m.Value
		}
	}
	return -1
}

func (f *fixture) wantMetric(name string, want int64) {
	f.t.Helper()
	if got := f.metric(name); got != want {
		f.t.Errorf("%s is %d, want %d", name, got, want)
	}
}

// exchange is one stream with the plugin's filter on it, driven from the test.
type exchange struct {
	f         *fixture
	filter    stream.Filter
	callbacks *fakeCallbacks
	request   *header.Map
	response  *header.Map
}

func (f *fixture) exchange(p *Plugin) *exchange {
	e := &exchange{f: f, request: header.New([2]string{":method", "GET"}, [2]string{":path", "/a?b=c"},
		[2]string{":authority", "example.com"}, [2]string{"x", "1"}, [2]string{"x", "2"}),
		response: header.New([2]string{":status", "200"})}
	e.callbacks = &fakeCallbacks{info: &stream.Info{Conn: &stream.Conn{ID: 77, Protocol: "HTTP/1.1"}, Start: time.Unix(9, 5)},
		route: &stream.Route{Name: "route-a", Cluster: "outbound|80||svc", VirtualHost: "vh"}}
	e.on(func() { e.filter = p.Factory(f.worker)(e.callbacks) })
	return e
}

func (e *exchange) on(do func()) { e.f.worker.loop.Do(do) }

func (e *exchange) decodeHeaders(end bool) (s stream.HeadersStatus) {
	e.callbacks.request = e.request
	e.on(func() { s = e.filter.DecodeHeaders(e.request, end) })
	return s
}
func (e *exchange) decodeData(b *stream.Buffer, end bool) (s stream.DataStatus) {
	e.on(func() { s = e.filter.DecodeData(b, end) })
	return s
}
func (e *exchange) decodeTrailers(t *header.Map) (s stream.TrailersStatus) {
	e.on(func() { s = e.filter.DecodeTrailers(t) })
	return s
}
func (e *exchange) encodeHeaders(end bool) (s stream.HeadersStatus) {
	e.callbacks.response = e.response
	e.on(func() { s = e.filter.EncodeHeaders(e.response, end) })
	return s
}
func (e *exchange) encodeData(b *stream.Buffer, end bool) (s stream.DataStatus) {
	e.on(func() { s = e.filter.EncodeData(b, end) })
	return s
}
func (e *exchange) finish() {
	e.on(func() { e.filter.OnComplete(); e.filter.OnDestroy() })
}

func (e *exchange) wantEvents(want ...string) {
	e.f.t.Helper()
	var got []string
	e.on(func() { got, e.callbacks.events = e.callbacks.events, nil })
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		e.f.t.Errorf("events:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// fakeCallbacks records what a filter asks of its stream.
type fakeCallbacks struct {
	events             []string
	replied            bool
	decoding, encoding *stream.Buffer
	request, response  *header.Map
	requestTrailers    *header.Map
	responseTrailers   *header.Map
	route              *stream.Route
	info               *stream.Info
	limit              int
}

var _ stream.Callbacks = (*fakeCallbacks)(nil)

func (c *fakeCallbacks) event(format string, a ...any) {
	c.events = append(c.events, fmt.Sprintf(format, a...))
}
func (c *fakeCallbacks) ContinueDecoding() { c.event("continue decoding") }
func (c *fakeCallbacks) ContinueEncoding() { c.event("continue encoding") }
func (c *fakeCallbacks) SendLocalReply(r stream.LocalReply) {
	c.replied = true
	c.event("reply %d %q %v %s grpc %d", r.Code, r.Body, r.Headers, r.Details, r.GRPCStatus)
}
func (c *fakeCallbacks) LocalReplied() bool             { return c.replied }
func (c *fakeCallbacks) ResetStream(details string)     { c.event("reset %s", details) }
func (c *fakeCallbacks) DecodingBuffer() *stream.Buffer { return c.decoding }
func (c *fakeCallbacks) EncodingBuffer() *stream.Buffer { return c.encoding }
func (c *fakeCallbacks) AddDecodedTrailers() *header.Map {
	c.requestTrailers = header.New()
	return c.requestTrailers
}
func (c *fakeCallbacks) AddEncodedTrailers() *header.Map {
	c.responseTrailers = header.New()
	return c.responseTrailers
}
func (c *fakeCallbacks) InjectEncodedData(data []byte, end bool) { c.event("inject %s %t", data, end) }
func (c *fakeCallbacks) SetBufferLimit(n int)                    { c.limit = n }
func (c *fakeCallbacks) BufferLimit() int                        { return c.limit }
func (c *fakeCallbacks) RequestHeaders() *header.Map             { return c.request }
func (c *fakeCallbacks) RequestTrailers() *header.Map            { return c.requestTrailers }
func (c *fakeCallbacks) ResponseHeaders() *header.Map            { return c.response }
func (c *fakeCallbacks) ResponseTrailers() *header.Map           { return c.responseTrailers }
func (c *fakeCallbacks) ClearRouteCache()                        { c.event("clear route") }
func (c *fakeCallbacks) Route() *stream.Route                    { return c.route }
func (c *fakeCallbacks) SetUpstreamOverrideHost(a string)        { c.event("override %s", a) }
func (c *fakeCallbacks) Info() *stream.Info                      { return c.info }
func (c *fakeCallbacks) Worker() any                             { return nil }
