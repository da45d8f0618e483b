package compat

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestTicksRunInTheirPeriods(t *testing.T) {
	t.Parallel()
	g := run(t, setup{program: "ticks"})
	const vms = 2 // the main thread's and the worker's
	const second, five = "1s tick", "5s tick"
	g.log.wait(t, 5*vms, second)
	g.log.wait(t, 2*vms, five)

	seconds, fives := g.logged(second), g.logged(five)
	if len(seconds) <= len(fives) {
		t.Errorf("%d ticks with a period of 1 s and %d with one of 5 s", len(seconds), len(fives))
	}
	// Lines do not tell their VM, but of three ticks two are of the same one.
	for _, ticks := range []struct {
		name   string
		times  []time.Time
		period time.Duration
	}{{second, seconds, time.Second}, {five, fives, 5 * time.Second}} {
		for i := vms; i < len(ticks.times); i++ {
			if gap := ticks.times[i].Sub(ticks.times[i-vms]); gap < ticks.period*9/10 {
				t.Errorf("%s: lines %d to %d within %v, want a whole period", ticks.name, i-vms+1, i+1, gap)
			}
		}
	}
}

func TestLeaderElectionHasOneLeaderInAProcess(t *testing.T) {
	t.Parallel()
	const workers = 3
	g := run(t, setup{program: "leader-election", config: `{}`, workers: workers})
	const follower = "Not the leader"
	g.log.wait(t, workers, follower) // with the main thread's, one VM more than that
	g.log.wait(t, 1, "Leader task")
	if leaders, followers := g.log.count("Leader task"), g.log.count(follower); leaders != 1 || followers != workers {
		t.Errorf("got %d leaders and %d others, want 1 and %d", leaders, followers, workers)
	}
}

func TestContextStorageLastsAcrossRequests(t *testing.T) {
	t.Parallel()
	before := time.Now().Unix()
	g := run(t, setup{program: "context-storage", config: `{}`})
	after := time.Now().Unix()
	first := ""
	for n := range 3 {
		g.get("/").expect(t, 200, "backend")
		header := g.backend.takeOne(t).header
		if got, want := header.Get("X-Served-Before"), strconv.Itoa(n); got != want {
			t.Errorf("request %d: counter in the plugin context: got %q, want %s", n+1, got, want)
		}
		initTime := header.Get("X-Init-Time")
		if first == "" {
			first = initTime
		}
		if seconds, err := strconv.ParseInt(initTime, 10, 64); err != nil || seconds < before || seconds > after || initTime != first {
			t.Errorf("request %d: initTime %q, want the same start time between %d and %d every time", n+1, initTime, before, after)
		}
	}
}

func TestRuleIsolationKeepsABadRuleFromTheOthers(t *testing.T) {
	t.Parallel()
	rules := func(one, two string) string {
		return `[{"ingress": ["one"], "config": {"rule": "` + one + `"}}, {"ingress": ["two"], "config": {"rule": "` + two + `"}}]`
	}
	routes := []string{pathRoute("one", "/one", "backend.static:80"), pathRoute("two", "/two", "backend.static:80")}
	check := func(t *testing.T, g *gateway, want map[string]string) {
		t.Helper()
		for path, config := range want {
			g.get(path).expect(t, 200, "backend")
			if got := g.backend.takeOne(t).header.Get("X-Config"); got != config {
				t.Errorf("configuration of %s: got %q, want %q", path, got, config)
			}
		}
	}

	t.Run("its last good configuration goes on, over the new global one", func(t *testing.T) {
		g := run(t, setup{program: "rule-isolation", config: `{"global": "g1"}`, rules: rules("one-good", "two-good"), routes: routes})
		check(t, g, map[string]string{"/one": "global=g1 rule=one-good", "/two": "global=g1 rule=two-good", "/": "global=g1 rule="})
		g.mustReconfigure(`{"global": "g2"}`, rules("", "two-better"))
		check(t, g, map[string]string{"/one": "global=g2 rule=one-good", "/two": "global=g2 rule=two-better", "/": "global=g2 rule="})
		g.mustReconfigure(`{"global": "g3"}`, rules("one-repaired", "two-better"))
		check(t, g, map[string]string{"/one": "global=g3 rule=one-repaired", "/two": "global=g3 rule=two-better", "/": "global=g3 rule="})
	})
	t.Run("without a good one it is left out", func(t *testing.T) {
		g := run(t, setup{program: "rule-isolation", config: `{"global": "g1"}`, rules: rules("", "two-good"), routes: routes})
		check(t, g, map[string]string{"/one": "global=g1 rule=", "/two": "global=g1 rule=two-good"})
	})
}

func TestRebuildOptionsReplaceTheVM(t *testing.T) {
	t.Parallel()
	const requests, metric = 10, "wasm.wazero.rebuilt"
	g := run(t, setup{program: "rebuild-options", config: `{}`})
	served := func() string {
		t.Helper()
		g.get("/").expect(t, 200, "backend")
		return g.backend.takeOne(t).header.Get("X-Served")
	}
	for n := range requests {
		if got, want := served(), strconv.Itoa(n+1); got != want {
			t.Fatalf("request %d: the VM has served %s, want %s", n+1, got, want)
		}
	}
	g.log.wait(t, 1, "rebuilt on worker-0")
	if got := g.stat(metric); got != "1" {
		t.Errorf("%s: got %q, want 1", metric, got)
	}
	if got := served(); got != "1" {
		t.Errorf("after the rebuild the VM has served %s, want 1: it is a fresh one", got)
	}
	// The last option asks the gateway, once a start: canary, main thread, worker, rebuilt worker.
	g.log.wait(t, 4, "set global max requests per IO cycle to 20")
	for _, line := range g.log.all() {
		if strings.Contains(line, "[error]") || strings.Contains(line, "[critical]") {
			t.Errorf("the options cause %q", line)
		}
	}
}
