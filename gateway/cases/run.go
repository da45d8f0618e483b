package cases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// defaultTimeout bounds a step that sets no timeout.
const defaultTimeout = 10 * time.Second

// run is one run of a file against an engine.
type run struct {
	engine  Engine
	plugin  Plugin
	options RunOptions
	stage   *stage
	summary Summary
	second  Engine    // another gateway on the same Redis; nil where no case needs one
	applied *Case     // in force; nil before the first
	values  *scope    // its values
	changed []Service // by its steps so far
	cookies *cookies  // of its client
	// probeFailed says that the applied case's first step failed: it then says nothing about what is in force.
	probeFailed bool
}

// chosen is a case that runs.
type chosen struct {
	*Case
	original      *Case // as the file has it, once the expressions of Case are computed
	configuration Configuration
	err           error // why it cannot run
	steps         int   // how many of its steps run
}

// Run runs the file's cases in order. What fails in a case is told to options.Progress and counted; the error is that
// of the run itself: the engine could not be prepared, a service could not be started, or ctx is over.
func (f *File) Run(ctx context.Context, engine Engine, plugin Plugin, options RunOptions) (Summary, error) {
	if options.Progress == nil {
		options.Progress = func(Result) {}
	}
	if options.Timeout == 0 {
		options.Timeout = defaultTimeout
	}
	r := &run{engine: engine, plugin: plugin, options: options}
	began := time.Now()
	err := r.file(ctx, f)
	r.summary.Duration = time.Since(began)
	return r.summary, err
}

func (r *run) file(ctx context.Context, f *File) error {
	var cases []*chosen
	var bare []*Case
	for i := range f.Cases {
		c := &f.Cases[i]
		steps := r.chosenSteps(c)
		if steps < 0 {
			continue
		}
		if len(c.Engines) > 0 && !slices.Contains(c.Engines, r.engine.Name()) {
			r.summary.Skipped++
			r.options.Progress(Result{Case: c.Name, Engine: r.engine.Name(), Skipped: c.Reason})
			continue
		}
		cases = append(cases, &chosen{Case: c, steps: steps, configuration: Configuration{Name: c.label(i)}})
		bare = append(bare, c)
	}
	var err error
	if r.stage, err = newStage(bare, r.engine.RedisAddress()); err != nil {
		return err
	}
	defer r.stage.close()
	var configurations []Configuration
	for _, c := range cases {
		c.configuration.Upstreams = r.stage.upstreams(c.Case, r.engine.RedisAddress())
		c.configuration.Redis = redisServices(c.Case)
		c.configuration.TLS, c.configuration.ProxyProtocol = c.listener()
		c.configuration.Manifests, c.err = c.manifests(r.plugin, r.options.Resolve)
		if c.err == nil {
			configurations = append(configurations, c.configuration)
		}
	}
	if err := r.engine.Prepare(ctx, configurations); err != nil {
		return fmt.Errorf("prepare %s: %w", r.engine.Name(), err)
	}
	if err := r.startSecond(ctx, cases); err != nil {
		return err
	}
	for _, c := range cases {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.oneCase(ctx, c) {
			r.summary.Passed++
		} else {
			r.summary.Failed++
		}
	}
	return ctx.Err()
}

// chosenSteps returns how many of the case's steps run, -1 for a case that does not.
func (r *run) chosenSteps(c *Case) int {
	if r.options.Filter == nil || r.options.Filter.MatchString(c.Name) {
		return len(c.Steps)
	}
	for i := len(c.Steps) - 1; i >= 0; i-- {
		if r.options.Filter.MatchString(c.Name + "/" + c.title(i)) {
			return i + 1
		}
	}
	return -1
}

// oneCase reports whether the case passed.
func (r *run) oneCase(ctx context.Context, c *chosen) bool {
	began := time.Now()
	values, err := r.evaluate(c)
	if err != nil {
		f := Failure{Field: "expressions", Expected: "values", Actual: err.Error()}
		return r.report(Result{Case: c.Name, Failures: []Failure{f}})
	}
	if failure := r.prepare(ctx, c); failure != nil {
		return r.report(Result{Case: c.Name, Duration: time.Since(began), Failures: []Failure{*failure}})
	}
	err = r.engine.Apply(ctx, c.configuration)
	if err == nil && c.original.paired() {
		err = r.second.Apply(ctx, c.configuration)
	}
	r.changed, r.cookies = nil, newCookies(c.Cookies)
	if c.LoadError != "" {
		return r.report(Result{Case: c.Name, Duration: time.Since(began), Failures: r.refused(ctx, c, err)})
	}
	if err != nil {
		f := Failure{Field: "config", Expected: "a configuration that loads", Actual: err.Error()}
		return r.report(Result{Case: c.Name, Duration: time.Since(began), Failures: []Failure{f}, Context: r.logTail("")})
	}
	r.applied, r.values, r.probeFailed = c.original, values, true
	passed := true
	for i := range c.steps {
		ok := r.step(ctx, c.original, values, i)
		if i == 0 {
			r.probeFailed = !ok
		}
		passed = passed && ok
	}
	return passed
}

