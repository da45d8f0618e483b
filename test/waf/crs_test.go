package waf

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/test/internal/engines"
)

// leastBaseline is the share of tests that the middleware itself must pass for the comparison to mean something.
const leastBaseline = 0.99

// sampleStep is how many tests there are for each that is run by default.
const sampleStep = 40

func TestCoreRuleSet(t *testing.T) {
	all := regressionTests(t)
	if len(all) != 4674 {
		t.Errorf("the module has %d tests, expected 4674", len(all))
	}
	accepted := readAccepted(t)
	tests := sample(t, all, accepted)
	baseline := timed(t, startMiddleware(t), tests)
	passed := count(baseline)
	if share := float64(passed) / float64(len(tests)); share < leastBaseline {
		t.Fatalf("the middleware passes %d of %d tests, %.2f %%: the baseline is broken", passed, len(tests), 100*share)
	}
	for _, start := range []struct {
		name string
		run  func(testing.TB, engines.Config) string
	}{{"gateway", engines.StartGateway}, {"envoy", engines.StartEnvoy}} {
		t.Run(start.name, func(t *testing.T) {
			compare(t, startHost(t, start.name, start.run), tests, baseline, accepted)
		})
	}
}

// compare holds an engine's results against those of the middleware.
func compare(t *testing.T, e *engine, tests []regressionTest, baseline map[string]outcome, accepted *accepted) {
	results := timed(t, e, tests)
	for _, test := range tests {
		result, group := results[test.name], accepted.on(e.name, test.name)
		switch {
		case group != nil && result.passed:
			t.Errorf("%s passes: take it off hosts.yaml", test.name)
		case group != nil:
			if err := group.holds(result); err != nil {
				t.Errorf("%s is on hosts.yaml, but %v\n%s", test.name, err, result.note)
			}
		case baseline[test.name].passed && !result.passed:
			t.Errorf("%s fails, and passes on the middleware\n%s", test.name, result.note)
		}
	}
}

// sample takes every n-th test, as WASMPLANE_CRS says, and those that hosts.yaml lists.
func sample(t *testing.T, all []regressionTest, accepted *accepted) []regressionTest {
	t.Helper()
	step := sampleStep
	if text := os.Getenv("WASMPLANE_CRS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("WASMPLANE_CRS must be a number from 1, not %q", text)
		}
		step = n
	}
	var tests []regressionTest
	for i, test := range all {
		if i%step == 0 || accepted.lists(test.name) {
			tests = append(tests, test)
		}
	}
	return tests
}

func timed(t *testing.T, e *engine, tests []regressionTest) map[string]outcome {
	t.Helper()
	start := time.Now()
	results := e.run(t, tests)
	t.Logf("%s passes %d of %d tests (%s)", e.name, count(results), len(tests), time.Since(start).Round(time.Second))
	return results
}

func count(results map[string]outcome) (passed int) {
	for _, r := range results {
		if r.passed {
			passed++
		}
	}
	return passed
}
