package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// metrics count what became of limited requests, as key_rate_limit_<name>_passed and key_rate_limit_<name>_rejected.
type metrics struct {
	name             string
	defined          bool
	passed, rejected proxywasm.MetricCounter
}

// parseMetrics reads the name under which is counted; nil if there is none.
func parseMetrics(o field.Object) (*metrics, error) {
	name, set, err := o.String("metrics")
	if err != nil || !set {
		return nil, err
	}
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return nil, o.FieldError("metrics", "must be made of letters, digits and _")
		}
	}
	if name == "" {
		return nil, o.FieldError("metrics", "must not be empty")
	}
	return &metrics{name: name}, nil
}

// count adds a request. nil counts nothing.
func (m *metrics) count(passed bool) {
	if m == nil {
		return
	}
	if !m.defined {
		m.passed = proxywasm.DefineCounterMetric("key_rate_limit_" + m.name + "_passed")
		m.rejected = proxywasm.DefineCounterMetric("key_rate_limit_" + m.name + "_rejected")
		m.defined = true
	}
	if passed {
		m.passed.Increment(1)
		return
	}
	m.rejected.Increment(1)
}