// evaluate computes the case's expressions, but for those of its steps, and returns the values that they may use.
func (r *run) evaluate(c *chosen) (*scope, error) {
	c.original = c.Case
	if c.script == nil {
		return nil, nil
	}
	values := c.script.caseScope(c.index)
	computed, err := c.script.evaluate(values, c.index, min(len(c.Steps), 1)-1)
	if err != nil {
		return nil, err
	}
	c.Case = computed
	c.configuration.Manifests, c.err = c.manifests(r.plugin, r.options.Resolve)
	return values, nil
}

// prepare makes Redis and services ready.
func (r *run) prepare(ctx context.Context, c *chosen) *Failure {
	if c.err != nil {
		return &Failure{Field: "plugins", Expected: "a chain that can be built", Actual: c.err.Error()}
	}
	if c.usesRedis() {
		limited, cancel := context.WithTimeout(ctx, r.options.Timeout)
		defer cancel()
		if err := emptyRedis(limited, r.engine.RedisAddress(), r.options.RedisPrivate); err != nil {
			return &Failure{Field: "redis", Expected: "an empty database", Actual: err.Error()}
		}
	}
	r.stage.recorder.reset()
	r.stage.play(c.Case)
	return nil
}

// report tells of a whole case and reports whether it passed.
func (r *run) report(result Result) bool {
	result.Engine = r.engine.Name()
	r.options.Progress(result)
	return len(result.Failures) == 0
}

// refused judges the outcome of applying a configuration that must be refused.
func (r *run) refused(ctx context.Context, c *chosen, err error) []Failure {
	expected := "a refusal with " + quote(c.LoadError)
	var refusal *LoadError
	switch {
	case err == nil:
		r.applied = nil
		return []Failure{{Field: "loadError", Expected: expected, Actual: "the configuration was accepted"}}
	case !errors.As(err, &refusal):
		return []Failure{{Field: "loadError", Expected: expected, Actual: "another error: " + err.Error()}}
	case !strings.Contains(refusal.Text, c.LoadError):
		return []Failure{{Field: "loadError", Expected: expected, Actual: refusal.Text}}
	}
	return r.probe(ctx)
}

// probe sends the first request of the case in force once more, which must still be answered as the case says.
func (r *run) probe(ctx context.Context) []Failure {
	if r.applied == nil || r.probeFailed || r.applied.Stateful || r.applied.usesRedis() || len(r.applied.Steps) == 0 {
		return nil
	}
	applied := r.applied
	if applied.script != nil {
		computed, err := applied.script.evaluate(r.values, applied.index, 0)
		if err != nil {
			return nil // the case said so
		}
		applied = computed
	}
	x := applied.Steps[0].Exchange
	if x.Request == nil || x.Response == nil || x.times() > 1 {
		return nil
	}
	r.stage.play(applied)
	ctx, cancel := context.WithTimeout(ctx, r.timeout(&x))
	defer cancel()
	r.stage.within(ctx)
	o := exchange(ctx, r.engine.Address(), x.Request, 0, r.stage.meetings)
	r.stage.recorder.takeProblems()
	v := &verdict{}
	v.response("previous configuration: response", r.applied, &Exchange{Request: x.Request, Response: x.Response}, o)
	for i := range v.failures {
		v.failures[i].Field = fmt.Sprintf("%s (of case %q, which must still be in force)", v.failures[i].Field, r.applied.Name)
	}
	return v.failures
}

func (r *run) timeout(x *Exchange) time.Duration {
	if x.Timeout.Duration > 0 {
		return x.Timeout.Duration
	}
	return r.options.Timeout
}

// logTail is the end of what the engine logged after before, for a reader who looks for the reason of a failure.
func (r *run) logTail(before string) string {
	const lines = 10
	text := strings.TrimPrefix(r.log(), before)
	log := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(log) == 1 && log[0] == "" {
		return ""
	}
	return "log:\n  " + strings.Join(log[max(0, len(log)-lines):], "\n  ")
}
