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
func (r *run) step(ctx context.Context, c *Case, values *scope, index int) bool {
	x := &c.Steps[index].Exchange
	if !pause(ctx, x.Wait.Duration, nil) {
		return false
	}
	logBefore := r.log()
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, r.timeout(x))
	defer cancel()
	s := &stepRun{run: r, c: c, x: x, values: values}
	if err := s.evaluate(index); err != nil {
		s.fail("expressions", "values", err.Error())
	} else {
		s.change(index)
		s.perform(ctx)
	}
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
	values   *scope      // nil without expressions
	requests []*Exchange // for each request, with the expressions computed; empty if all are x
}

// evaluate computes the step's expressions, for each of its requests anew.
func (s *stepRun) evaluate(index int) error {
	if s.c.script == nil {
		return nil
	}
	original := s.c
	for i := range s.x.times() {
		c, err := original.script.evaluate(s.values, original.index, index)
		if err != nil {
			return err
		}
		x := &c.Steps[0].Exchange
		s.requests = append(s.requests, x)
		if i == 0 {
			s.c, s.x = c, x
		}
	}
	s.run.stage.replay(s.c.services)
	return nil
}

// change makes services do what the step says, and those that an earlier step changed what that said.
func (s *stepRun) change(index int) {
	step := &s.c.Steps[min(index, len(s.c.Steps)-1)] // of a computed case there is one
	if s.requests == nil {
		s.run.stage.change(step.Services)
		return
	}
	s.run.stage.replay(s.run.changed)
	s.run.stage.change(step.Services)
	s.run.changed = append(slices.DeleteFunc(s.run.changed, func(was Service) bool {
		return slices.ContainsFunc(step.Services, func(now Service) bool { return now.key() == was.key() })
	}), step.Services...)
}

// request is the step as it is for the request of that number.
func (s *stepRun) request(i int) *Exchange {
	if i < len(s.requests) {
		return s.requests[i]
	}
	return s.x
}

// requestOf is the step as it is for a request that a service received.
func (s *stepRun) requestOf(rec *record) *Exchange {
	for i, o := range s.outcomes {
		if o.id == rec.requestID() {
			return s.request(i)
		}
	}
	return s.x
}

func (s *stepRun) perform(ctx context.Context) {
	if !s.redisBefore(ctx) {
		return
	}
	s.run.stage.recorder.reset()
	waits, cancel := sooner(ctx)
	defer cancel()
	s.run.stage.within(waits)
	for _, name := range s.x.Tell {
		s.run.stage.signals.tell(name)
	}
	if s.x.Request != nil {
		s.send(ctx)
		s.counts()
		s.capture()
		for i, o := range s.outcomes {
			before := len(s.failures)
			s.response("response", s.c, s.request(i), o)
			s.accessLog(ctx, s.request(i), o)
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
	n := s.x.times()
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
				engine := s.engineOf(i)
				request := s.run.cookies.add(s.request(i).Request)
				s.outcomes[i] = exchange(ctx, engine.Address(), request, i, s.run.stage.meetings)
				s.outcomes[i].engine = engine
				s.run.cookies.take(request, s.outcomes[i])
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

// log is what the gateways logged since the last configuration.
func (r *run) log() string {
	if r.second == nil || r.applied == nil || !r.applied.paired() {
		return r.engine.Log()
	}
	return r.engine.Log() + r.second.Log()
}

// logPoll is how often the engine's log is looked at while a text is missing: engines cannot tell when a line comes.
const logPoll = 10 * time.Millisecond

func (s *stepRun) log(ctx context.Context) {
	if len(s.x.Log)+len(s.x.LogAbsent) == 0 {
		return
	}
	log := s.run.log()
	for _, want := range s.x.Log {
		for !logHas(log, &want) && pause(ctx, logPoll, nil) {
			log = s.run.log()
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
