package cases

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// step runs one step, tells what came of it and reports whether it passed.
func (r *run) step(ctx context.Context, c *Case, index int) bool {
	x := &c.Steps[index].Exchange
	if !pause(ctx, x.Wait.Duration, nil) {
		return false
	}
	logBefore := r.engine.Log()
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, r.timeout(x))
	defer cancel()
	s := &stepRun{run: r, c: c, x: x}
	s.perform(ctx)
	r.summary.Steps++
	result := Result{Case: c.Name, Step: c.title(index), Engine: r.engine.Name(), Duration: time.Since(began), Failures: s.failures}
	if len(s.failures) > 0 {
		result.Context = strings.Trim(s.describeResponse()+r.logTail(logBefore), "\n")
	}
	r.options.Progress(result)
	return len(s.failures) == 0
}

// stepRun is a step that runs.
type stepRun struct {
	verdict
	run      *run
	c        *Case
	x        *Exchange
	outcomes []*outcome
}

func (s *stepRun) perform(ctx context.Context) {
	if !s.redisBefore(ctx) {
		return
	}
	s.run.stage.recorder.reset()
	waits, cancel := sooner(ctx)
	defer cancel()
	s.run.stage.within(waits)
	if s.x.Request != nil {
		s.send(ctx)
		s.counts()
		for i, o := range s.outcomes {
			before := len(s.failures)
			s.response("response", s.c, s.x, o)
			s.accessLog(ctx, o)
			if len(s.failures) > before && len(s.outcomes) > 1 {
				s.failures[len(s.failures)-1].Field += fmt.Sprintf(" (of request %d)", i+1)
				break // the others tell nothing new
			}
		}
	}
	s.upstreams(ctx)
	s.redis(ctx)
	s.log(ctx)
	for _, problem := range s.run.stage.recorder.takeProblems() {
		s.fail("services", "every exchange to be played to its end", problem)
	}
}

// send sends the request as often, and as many at a time, as the step says.
func (s *stepRun) send(ctx context.Context) {
	n, address := s.x.times(), s.run.engine.Address()
	s.outcomes = make([]*outcome, n)
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	var wg sync.WaitGroup
	for range min(n, max(1, s.x.Parallel)) {
		wg.Go(func() {
			for i := range next {
				s.outcomes[i] = exchange(ctx, address, s.x.Request, s.run.stage.meetings)
			}
		})
	}
	wg.Wait()
}

func (s *stepRun) counts() {
	if len(s.x.Counts) == 0 {
		return
	}
	got := map[string]int{}
	for _, o := range s.outcomes {
		if o.head == nil {
			got["none"]++
			continue
		}
		got[strconv.Itoa(o.status())]++
	}
	want := map[string]int{}
	for status, n := range s.x.Counts {
		if n > 0 {
			want[status] = n
		}
	}
	if !maps.Equal(want, got) {
		s.fail("counts", countsText(want), countsText(got))
	}
}

func countsText(counts map[string]int) string {
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s: %d", status, counts[status]))
	}
	return strings.Join(parts, ", ")
}

// redisBefore reports whether the commands succeeded.
func (s *stepRun) redisBefore(ctx context.Context) bool {
	if len(s.x.RedisBefore) == 0 {
		return true
	}
	c, err := dialRedis(ctx, s.run.engine.RedisAddress())
	if err != nil {
		s.fail("redisBefore", "a connection", err.Error())
		return false
	}
	defer c.close()
	for i, command := range s.x.RedisBefore {
		reply, err := c.do(plain(command)...)
		if err == nil {
			err = reply.Error()
		}
		if err != nil {
			s.fail(fmt.Sprintf("redisBefore[%d]", i), "no error", err.Error())
			return false
		}
	}
	return true
}

func plain(texts []Text) []string {
	words := make([]string, len(texts))
	for i, text := range texts {
		words[i] = text.Value
	}
	return words
}

func (s *stepRun) redis(ctx context.Context) {
	if len(s.x.Redis) == 0 {
		return
	}
	c, err := dialRedis(ctx, s.run.engine.RedisAddress())
	if err != nil {
		s.fail("redis", "a connection", err.Error())
		return
	}
	defer c.close()
	for i := range s.x.Redis {
		check := &s.x.Redis[i]
		field := fmt.Sprintf("redis[%d] %s", i, strings.Join(plain(check.Command), " "))
		reply, err := c.do(plain(check.Command)...)
		if err != nil {
			s.fail(field, compact(check.Reply), err.Error())
			return
		}
		if !replyMatches(check.Reply, reply) {
			s.fail(field, compact(check.Reply), replyText(reply))
		}
	}
}

// logPoll is how often the engine's log is looked at while a text is missing: engines cannot tell when a line comes.
const logPoll = 10 * time.Millisecond

func (s *stepRun) log(ctx context.Context) {
	if len(s.x.Log)+len(s.x.LogAbsent) == 0 {
		return
	}
	log := s.run.engine.Log()
	for _, want := range s.x.Log {
		for !logHas(log, &want) && pause(ctx, logPoll, nil) {
			log = s.run.engine.Log()
		}
		if !logHas(log, &want) {
			s.fail("log", quote(want.Value), "not in the log")
		}
	}
	for _, unwanted := range s.x.LogAbsent {
		for line := range strings.SplitSeq(log, "\n") {
			if logHas(line, &unwanted) {
				s.fail("logAbsent", "no line with "+quote(unwanted.Value), quote(line))
				break
			}
		}
	}
}

func logHas(log string, want *Text) bool {
	if want.pattern != nil {
		return want.pattern.MatchString(log)
	}
	return strings.Contains(log, want.Value)
}

// describeResponse shows the first response, for a reader who looks for the reason of a failure.
func (s *stepRun) describeResponse() string {
	if len(s.outcomes) == 0 || s.outcomes[0].head == nil {
		return ""
	}
	o := s.outcomes[0]
	var out strings.Builder
	fmt.Fprintf(&out, "response: %d\n", o.status())
	for _, e := range o.head.Entries() {
		if e.Name != ":status" {
			fmt.Fprintf(&out, "  %s: %s\n", e.Name, e.Value)
		}
	}
	if o.body.size > 0 {
		fmt.Fprintf(&out, "  %s\n", excerpt(&o.body))
	}
	return out.String()
}
