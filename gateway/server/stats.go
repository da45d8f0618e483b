package server

import (
	"fmt"
	"io"
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

// writeStats prints all numbers as Envoy's /stats does, one "name: value" a line; filter is a substring of the names.
func (g *Gateway) writeStats(w io.Writer, filter string) {
	line := func(name string, value any) {
		if strings.Contains(name, filter) {
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
	seen := map[string]bool{}
	send := func(name string, labels prometheus.Labels, kind prometheus.ValueType, value float64) {
		key := fmt.Sprint(name, labels)
		if seen[key] {
			return // two names that differ in characters Prometheus does not allow
		}
		seen[key] = true
		if m, err := prometheus.NewConstMetric(prometheus.NewDesc(name, name, nil, labels), kind, value); err == nil {
			out <- m
		}
	}
	kindOf := func(gauge bool) prometheus.ValueType {
		if gauge {
			return prometheus.GaugeValue
		}
		return prometheus.CounterValue
	}
	for _, s := range c.gateway.samples() {
		name, labels := s.name, prometheus.Labels(nil)
		if rest, ok := strings.CutPrefix(s.name, "cluster."); ok {
			i := strings.LastIndexByte(rest, '.')
			name, labels = "cluster."+rest[i+1:], prometheus.Labels{"cluster_name": rest[:i]}
		}
		send("envoy_"+prometheusName(name), labels, kindOf(s.gauge), float64(s.value))
	}
	for _, m := range c.gateway.host.Metrics() {
		c.guestMetric(m, send, out)
	}
}

func (c collector) guestMetric(m plugin.Metric, send func(string, prometheus.Labels, prometheus.ValueType, float64), out chan<- prometheus.Metric) {
	name := prometheusName(strings.TrimPrefix(m.Name, "wasmcustom."))
	switch m.Type {
	case abi.Counter:
		send(name, nil, prometheus.CounterValue, float64(m.Value))
	case abi.Gauge:
		send(name, nil, prometheus.GaugeValue, float64(m.Value))
	default:
		buckets := map[float64]uint64{}
		for i, bound := range plugin.HistogramBounds {
			buckets[bound] = m.Histogram.Buckets[i]
		}
		desc := prometheus.NewDesc(name, name, nil, nil)
		if h, err := prometheus.NewConstHistogram(desc, m.Histogram.Count, m.Histogram.Sum, buckets); err == nil {
			out <- h
		}
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
