package differential

import (
	_ "embed"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	number   = flag.Int("differential.n", 200, "how many random scenarios")
	from     = flag.Uint64("differential.from", 1, "seed of the first")
	parallel = flag.Int("differential.parallel", 16, "how many scenarios at a time")
)

//go:embed regressions.txt
var regressions string

// regressionSeeds are the first words of the lines of regressions.txt.
func regressionSeeds(t *testing.T) (seeds []uint64) {
	t.Helper()
	for line := range strings.Lines(regressions) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word == "" || word == "#" {
			continue
		}
		seed, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			t.Fatalf("regressions.txt: %v", err)
		}
		seeds = append(seeds, seed)
	}
	return seeds
}

// gaps are how long an exchange must have been still before its next step. One that differs is run again with longer
// ones and fewer others: a machine that is busy must not look like a difference.
var gaps = []time.Duration{15 * time.Millisecond, 40 * time.Millisecond, 80 * time.Millisecond}

func TestBothEnginesAgree(t *testing.T) {
	w := newWorld(t)
	var scenarios []*scenario
	for _, seed := range regressionSeeds(t) {
		scenarios = append(scenarios, generate(seed))
	}
	for i := range uint64(*number) {
		scenarios = append(scenarios, generate(*from+i))
	}
	suspects := w.differing(scenarios, gaps[0], *parallel)
	again := len(suspects)
	suspects = w.differing(suspects, gaps[1], 4)
	suspects = w.differing(suspects, gaps[2], 1)
	differ := 0
	for _, s := range suspects {
		if report, same := w.compare(s, gaps[len(gaps)-1]); !same {
			differ++
			t.Errorf("%s%s", s, report)
		}
	}
	t.Logf("%d scenarios, %d run again, %d differ", len(scenarios), again, differ)
}

// differing runs scenarios, some at a time, and returns those whose outcomes differ.
func (w *world) differing(scenarios []*scenario, gap time.Duration, parallel int) (differ []*scenario) {
	var running sync.WaitGroup
	var mu sync.Mutex
	todo := make(chan *scenario)
	for range parallel {
		running.Go(func() {
			for s := range todo {
				if _, same := w.compare(s, gap); !same {
					mu.Lock()
					differ = append(differ, s)
					mu.Unlock()
				}
			}
		})
	}
	for _, s := range scenarios {
		todo <- s
	}
	close(todo)
	running.Wait()
	return differ
}

// compare runs a scenario on both engines at the same time.
func (w *world) compare(s *scenario, gap time.Duration) (report string, same bool) {
	var exchanges [2]*exchange
	var running sync.WaitGroup
	for i, e := range w.engines {
		running.Go(func() { exchanges[i] = w.run(e, s, gap) })
	}
	running.Wait()
	var outcomes [2]string
	for i, x := range exchanges {
		outcomes[i] = x.outcome()
	}
	outcomes[1] += w.envoyEnd()
	return difference(w.engines[0].name, outcomes[0], w.engines[1].name, outcomes[1]), outcomes[0] == outcomes[1]
}

// difference shows two outcomes line by line; what is the same is shown once.
func difference(oneName, one, otherName, other string) string {
	a, b := strings.Split(one, "\n"), strings.Split(other, "\n")
	var out strings.Builder
	for i := range max(len(a), len(b)) {
		var left, right string
		if i < len(a) {
			left = a[i]
		}
		if i < len(b) {
			right = b[i]
		}
		if left == right {
			fmt.Fprintln(&out, left)
			continue
		}
		fmt.Fprintf(&out, "%-8s%s\n%-8s%s\n", oneName, left, otherName, right)
	}
	return out.String()
}
