package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// report is bench.json. Absolute values are those of one machine; compare the ratios.
type report struct {
	Machine  string         `json:"machine"`
	Quick    bool           `json:"quick,omitempty"`
	Requests int            `json:"requests,omitempty"` // of each kind to each module on wazero
	Goals    []goal         `json:"goals"`
	Pairs    []pairResult   `json:"pairs,omitempty"`
	Plugins  []pluginResult `json:"plugins,omitempty"`
	Rules    []ruleResult   `json:"rules,omitempty"`
	Bodies   []bodyResult   `json:"bodies,omitempty"`
	Growth   *growthResult  `json:"growth,omitempty"`
	Envoy    *envoyResult   `json:"envoy,omitempty"`
}

func newReport(o options) *report {
	return &report{Machine: machine(), Quick: o.quick}
}

// machine names the class of machine.
func machine() string {
	text := fmt.Sprintf("%s/%s, %d CPUs, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return text
	}
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value) + ", " + text
		}
	}
	return text
}

// pair returns a pair's result, nil if it was not measured.
func (r *report) pair(name string) *pairResult {
	for i := range r.Pairs {
		if r.Pairs[i].Name == name {
			return &r.Pairs[i]
		}
	}
	return nil
}

// write writes bench.json and bench.svg.
func (r *report) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{"bench.json": append(data, '\n'), "bench.svg": chart(r)} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
		fmt.Println("wrote", path)
	}
	return nil
}
