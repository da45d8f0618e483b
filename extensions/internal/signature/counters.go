package signature

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
)

// counters are metrics of the host, defined when they are first needed: not every configuration needs them.
type counters struct {
	prefix  string
	defined map[string]proxywasm.MetricCounter
}

func newCounters(plugin string) *counters {
	return &counters{strings.ReplaceAll(plugin, "-", "_") + "_", map[string]proxywasm.MetricCounter{}}
}

func (c *counters) count(name string) {
	counter, defined := c.defined[name]
	if !defined {
		counter = proxywasm.DefineCounterMetric(c.prefix + name)
		c.defined[name] = counter
	}
	counter.Increment(1)
}
