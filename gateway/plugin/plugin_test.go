package plugin

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/loop"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

func TestEveryThreadStartsThePlugin(t *testing.T) {
	f := newFixture(t)
	if _, err := f.host.Load(context.Background(), f.spec("start: count; env WHO; print printed")); err != nil {
		t.Fatal(err)
	}
	lines := f.take()
	if n := strings.Count(strings.Join(lines, "\n"), "start count = 1"); n != 3 { // canary, main, worker
		t.Errorf("started %d times: %q", n, lines)
	}
	if n := strings.Count(strings.Join(lines, "\n"), "start env WHO = first"); n != 3 {
		t.Errorf("environment seen %d times: %q", n, lines)
	}
	f.wantMetric("wasm.wazero.created", 3)
	f.wantMetric("wasm.wazero.active", 2)
}

func TestRejectedConfiguration(t *testing.T) {
	tests := []struct {
		script  string
		reason  error
		problem string
	}{
		{"start: set mark seen; ret 0", errConfigure, "info: start set mark seen = "},
		{"start: set mark seen; panic", nil, "asked to"},
	}
	for _, test := range tests {
		t.Run(test.script, func(t *testing.T) {
			f := newFixture(t)
			keeper := f.load(f.spec("reqh: get mark"))
			_, err := f.host.Load(context.Background(), f.spec(test.script))
			var rejected *LoadError
			if !errors.As(err, &rejected) || rejected.Plugin != "ns.guest" || !strings.Contains(err.Error(), test.problem) {
				t.Fatalf("error %v, want a LoadError with %q", err, test.problem)
			}
			if test.reason != nil && !errors.Is(err, test.reason) {
				t.Errorf("error %v, want %v", err, test.reason)
			}
			f.take()
			f.exchange(keeper).decodeHeaders(true)
			f.want("reqh get mark = seen") // what the canary wrote took effect
			f.wantMetric("wasm.wazero.config_rejected", 1)
			f.wantMetric("wasm.wazero.active", 2)
		})
	}
}

func TestLoadHonoursItsContext(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancel(context.Background())
	release := make(chan struct{})
	f.main.loop.Post(func() { <-release })
	cancel()
	if _, err := f.host.Load(ctx, f.spec("")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	close(release)
}

func TestPluginsOfOneModuleShareAVM(t *testing.T) {
	f := newFixture(t)
	spec := f.spec("reqh: count; env WHO")
	one := f.load(spec)
	spec.Env = map[string]string{"WHO": "second"}
	two := f.load(spec)
	f.exchange(one).decodeHeaders(true)
	f.exchange(two).decodeHeaders(true)
	f.want("reqh count = 1", "reqh env WHO = first", "reqh count = 2", "reqh env WHO = first")
	f.wantMetric("wasm.wazero.active", 2)

	spec.VMID = "own"
	other := f.load(spec)
	f.exchange(other).decodeHeaders(true)
	f.want("info wasm log ns.guest root own: reqh count = 1", "info wasm log ns.guest root own: reqh env WHO = second")
	f.wantMetric("wasm.wazero.active", 4)
}

func TestNewConfigurationKeepsTheGuestsState(t *testing.T) {
	f := newFixture(t)
	old := f.load(f.spec("reqh: count\nlog: facts\nplugindone: count"))
	running := f.exchange(old)
	running.decodeHeaders(true)
	next := f.load(f.spec("reqh: count"))
	old.Close()
	f.take()
	f.exchange(next).decodeHeaders(true)
	f.want("reqh count = 2")
	running.finish()
	f.want("log []", "plugindone count = 3") // the old root ends with its last stream
	f.wantMetric("wasm.wazero.active", 2)
}

func TestRootThatWaitsForItsDone(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec("start: tick 1000; done\ntick: done; done\nplugindone: ret 0"))
	p.Close()
	f.take()
	f.wantMetric("wasm.wazero.active", 2)
	f.clock.advance(time.Second)
	f.take()
	f.wantMetric("wasm.wazero.active", 0)
}

