package main

import (
	"context"
	"fmt"
	"os"

	"github.com/wasmplane/wasmplane/gateway/bench"
)

// growthResult is the linear memory of our key-auth after a million and after ten million mixed requests.
type growthResult struct {
	After1e6 uint64 `json:"after1e6"`
	After1e7 uint64 `json:"after1e7"`
}

func measureGrowth(ctx context.Context, m *modules, r *report) error {
	fmt.Fprintln(os.Stderr, "wazero: ten million requests")
	ours, err := m.ours(ctx, extension(keyAuth))
	if err != nil {
		return err
	}
	without, wrong := get(), get()
	without.Headers = without.Headers[:len(without.Headers)-1]
	wrong.Headers[len(wrong.Headers)-1][1] = "nobody's"
	requests := []bench.Request{get(), without, wrong, post(4096)}
	sizes, err := bench.Growth(ctx, bench.Subject{Path: ours, Configuration: keyAuthRules(domainRules, 10)}, requests,
		[]int{1_000_000, 10_000_000}, bench.Options{CacheDir: m.cache()})
	if err != nil {
		return err
	}
	r.Growth = &growthResult{sizes[0], sizes[1]}
	fmt.Printf("\nwazero: linear memory of key-auth after 1e7 requests, against after 1e6: %.3f\n", over(sizes[1], sizes[0]))
	return nil
}
