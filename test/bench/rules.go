package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/wasmplane/wasmplane/gateway/bench"
)

// ruleResult is key-auth's time a request on wazero with a number of rules of a kind, the last of which matches.
type ruleResult struct {
	Kind   string  `json:"kind"`
	Rules  int     `json:"rules"`
	Other  int64   `json:"otherP50,omitempty"` // ns; 0 where it was not measured
	Ours   int64   `json:"oursP50"`
	Ratio  *spread `json:"ratio,omitempty"`
	Growth spread  `json:"growth"` // ours, against ours with ten rules
}

// measureRules has all numbers of rules of a kind take turns.
func measureRules(ctx context.Context, o options, m *modules, r *report) error {
	most, mostOther, requests := 100_000, 10_000, 1000
	if o.quick {
		most, mostOther, requests = 10_000, 1000, 200
	}
	p := pairs()[1]
	both, err := subjects(ctx, m, p)
	if err != nil {
		return err
	}
	fmt.Println("\nwazero: key-auth by number of rules (time with 10 rules = 1)")
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "kind\trules\tours\tours : twin\t")
	for _, kind := range ruleKinds {
		fmt.Fprintf(os.Stderr, "wazero: %s rules\n", kind.name)
		results, err := measureRuleKind(ctx, both, kind, most, mostOther, bench.Options{Requests: requests, Batch: 10, CacheDir: m.cache()})
		if err != nil {
			return err
		}
		for _, result := range results {
			against := "–"
			if result.Ratio != nil {
				against = result.Ratio.String()
			}
			fmt.Fprintf(table, "%s\t%d\t%v\t%s\t\n", kind.name, result.Rules, result.Growth, against)
		}
		r.Rules = append(r.Rules, results...)
	}
	return table.Flush()
}

func measureRuleKind(ctx context.Context, both []bench.Subject, kind ruleKind, most, mostOther int, opts bench.Options) ([]ruleResult, error) {
	var subjects []bench.Subject
	var results []ruleResult
	for n := 1; n <= most; n *= 10 {
		configuration := keyAuthRules(kind, n)
		results = append(results, ruleResult{Kind: kind.name, Rules: n})
		subjects = append(subjects, bench.Subject{Path: both[1].Path, Configuration: configuration})
	}
	for i := range results {
		if results[i].Rules <= mostOther {
			subjects = append(subjects, bench.Subject{Path: both[0].Path, Configuration: subjects[i].Configuration})
		}
	}
	measured, err := bench.Run(ctx, subjects, get(), opts)
	if err != nil {
		return nil, err
	}
	ours, others := measured[:len(results)], measured[len(results):]
	for i := range results {
		if ours[i].Outcome != "passed" || i < len(others) && others[i].Outcome != "passed" {
			return nil, fmt.Errorf("%d %s rules: the request did not pass", results[i].Rules, kind.name)
		}
		results[i].Ours = ours[i].Median.Nanoseconds()
		results[i].Growth = ratios(ours[i].RoundMedians, ours[1].RoundMedians)
		if i < len(others) {
			ratio := ratios(ours[i].RoundMedians, others[i].RoundMedians)
			results[i].Ratio, results[i].Other = &ratio, others[i].Median.Nanoseconds()
		}
	}
	return results, nil
}