func TestTicksAreRearmedWithTheFullPeriod(t *testing.T) {
	f := newFixture(t)
	f.load(f.spec("start: tick 100\ntick: count"))
	f.clock.advance(99 * time.Millisecond)
	f.want()
	f.clock.advance(50 * time.Millisecond)
	f.want("tick count = 1", "tick count = 1")
	f.clock.advance(99 * time.Millisecond)
	f.want()
	f.clock.advance(time.Millisecond)
	f.want("tick count = 2", "tick count = 2")
}

func TestTickStopsItself(t *testing.T) {
	f := newFixture(t)
	f.load(f.spec("start: tick 100; tick 200\ntick: tick 0"))
	f.clock.advance(100 * time.Millisecond)
	f.want() // replaced
	f.clock.advance(100 * time.Millisecond)
	f.want("tick tick 0 = ", "tick tick 0 = ")
	f.clock.advance(time.Second)
	f.want()
}

func TestLogLevel(t *testing.T) {
	f := newFixture(t)
	f.host.SetLogLevel(abi.LogWarn)
	p := f.load(f.spec("reqh: foreign get_log_level; env X"))
	f.exchange(p).decodeHeaders(true)
	f.want()
}

// TestManyWorkers lets the race detector and the VM's own guard watch streams, ticks, queues and reloads on real loops
// with the real clock.
func TestManyWorkers(t *testing.T) {
	h := NewHost(Options{})
	h.AddWorker(newLoop(t, "main"), &fakeCallouts{})
	var workers []*Worker
	for range 4 {
		workers = append(workers, h.AddWorker(newLoop(t, "worker"), &fakeCallouts{}))
	}
	const streams = 50
	spec := Spec{Name: "ns.many", Module: guestModule, Configuration: []byte(
		"start: tick 1; register q\ntick: set k v\nqueue: dequeue q; counter heard 1\n" +
			"reqh: counter seen 1; enqueue q x; cas k v; setprop wasm_need_rebuild 1\nlog: counter ended 1")}
	first, err := h.Load(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.Load(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	for i := range streams {
		for n, w := range workers {
			p := []*Plugin{first, second}[(i+n)%2]
			w.loop.Post(func() {
				filter := p.Factory(w)(&fakeCallbacks{info: &stream.Info{}})
				filter.DecodeHeaders(getHeaders(), true)
				filter.OnComplete()
				filter.OnDestroy()
			})
		}
	}
	for _, w := range workers {
		w.loop.Do(func() {})
	}
	first.Close()
	second.Close()
	count := func(name string) int64 {
		for _, m := range h.Metrics() {
			if m.Name == name {
				return m.Value
			}
		}
		return -1
	}
	for _, w := range append(workers, h.workers[0]) {
		w.loop.Do(func() {})
	}
	if seen, ended := count("wasmcustom.seen"), count("wasmcustom.ended"); seen != 4*streams || ended != 4*streams {
		t.Errorf("%d streams seen, %d ended, want %d", seen, ended, 4*streams)
	}
	if heard := count("wasmcustom.heard"); heard < 1 {
		t.Errorf("%d queue events", heard)
	}
	if active, failures := count("wasm.wazero.active"), count("wasm.wazero.failed"); active != 0 || failures != 0 {
		t.Errorf("%d VMs active, %d failed", active, failures)
	}
}

func newLoop(t *testing.T, name string) *loop.Loop {
	l := loop.New(name)
	t.Cleanup(l.Stop)
	return l
}

func BenchmarkRequest(b *testing.B) {
	h := NewHost(Options{})
	main, worker := loop.New("main"), loop.New("worker")
	defer main.Stop()
	defer worker.Stop()
	h.AddWorker(main, &fakeCallouts{})
	w := h.AddWorker(worker, &fakeCallouts{})
	p, err := h.Load(context.Background(), Spec{Name: "ns.bench", Module: guestModule})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	worker.Do(func() {
		factory, callbacks, headers := p.Factory(w), &fakeCallbacks{info: &stream.Info{}}, getHeaders()
		for b.Loop() {
			filter := factory(callbacks)
			filter.DecodeHeaders(headers, true)
			filter.OnComplete()
			filter.OnDestroy()
		}
	})
}
