package main

import "github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

const servedPrefix = "frontend_gray_requests_"

// served counts requests by version. A counter is defined when its version is first served.
type served map[string]proxywasm.MetricCounter

func (s served) count(version string) {
	counter, defined := s[version]
	if !defined {
		counter = proxywasm.DefineCounterMetric(servedPrefix + version)
		s[version] = counter
	}
	counter.Increment(1)
}
