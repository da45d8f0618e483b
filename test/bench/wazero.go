package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/wasmplane/wasmplane/gateway/bench"
)

// measured is what wazero tells of one plugin. Times are in ns.
type measured struct {
	P50              int64   `json:"p50"`
	P99              int64   `json:"p99"`
	P999             int64   `json:"p999"`
	HostCalls        float64 `json:"hostCalls"`
	AllocatedBytes   float64 `json:"allocatedBytes"`
	AllocatedObjects float64 `json:"allocatedObjects"`
	MemoryAtStart    uint64  `json:"memoryAtStart"`
	MemoryAfter      uint64  `json:"memoryAfter"`
	Size             int64   `json:"size"`
}

// pairResult compares a pair on wazero.
type pairResult struct {
	Name  string   `json:"name"`
	Other measured `json:"other"` // the twin on wasm-go; for empty, the plugin on proxy-wasm-go-sdk alone
	Ours  measured `json:"ours"`
	Ratio spread   `json:"ratio"` // of the medians of the same rounds
}

func measureWazero(ctx context.Context, o options, m *modules, r *report) error {
	r.Requests = o.requests
	for _, p := range pairs() {
		if !o.match.MatchString(p.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "wazero: %s\n", p.name)
		result, err := measurePair(ctx, o, m, p)
		if err != nil {
			return err
		}
		r.Pairs = append(r.Pairs, result)
	}
	printPairs(r.Pairs)
	if err := measurePlugins(ctx, o, m, r); err != nil {
		return err
	}
	if o.match.MatchString(keyAuth) {
		if err := measureRules(ctx, o, m, r); err != nil {
			return err
		}
	}
	if err := measureBodies(ctx, o, m, r); err != nil {
		return err
	}
	if o.growth || o.match.MatchString(keyAuth) {
		return measureGrowth(ctx, o, m, r)
	}
	return nil
}

// subjects builds a pair: the other first.
func subjects(ctx context.Context, m *modules, p pair) ([]bench.Subject, error) {
	other, err := m.foreign(ctx, p.other)
	if err != nil {
		return nil, err
	}
	ours, err := m.ours(ctx, p.ours)
	return []bench.Subject{{Path: other, Configuration: p.configuration}, {Path: ours, Configuration: p.configuration}}, err
}

func measurePair(ctx context.Context, o options, m *modules, p pair) (pairResult, error) {
	both, err := subjects(ctx, m, p)
	if err != nil {
		return pairResult{}, err
	}
	results, err := bench.Run(ctx, both, p.request, bench.Options{Requests: o.requests, Rounds: 20, CacheDir: m.cache()})
	if err != nil {
		return pairResult{}, err
	}
	out := pairResult{Name: p.name, Ratio: ratios(results[1].RoundMedians, results[0].RoundMedians)}
	for i, dir := range []string{p.other, p.ours} {
		if results[i].Outcome != p.outcome {
			return pairResult{}, fmt.Errorf("%s: a request %s, not %s", results[i].Name, results[i].Outcome, p.outcome)
		}
		probed, err := m.probed(ctx, dir)
		if err != nil {
			return pairResult{}, err
		}
		allocated, err := bench.Allocated(ctx, bench.Subject{Path: probed, Configuration: p.configuration}, p.request, bench.Options{CacheDir: m.cache()})
		if err != nil {
			return pairResult{}, err
		}
		*[]*measured{&out.Other, &out.Ours}[i] = measuredFrom(results[i], allocated)
	}
	return out, nil
}

// cache is where wazero keeps compiled modules for the run.
func (m *modules) cache() string { return filepath.Join(m.dir, "wazero") }

func printPairs(results []pairResult) {
	fmt.Println("\nwazero: ours against the twin on wasm-go (empty: against proxy-wasm-go-sdk alone)")
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\ttime a request (quartiles)\tp99\tp99.9\thost calls\tallocated\tmemory at start\tafter the run\tsize\t")
	for _, r := range results {
		a, b := r.Other, r.Ours
		allocated := "–" // against nothing
		if a.AllocatedBytes >= 1 {
			allocated = fmt.Sprintf("%.2f", over(b.AllocatedBytes, a.AllocatedBytes))
		}
		fmt.Fprintf(table, "%s\t%v\t%.2f\t%.2f\t%.4g : %.4g\t%s\t%.2f\t%.2f\t%.2f\t\n", r.Name, r.Ratio,
			over(b.P99, a.P99), over(b.P999, a.P999), b.HostCalls, a.HostCalls, allocated,
			over(b.MemoryAtStart, a.MemoryAtStart), over(b.MemoryAfter, a.MemoryAfter), over(b.Size, a.Size))
	}
	table.Flush()
}

func over[T int64 | uint64 | float64](a, b T) float64 { return float64(a) / float64(b) }
