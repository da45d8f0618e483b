package main

import (
	"context"
	"fmt"
	"os"

	"github.com/wasmplane/wasmplane/gateway/bench"
)

// growthResult is the linear memory of our key-auth after two numbers of mixed requests, the second ten times the first.
type growthResult struct {
	Requests [2]int    `json:"requests"`
	Memory   [2]uint64 `json:"memory"` // bytes
}

func (g *growthResult) ratio() float64 { return over(g.Memory[1], g.Memory[0]) }

func (g *growthResult) String() string {
	return fmt.Sprintf("linear memory after %.0g requests : after %.0g", float64(g.Requests[1]), float64(g.Requests[0]))
}

// measureGrowth goes to ten million requests with the flag -growth, else to one million, with -quick to a tenth of that.
func measureGrowth(ctx context.Context, o options, m *modules, r *report) error {
	g := &growthResult{Requests: [2]int{100_000, 1_000_000}}
	switch {
	case o.growth:
		g.Requests = [2]int{1_000_000, 10_000_000}
	case o.quick:
		g.Requests = [2]int{10_000, 100_000}
	}
	fmt.Fprintf(os.Stderr, "wazero: key-auth's memory after %d requests\n", g.Requests[1])
	ours, err := m.ours(ctx, extension(keyAuth))
	if err != nil {
		return err
	}
	without, wrong := get(), get()
	without.Headers = without.Headers[:len(without.Headers)-1]
	wrong.Headers[len(wrong.Headers)-1][1] = "nobody's"
	requests := []bench.Request{get(), without, wrong, post(4096)}
	sizes, err := bench.Growth(ctx, bench.Subject{Path: ours, Configuration: keyAuthRules(domainRules, 10)}, requests,
		g.Requests[:], bench.Options{CacheDir: m.cache()})
	if err != nil {
		return err
	}
	g.Memory = [2]uint64{sizes[0], sizes[1]}
	r.Growth = g
	fmt.Printf("\nwazero, key-auth: %v: %.3f\n", g, g.ratio())
	return nil
}
