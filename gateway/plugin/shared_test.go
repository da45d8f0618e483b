package plugin

import (
	"testing"

	"github.com/wasmplane/wasmplane/gateway/abi"
)

func TestSharedDataGoesWithTheLastVM(t *testing.T) {
	f := newFixture(t)
	first := f.load(f.spec("start: set k v"))
	first.Close()
	f.take()
	f.wantMetric("wasm.wazero.active", 0)
	second := f.load(f.spec("reqh: get k"))
	f.exchange(second).decodeHeaders(true)
	f.want("reqh get k = error: error status returned by host: not found")
}

func TestQueues(t *testing.T) {
	f := newFixture(t)
	reader := f.load(f.spec("reqh: register q; dequeue q\nqueue: dequeue q; dequeue q"))
	f.exchange(reader).decodeHeaders(true)
	f.want("reqh register q = 1", "reqh dequeue q = error: error status returned by host: empty")
	writer := f.load(f.spec("reqh: resolve none; resolve q; enqueue q one"))
	f.exchange(writer).decodeHeaders(true)
	f.want("reqh resolve none = error: error status returned by host: not found", "reqh resolve q = 1", "reqh enqueue q one = ",
		"queue dequeue q = one", "queue dequeue q = error: error status returned by host: empty")
	reader.Close()
	f.take()
	f.exchange(writer).decodeHeaders(true)
	f.wantContains("reqh enqueue q one = ") // and no event for a root that is gone
}

func TestSharedDataAcrossPluginsWithCAS(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec("reqh: get k; set k 1; cas k 2; get k; set k; get k"))
	f.exchange(p).decodeHeaders(true)
	f.want("reqh get k = error: error status returned by host: not found", "reqh set k 1 = ",
		"reqh cas k 2 = error: error status returned by host: cas mismatch", "reqh get k = 2", "reqh set k = ", "reqh get k = ")
}

func TestMetrics(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec("reqh: counter c 2; counter c 3; gauge g -4; histogram h 30"))
	f.exchange(p).decodeHeaders(true)
	f.want("reqh counter c 2 = 4 2", "reqh counter c 3 = 8 5", "reqh gauge g -4 = 5 -4", "reqh histogram h 30 = 6")
	f.wantMetric("wasmcustom.c", 5)
	f.wantMetric("wasmcustom.g", -4)
	for _, m := range f.host.Metrics() {
		if m.Name != "wasmcustom.h" {
			continue
		}
		if m.Type != abi.Histogram || m.Histogram.Count != 1 || m.Histogram.Sum != 30 || m.Histogram.Buckets[4] != 0 || m.Histogram.Buckets[5] != 1 {
			t.Errorf("histogram %+v", m.Histogram)
		}
	}
}

func TestMetricStatuses(t *testing.T) {
	s := services{&machine{worker: &Worker{host: NewHost(Options{})}, metrics: map[uint32]*metric{}}}
	counter, _ := s.DefineMetric(abi.Counter, "c")
	gauge, _ := s.DefineMetric(abi.Gauge, "g")
	histogram, _ := s.DefineMetric(abi.Histogram, "h")
	tests := []struct {
		name      string
		got, want abi.Status
	}{
		{"counter by nothing", s.IncrementMetric(counter, 0), abi.BadArgument},
		{"counter down", s.IncrementMetric(counter, -1), abi.BadArgument},
		{"counter up", s.IncrementMetric(counter, 1), abi.OK},
		{"gauge down", s.IncrementMetric(gauge, -1), abi.OK},
		{"histogram", s.IncrementMetric(histogram, 1), abi.BadArgument},
		{"unknown", s.IncrementMetric(999, 1), abi.NotFound},
		{"record counter", s.RecordMetric(counter, 2), abi.OK},
		{"record unknown", s.RecordMetric(999, 2), abi.NotFound},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: status %d, want %d", test.name, test.got, test.want)
		}
	}
	if v, status := s.Metric(counter); v != 3 || status != abi.OK {
		t.Errorf("counter %d, status %d", v, status)
	}
	if _, status := s.Metric(histogram); status != abi.BadArgument {
		t.Errorf("histogram: status %d", status)
	}
}
