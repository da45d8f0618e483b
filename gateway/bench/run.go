// Package bench measures plugins against each other in process: the host calls that a request costs, the time it takes,
// and the memory it leaves. Everything but the guest and its host calls is left out, and the subjects take turns, so
// that ratios mean something even on a busy machine.
package bench

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
)

// Options of a measurement.
type Options struct {
	Requests int // of each subject; 0 means 20,000
	Batch    int // requests of one subject before the next takes its turn; 0 means 50
	Rounds   int // into which a subject's requests are divided, in order, for RoundMedians; 0 means 10
	Profile  abi.Profile
	CacheDir string
}

// Result is what was measured of one subject.
type Result struct {
	Name          string
	HostCalls     float64 // a request
	Median, P99   time.Duration
	P999          time.Duration
	RoundMedians  []time.Duration // of the same parts of the run for all subjects
	MemoryAtStart uint64          // bytes of linear memory
	MemoryAfter   uint64
	Size          int64 // of the module, in bytes
	Outcome       string
	RequestBody   int // bytes of the last request's body that the guest let pass
	ResponseBody  int // the same of its response
}

// Run measures the subjects with the same request, interleaved.
func Run(ctx context.Context, subjects []Subject, request Request, opts Options) ([]Result, error) {
	if opts.Requests == 0 {
		opts.Requests = 20000
	}
	if opts.Batch == 0 {
		opts.Batch = 50
	}
	if opts.Rounds == 0 {
		opts.Rounds = 10
	}
	runtime, err := abi.NewRuntime(ctx, opts.CacheDir)
	if err != nil {
		return nil, err
	}
	defer runtime.Close(ctx)
	guests := make([]*guest, len(subjects))
	for i, s := range subjects {
		if guests[i], err = load(ctx, runtime, opts.Profile, s, request); err != nil {
			return nil, err
		}
		defer guests[i].vm.Close()
		for range opts.Batch { // warm up
			if err := guests[i].exchange(&request); err != nil {
				return nil, fmt.Errorf("%s: %w", guests[i].name(), err)
			}
		}
	}
	samples := make([][]time.Duration, len(guests))
	calls := make([]uint64, len(guests))
	for i, g := range guests {
		samples[i] = make([]time.Duration, 0, opts.Requests)
		calls[i] = g.vm.HostCalls()
	}
	for done := 0; done < opts.Requests; done += opts.Batch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i, g := range guests {
			for range opts.Batch {
				start := time.Now()
				if err := g.exchange(&request); err != nil {
					return nil, fmt.Errorf("%s: %w", g.name(), err)
				}
				samples[i] = append(samples[i], time.Since(start))
			}
		}
	}
	results := make([]Result, len(guests))
	for i, g := range guests {
		medians := roundMedians(samples[i], opts.Rounds)
		slices.Sort(samples[i])
		n := len(samples[i])
		results[i] = Result{
			RoundMedians: medians,
			Name:         g.name(), HostCalls: float64(g.vm.HostCalls()-calls[i]) / float64(n),
			Median: samples[i][n/2], P99: samples[i][n*99/100], P999: samples[i][n*999/1000],
			MemoryAtStart: g.atStart, MemoryAfter: g.vm.MemorySize(), Size: g.size, Outcome: g.status,
			RequestBody: g.passed[0], ResponseBody: g.passed[1],
		}
	}
	return results, nil
}

// roundMedians divides samples into rounds, fewer if there are not as many, and returns the median of each.
func roundMedians(samples []time.Duration, rounds int) []time.Duration {
	rounds = min(rounds, len(samples))
	medians := make([]time.Duration, rounds)
	for i := range medians {
		part := slices.Clone(samples[i*len(samples)/rounds : (i+1)*len(samples)/rounds])
		slices.Sort(part)
		medians[i] = part[len(part)/2]
	}
	return medians
}

// Print writes the results, and each later subject's ratios to the first.
func Print(w io.Writer, results []Result) {
	for _, r := range results {
		fmt.Fprintf(w, "%s (request: %s)\n", r.Name, r.Outcome)
		fmt.Fprintf(w, "  host calls a request: %.4g\n", r.HostCalls)
		fmt.Fprintf(w, "  ns a request: median %d, p99 %d, p99.9 %d\n", r.Median.Nanoseconds(), r.P99.Nanoseconds(), r.P999.Nanoseconds())
		fmt.Fprintf(w, "  linear memory: %.2f MB at start, %.2f MB after\n", float64(r.MemoryAtStart)/1e6, float64(r.MemoryAfter)/1e6)
		fmt.Fprintf(w, "  size: %.2f MB\n", float64(r.Size)/1e6)
	}
	if len(results) < 2 {
		return
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\nratio to "+results[0].Name+"\thost calls\tmedian\tp99\tmemory at start\tsize\t")
	for _, r := range results[1:] {
		a := results[0]
		fmt.Fprintf(table, "%s\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t\n", r.Name, r.HostCalls/a.HostCalls,
			float64(r.Median)/float64(a.Median), float64(r.P99)/float64(a.P99),
			float64(r.MemoryAtStart)/float64(a.MemoryAtStart), float64(r.Size)/float64(a.Size))
	}
	table.Flush()
}
