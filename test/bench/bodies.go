package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/wasmplane/wasmplane/gateway/bench"
)

// bodyResult compares a pair on wazero by the size of a body that comes in chunks of 16 KiB, as from a codec.
type bodyResult struct {
	Pair        string  `json:"pair"`
	Bytes       int     `json:"bytes"`
	Other       int64   `json:"otherP50"` // ns
	Ours        int64   `json:"oursP50"`
	Ratio       *spread `json:"ratio,omitempty"` // nil where the twin lost bytes: that is another job
	OtherPassed int     `json:"otherPassed"`     // bytes that came out; not Bytes where it lost some
	OtherMemory uint64  `json:"otherMemory"`     // linear, after the requests
	OursMemory  uint64  `json:"oursMemory"`
}

const (
	codecChunk  = 16 << 10
	largestBody = 64 << 20
)

func measureBodies(ctx context.Context, o options, m *modules, r *report) error {
	largest := largestBody
	if o.quick {
		largest = 1 << 20
	}
	fmt.Println("\nwazero: bodies, ours against the twin")
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "pair\tbody\ttime a request (quartiles)\tlinear memory after\tbytes that the twin lost\t")
	for _, p := range pairs() {
		if p.name != jsonPair && p.name != ssePair || !o.match.MatchString(p.name) {
			continue
		}
		both, err := subjects(ctx, m, p)
		if err != nil {
			return err
		}
		for size := 1 << 10; size <= largest; size *= 4 {
			fmt.Fprintf(os.Stderr, "wazero: %s, %d KiB\n", p.name, size>>10)
			result, err := measureBody(ctx, both, p, size, m.cache())
			if err != nil {
				return err
			}
			r.Bodies = append(r.Bodies, result)
			ratio := "–"
			if result.Ratio != nil {
				ratio = result.Ratio.String()
			}
			fmt.Fprintf(table, "%s\t%d KiB\t%s\t%.2f\t%d\t\n", p.name, size>>10, ratio, over(result.OursMemory, result.OtherMemory), result.Bytes-result.OtherPassed)
		}
	}
	return table.Flush()
}

// measureBody sends at most 256 MiB through each module, and at most 2,000 requests.
func measureBody(ctx context.Context, both []bench.Subject, p pair, size int, cache string) (bodyResult, error) {
	request := stream(size, codecChunk)
	if p.name == jsonPair {
		request = post(size)
		request.Chunk = codecChunk
	}
	n := min(max(256<<20/size, 4), 2000)
	results, err := bench.Run(ctx, both, request, bench.Options{Requests: n, Batch: max(n/100, 1), CacheDir: cache})
	if err != nil {
		return bodyResult{}, fmt.Errorf("%s with %d bytes: %w", p.name, size, err)
	}
	// What is set in the JSON is as long as what it replaces.
	sent := len(request.Body) + len(request.ResponseBody)
	passed := func(r bench.Result) int { return r.RequestBody + r.ResponseBody }
	if passed(results[1]) != sent {
		return bodyResult{}, fmt.Errorf("%s with %d bytes: %d came out of ours", p.name, sent, passed(results[1]))
	}
	result := bodyResult{
		Pair: p.name, Bytes: sent, OtherPassed: passed(results[0]), Other: results[0].Median.Nanoseconds(), Ours: results[1].Median.Nanoseconds(),
		OtherMemory: results[0].MemoryAfter, OursMemory: results[1].MemoryAfter,
	}
	if result.OtherPassed == sent {
		ratio := ratios(results[1].RoundMedians, results[0].RoundMedians)
		result.Ratio = &ratio
	}
	return result, nil
}
