package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// goal is a ratio that must be reached.
type goal struct {
	Name    string  `json:"name"`
	Limit   float64 `json:"limit"`
	Reached spread  `json:"reached"` // without quartiles where there is one value
	Met     bool    `json:"met"`
}

// goals compares what was measured with what must be reached. What was not measured is left out.
func goals(r *report) []goal {
	out := []goal{}
	add := func(name string, limit float64, reached spread) {
		out = append(out, goal{name, limit, reached, reached.Median <= limit})
	}
	single := func(v float64) spread { return spread{v, v, v} }
	if e := r.Envoy; e != nil {
		envoyGoals(e, add)
	}
	if p := r.pair(keyAuth); p != nil {
		add("key-auth on wazero, time a request: ours : twin", 0.45, p.Ratio)
		add("key-auth on wazero, p99.9 over p50: ours : twin", 1,
			single(over(p.Ours.P999, p.Ours.P50)/over(p.Other.P999, p.Other.P50)))
		add("key-auth, linear memory after start: ours : twin", 0.6, single(over(p.Ours.MemoryAtStart, p.Other.MemoryAtStart)))
		add("key-auth, .wasm size: ours : twin", 0.5, single(over(p.Ours.Size, p.Other.Size)))
	}
	if p := r.pair(helloWorld); p != nil {
		add("hello-world, .wasm size: ours : twin", 0.5, single(over(p.Ours.Size, p.Other.Size)))
	}
	for _, rules := range r.Rules {
		if rules.Kind != domainRules.name || rules.Rules != 10_000 {
			continue
		}
		if rules.Ratio != nil {
			add("key-auth on wazero, 10,000 domain rules: ours : twin", 0.01, *rules.Ratio)
		}
		add("key-auth on wazero, ours: 10,000 domain rules : 10", 1.2, rules.Growth)
	}
	if r.Growth != nil {
		add("key-auth on wazero, "+r.Growth.String(), 1.02, single(r.Growth.ratio()))
	}
	return out
}

func envoyGoals(e *envoyResult, add func(string, float64, spread)) {
	compare := func(name string, limit float64, a, b string) {
		if a, b := e.variant(a), e.variant(b); a != nil && b != nil {
			add(name, limit, ratios(a.above, b.above))
		}
	}
	compare("key-auth on Envoy, CPU a request above no filter: ours : twin", 0.35, oursKeyAuth, twinKeyAuth)
	compare("key-auth on Envoy: ours : key check in Lua", 2, oursKeyAuth, luaVariant)
	compare("key-auth on Envoy, 10,000 domain rules: ours : twin", 0.01, oursManyRules, twinManyRules)
	compare("key-auth on Envoy, ours: 10,000 domain rules : 10", 1.2, oursManyRules, oursKeyAuth)
	compare("empty plugin on Envoy: our SDK : proxy-wasm-go-sdk", 0.8, oursEmpty, plainEmpty)
	ours, twin := e.start(oursKeyAuth, 1), e.start(twinKeyAuth, 1)
	if ours != nil && twin != nil {
		add("Envoy's memory with key-auth, above no filter: ours : twin", 0.6, ratios(ours.memory, twin.memory))
		add("seconds until Envoy is ready with key-auth: ours : twin", 0.5, ratios(ours.seconds, twin.seconds))
	}
}

func printGoals(w io.Writer, list []goal) {
	fmt.Fprintln(w, "\nMust reach")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\ttarget\tmeasured (quartiles)\treached")
	for _, g := range list {
		mark := "yes"
		if !g.Met {
			mark = fmt.Sprintf("no: %.3g times the target", g.Reached.Median/g.Limit)
		}
		fmt.Fprintf(table, "%s\t≤ %v\t%v\t%s\n", g.Name, g.Limit, g.Reached, mark)
	}
	table.Flush()
}
