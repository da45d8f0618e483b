package plugin

import (
	"cmp"
	"slices"
	"sync"

	"github.com/wasmplane/wasmplane/gateway/abi"
)

// guestMetricPrefix goes before the names that guests give their metrics.
const guestMetricPrefix = "wasmcustom."

// HistogramBounds are the upper bounds of the buckets of a HistogramValue, Envoy's defaults.
var HistogramBounds = []float64{0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000,
	600000, 1800000, 3600000}

// Metric is the state of a metric at one moment.
type Metric struct {
	// Name is "wasmcustom.<name>" for metrics of guests, "wasm.…" for those of the host.
	Name string
	Type abi.MetricType
	// Value is the sum of a counter or the level of a gauge.
	Value int64
	// Histogram is set for histograms only.
	Histogram *HistogramValue
}

// HistogramValue is the state of a histogram. Buckets[i] counts the values up to and including HistogramBounds[i], the
// smaller buckets' included.
type HistogramValue struct {
	Count   uint64
	Sum     float64
	Buckets []uint64
}

// Metrics returns all metrics of guests and host, sorted by name. It may be called from any goroutine.
func (h *Host) Metrics() []Metric { return h.metrics.snapshot() }

type metrics struct {
	mu    sync.Mutex
	known map[metricKey]*metric
}

type metricKey struct {
	name string
	kind abi.MetricType
}

type metric struct {
	metricKey
	mu        sync.Mutex
	value     int64
	histogram HistogramValue
}

// define returns the metric of that name and type, a new one if there is none.
func (m *metrics) define(kind abi.MetricType, name string) *metric {
	key := metricKey{name, kind}
	m.mu.Lock()
	defer m.mu.Unlock()
	found := m.known[key]
	if found == nil {
		found = &metric{metricKey: key}
		if kind == abi.Histogram {
			found.histogram.Buckets = make([]uint64, len(HistogramBounds))
		}
		if m.known == nil {
			m.known = map[metricKey]*metric{}
		}
		m.known[key] = found
	}
	return found
}

func (m *metrics) snapshot() []Metric {
	m.mu.Lock()
	all := make([]*metric, 0, len(m.known))
	for _, one := range m.known {
		all = append(all, one)
	}
	m.mu.Unlock()
	states := make([]Metric, 0, len(all))
	for _, one := range all {
		states = append(states, one.state())
	}
	slices.SortFunc(states, func(a, b Metric) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type))
	})
	return states
}

func (m *metric) state() Metric {
	m.mu.Lock()
	defer m.mu.Unlock()
	state := Metric{Name: m.name, Type: m.kind, Value: m.value}
	if m.kind == abi.Histogram {
		h := m.histogram
		h.Buckets = slices.Clone(h.Buckets)
		state.Histogram = &h
	}
	return state
}

func (m *metric) add(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.value += n
}

func (m *metric) read() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.value
}

// record adds to a counter, sets a gauge, and puts a value into a histogram.
func (m *metric) record(value uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch m.kind {
	case abi.Counter:
		m.value += int64(value)
	case abi.Gauge:
		m.value = int64(value)
	default:
		m.histogram.Count++
		m.histogram.Sum += float64(value)
		for i, bound := range HistogramBounds {
			if float64(value) <= bound {
				m.histogram.Buckets[i]++
			}
		}
	}
}

// hostCounters are the host's own metrics.
type hostCounters struct {
	created, active                 *metric // VMs
	failed, recovered, recoverError *metric
	rebuilt, rebuildError           *metric
	rejected                        *metric // configurations
	refused                         *metric // streams answered 503
}

func newHostCounters(m *metrics) hostCounters {
	counter := func(name string) *metric { return m.define(abi.Counter, "wasm.wazero."+name) }
	return hostCounters{
		created: counter("created"), active: m.define(abi.Gauge, "wasm.wazero.active"),
		failed: counter("failed"), recovered: counter("recovered"), recoverError: counter("recover_error"),
		rebuilt: counter("rebuilt"), rebuildError: counter("rebuild_error"),
		rejected: counter("config_rejected"), refused: counter("fail_closed"),
	}
}
