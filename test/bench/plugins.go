package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/wasmplane/wasmplane/gateway/bench"
)

// plugin is a plugin that has no twin on wasm-go. It is compared with our empty plugin: the ratio says how many times
// what every plugin costs it takes.
type plugin struct {
	name          string         // its folder in extensions
	configuration map[string]any // nil: none
	request       bench.Request  // get(), post(bytes), stream(bytes, chunk) or one made from them
	outcome       string         // of the request: "passed" or the status of the plugin's answer
}

// plugins is the list to add a plugin to: one line each, with the configuration of an ordinary user and a request that
// goes the plugin's usual way. Rules and secrets of get() are in pairs.go (authority, routeName, theKey). Nothing else
// needs to know of it. Try a line with
//
//	cd test && go run ./bench -quick -only wazero -run '^NAME$'
//
// A plugin whose folder is not in the checkout is left out. One that is compared with a twin stands in pairs() instead.
// Authentication and security plugins are in security.go, traffic and transformation plugins in traffic.go.
var plugins = append([]plugin{
	{"http-call", map[string]any{
		"bodyHeader": "x-profile", "tokenHeader": "x-grant", "requestPath": "/whoami",
		"serviceSource": "ip", "serviceName": "idp", "servicePort": 80,
	}, get(), "passed"},
}, append(securityPlugins, trafficPlugins...)...)

// slow says of which plugins only one in so many requests is measured, because each takes milliseconds.
var slow = map[string]int{"waf": 40}

// pluginResult is what a plugin takes on wazero.
type pluginResult struct {
	Name string   `json:"name"`
	Ours measured `json:"ours"`
	Over spread   `json:"overEmpty"` // time a request, in times of the empty plugin's
}

func measurePlugins(ctx context.Context, o options, m *modules, r *report) error {
	empty, err := m.ours(ctx, subject(emptyPair))
	if err != nil {
		return err
	}
	for _, p := range plugins {
		if !o.match.MatchString(p.name) {
			continue
		}
		if _, err := os.Stat(filepath.Join(m.root, extension(p.name))); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		fmt.Fprintf(os.Stderr, "wazero: %s\n", p.name)
		result, err := measurePlugin(ctx, o, m, empty, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		r.Plugins = append(r.Plugins, result)
	}
	printPlugins(r.Plugins)
	return nil
}

func measurePlugin(ctx context.Context, o options, m *modules, empty string, p plugin) (pluginResult, error) {
	path, err := m.ours(ctx, extension(p.name))
	if err != nil {
		return pluginResult{}, err
	}
	var configuration []byte
	if p.configuration != nil {
		configuration = marshal(p.configuration)
	}
	both := []bench.Subject{{Path: empty}, {Path: path, Configuration: configuration}}
	results, err := bench.Run(ctx, both, p.request, bench.Options{Requests: o.requests / max(slow[p.name], 1), Rounds: 20, CacheDir: m.cache()})
	if err != nil {
		return pluginResult{}, err
	}
	if results[1].Outcome != p.outcome {
		return pluginResult{}, fmt.Errorf("a request %s, not %s", results[1].Outcome, p.outcome)
	}
	probed, err := m.probed(ctx, extension(p.name))
	if err != nil {
		return pluginResult{}, err
	}
	allocated, err := bench.Allocated(ctx, bench.Subject{Path: probed, Configuration: configuration}, p.request, bench.Options{CacheDir: m.cache()})
	return pluginResult{p.name, measuredFrom(results[1], allocated), ratios(results[1].RoundMedians, results[0].RoundMedians)}, err
}

func measuredFrom(r bench.Result, allocated bench.Allocations) measured {
	return measured{
		P50: r.Median.Nanoseconds(), P99: r.P99.Nanoseconds(), P999: r.P999.Nanoseconds(),
		HostCalls: r.HostCalls, AllocatedBytes: allocated.Bytes, AllocatedObjects: allocated.Objects,
		MemoryAtStart: r.MemoryAtStart, MemoryAfter: r.MemoryAfter, Size: r.Size,
	}
}

func printPlugins(results []pluginResult) {
	if len(results) == 0 {
		return
	}
	fmt.Println("\nwazero: plugins without a twin (time of the empty plugin = 1)")
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\ttime a request (quartiles)\tp99 : p50\thost calls\tbytes allocated\tMB at start\tMB of .wasm\t")
	for _, p := range results {
		fmt.Fprintf(table, "%s\t%v\t%.2f\t%.3g\t%.0f\t%.2f\t%.2f\t\n", p.Name, p.Over, over(p.Ours.P99, p.Ours.P50), p.Ours.HostCalls,
			p.Ours.AllocatedBytes, float64(p.Ours.MemoryAtStart)/1e6, float64(p.Ours.Size)/1e6)
	}
	table.Flush()
}
