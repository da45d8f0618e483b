package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// printTables writes the results of a bench.json as the Markdown tables of docs/performance.md.
func printTables(w io.Writer, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var r report
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	fmt.Fprintf(w, "### Must reach\n| Ratio | Goal | Reached | |\n| --- | --- | --- | --- |\n")
	for _, g := range r.Goals {
		met := "yes"
		if !g.Met {
			met = fmt.Sprintf("**no**, %.2g times the goal", g.Reached.Median/g.Limit)
		}
		fmt.Fprintf(w, "| %s | ≤ %v | %s | %s |\n", g.Name, g.Limit, markdown(&g.Reached), met)
	}
	pairTable(w, r.Pairs)
	ruleTable(w, r.Rules)
	bodyTable(w, r.Bodies)
	if r.Envoy != nil {
		envoyTables(w, r.Envoy)
	}
	return nil
}

func markdown(s *spread) string {
	switch {
	case s == nil:
		return "–"
	case s.Low == s.High:
		return fmt.Sprintf("%.3g", s.Median)
	}
	return s.String()
}

func pairTable(w io.Writer, results []pairResult) {
	fmt.Fprintf(w, "\n### Pairs on wazero\n| Pair | Time a request | p99 | p99.9 | Host calls, ours : twin | Bytes allocated "+
		"| Linear memory at start | after the run | Size |\n|%s\n", strings.Repeat(" --- |", 9))
	for _, p := range results {
		a, b := p.Other, p.Ours
		allocated := "–"
		if a.AllocatedBytes >= 1 {
			allocated = fmt.Sprintf("%.2f", over(b.AllocatedBytes, a.AllocatedBytes))
		}
		fmt.Fprintf(w, "| %s | %v | %.2f | %.2f | %.3g : %.3g | %s | %.2f | %.2f | %.2f |\n", p.Name, p.Ratio, over(b.P99, a.P99), over(b.P999, a.P999),
			b.HostCalls, a.HostCalls, allocated, over(b.MemoryAtStart, a.MemoryAtStart), over(b.MemoryAfter, a.MemoryAfter), over(b.Size, a.Size))
	}
}

func ruleTable(w io.Writer, results []ruleResult) {
	fmt.Fprintf(w, "\n### Rules on wazero\n| Kind | Rules | Ours, with 10 rules as 1 | Ours : twin |\n| --- | --- | --- | --- |\n")
	for _, x := range results {
		fmt.Fprintf(w, "| %s | %d | %v | %s |\n", x.Kind, x.Rules, x.Growth, markdown(x.Ratio))
	}
}

func bodyTable(w io.Writer, results []bodyResult) {
	fmt.Fprintf(w, "\n### Bodies on wazero\n| Pair | KiB | Time, ours : twin | Linear memory after | Lost by the twin |\n| --- | --- | --- | --- | --- |\n")
	for _, x := range results {
		lost := ""
		if x.Bytes != x.OtherPassed {
			lost = fmt.Sprintf("%.0f %% of the body", 100*(1-over(float64(x.OtherPassed), float64(x.Bytes))))
		}
		fmt.Fprintf(w, "| %s | %d | %s | %.2f | %s |\n", x.Pair, (x.Bytes+512)>>10, markdown(x.Ratio), over(x.OursMemory, x.OtherMemory), lost)
	}
}

// envoyTables relate everything to key-auth's twin.
func envoyTables(w io.Writer, e *envoyResult) {
	if twin := e.variant(twinKeyAuth); twin != nil {
		fmt.Fprintf(w, "\n### CPU time a request on Envoy, above no filter\n| Variant | key-auth's twin = 1 |\n| --- | --- |\n")
		base := twin.Above.Median
		for _, v := range e.Variants[1:] {
			fmt.Fprintf(w, "| %s | %v |\n", v.Name, spread{v.Above.Median / base, v.Above.Low / base, v.Above.High / base})
		}
	}
	twin := e.start(twinKeyAuth, 1)
	if twin == nil {
		return
	}
	fmt.Fprintf(w, "\n### Start and memory on Envoy\nkey-auth's twin alone = 1.\n\n| | Plugins | Seconds until ready | CPU time until ready "+
		"| Memory above no filter |\n| --- | --- | --- | --- | --- |\n")
	for _, s := range e.Starts[1:] {
		fmt.Fprintf(w, "| %s | %d | %.3g | %.3g | %.3g |\n", s.Name, s.Plugins, s.Seconds.Median/twin.Seconds.Median,
			s.CPU.Median/twin.CPU.Median, s.Memory.Median/twin.Memory.Median)
	}
}
