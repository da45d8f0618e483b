package server

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/plugin"
)

// stats are the listener's counters, with Envoy's names where they are shown.
type stats struct {
	requests atomic.Uint64
	active   atomic.Int64
	classes  [6]atomic.Uint64 // by the status's first digit
}

func (s *stats) count(code int) {
	if class := code / 100; class >= 1 && class <= 5 {
		s.classes[class].Add(1)
	}
}

// sample is one number of /stats.
type sample struct {
	name  string
	value int64
	gauge bool
}

func (g *Gateway) samples() []sample {
	const prefix = "http.ingress_http."
	out := []sample{
		{prefix + "downstream_rq_total", int64(g.stats.requests.Load()), false},
		{prefix + "downstream_rq_active", g.stats.active.Load(), true},
	}
	for class := 1; class <= 5; class++ {
		out = append(out, sample{fmt.Sprintf("%sdownstream_rq_%dxx", prefix, class), int64(g.stats.classes[class].Load()), false})
	}
	for _, c := range g.clusters.Clusters() {
		out = append(out,
			sample{"cluster." + c.Name() + ".upstream_rq_total", int64(c.Requests.Load()), false},
			sample{"cluster." + c.Name() + ".upstream_rq_active", c.Active.Load(), true},
			sample{"cluster." + c.Name() + ".upstream_rq_failed", int64(c.Failures.Load()), false})
	}
	return out
}

// writeStats prints the numbers whose names the filter matches as Envoy's /stats does, one "name: value" a line.
func (g *Gateway) writeStats(w io.Writer, filter *regexp.Regexp) {
	line := func(name string, value any) {
		if filter.MatchString(name) {
			fmt.Fprintf(w, "%s: %v\n", name, value)
		}
	}
	for _, s := range g.samples() {
		line(s.name, s.value)
	}
	for _, m := range g.host.Metrics() {
		if m.Histogram != nil {
			line(m.Name, fmt.Sprintf("count %d, sum %g", m.Histogram.Count, m.Histogram.Sum))
			continue
		}
		line(m.Name, m.Value)
	}
}

// collector exports the same numbers to Prometheus. Names of plugins' metrics lose the prefix wasmcustom, as in Higress.
type collector struct{ gateway *Gateway }

// Describe implements prometheus.Collector. It sends nothing: the set of metrics is not known in advance.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	e := exposition{out: out, seen: map[string]bool{}}
	for _, s := range c.gateway.samples() {
		name, labels := s.name, prometheus.Labels(nil)
		if rest, ok := strings.CutPrefix(s.name, "cluster."); ok {
			i := strings.LastIndexByte(rest, '.')
			name, labels = "cluster."+rest[i+1:], prometheus.Labels{"cluster_name": rest[:i]}
		}
		e.number("envoy_"+prometheusName(name), labels, s.gauge, float64(s.value))
	}
	for _, m := range c.gateway.host.Metrics() {
		name := prometheusName(strings.TrimPrefix(m.Name, "wasmcustom."))
		if m.Type == abi.Histogram {
			e.histogram(name, m.Histogram)
			continue
		}
		e.number(name, nil, m.Type == abi.Gauge, float64(m.Value))
	}
}

// exposition sends metrics. Of those that cannot be told apart, because their names differ only in characters that
// Prometheus does not allow or in their type, the first one is shown; a name that Prometheus does not know at all is left
// out.
type exposition struct {
	out  chan<- prometheus.Metric
	seen map[string]bool
}

func (e *exposition) first(name string, labels prometheus.Labels) bool {
	key := fmt.Sprint(name, labels)
	seen := e.seen[key]
	e.seen[key] = true
	return !seen
}

func (e *exposition) number(name string, labels prometheus.Labels, gauge bool, value float64) {
	kind := prometheus.CounterValue
	if gauge {
		kind = prometheus.GaugeValue
	}
	if !e.first(name, labels) {
		return
	}
	if m, err := prometheus.NewConstMetric(prometheus.NewDesc(name, name, nil, labels), kind, value); err == nil {
		e.out <- m
	}
}

func (e *exposition) histogram(name string, h *plugin.HistogramValue) {
	if !e.first(name, nil) {
		return
	}
	buckets := map[float64]uint64{}
	for i, bound := range plugin.HistogramBounds {
		buckets[bound] = h.Buckets[i]
	}
	if m, err := prometheus.NewConstHistogram(prometheus.NewDesc(name, name, nil, nil), h.Count, h.Sum, buckets); err == nil {
		e.out <- m
	}
}

// prometheusName replaces what a metric name may not hold.
func prometheusName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == ':' {
			return r
		}
		return '_'
	}, name)
}
