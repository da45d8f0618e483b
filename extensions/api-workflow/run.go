package main

import (
	"errors"
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// run is one request's way through the workflow. It begins in a phase of the request, goes on in the callbacks of calls, and
// ends with the first decision. What comes later is ignored.
type run struct {
	ctx    wrapper.HttpContext
	config *Config

	received string // the body
	hasBody  bool   // it is held, so it can be replaced
	fixed    bool   // it must not be transformed
	start    step
	request  step
	nodes    []nodeState

	outstanding int // calls without an answer
	decided     bool
	inPhase     bool // no call has been answered yet
	passes      bool // decided in the phase: the request goes on
}

// nodeState is what is known of a node during a run.
type nodeState struct {
	step
	waiting  int    // edges that lead here and are not settled
	taken    bool   // one of them was taken
	source   string // of the last one that was
	depth    int    // of the longest chain that leads here
	attempts int
	status   uint32 // of the answer
	answered bool   // there was one
}

func newRun(ctx wrapper.HttpContext, config *Config) *run {
	r := &run{ctx: ctx, config: config, nodes: make([]nodeState, len(config.nodes))}
	for i := range r.nodes {
		r.nodes[i].waiting = config.incoming[i]
	}
	return r
}

// step returns what a step has brought; nil for none.
func (r *run) step(index int) *step {
	switch index {
	case startStep:
		return &r.start
	case requestStep:
		return &r.request
	case noStep:
		return nil
	}
	return &r.nodes[index].step
}

// begin runs the steps that follow the start. The action is that of the phase.
func (r *run) begin() types.Action {
	if r.config.describeRequest {
		r.request = step{text: description(r.ctx), known: true}
	}
	r.inPhase = true
	r.settle(r.config.start, 1, false)
	r.finish()
	r.inPhase = false
	if r.passes {
		return types.ActionContinue
	}
	return types.ActionPause
}

// finish answers where the workflow has run out of steps.
func (r *run) finish() {
	if r.outstanding == 0 && !r.decided {
		r.fail("no_end", "the workflow came to no end")
	}
}

// settle decides for each edge of a step whether it is taken.
func (r *run) settle(edges []edge, depth int, failed bool) {
	for i := range edges {
		e := &edges[i]
		taken := e.onFailure == failed
		if taken && e.condition != nil {
			var err error
			if taken, err = r.holds(e.condition); err != nil {
				r.fail("task_check_paas_failed", "check pass find error:"+err.Error())
				return
			}
		}
		if err := r.arrive(e, depth, taken); err != nil {
			if r.inPhase {
				r.fail("recursive_failed", "workflow plugin recursive failed: "+err.Error())
			} else {
				r.fail("recursive_failed", "recursive error:"+err.Error())
			}
			return
		}
		if r.decided {
			return
		}
	}
}

var errTooDeep = errors.New("maximum recursion depth reached")

// arrive settles an edge. A node runs once all edges that lead to it are settled, if one of them was taken; otherwise the
// edges that begin there are not taken either.
func (r *run) arrive(e *edge, depth int, taken bool) error {
	if e.target < 0 {
		if !taken {
			return nil
		}
		return r.decide(e, depth)
	}
	n, state := &r.config.nodes[e.target], &r.nodes[e.target]
	state.waiting--
	if taken {
		state.taken, state.source, state.depth = true, e.source, max(state.depth, depth)
	}
	if state.waiting > 0 {
		return nil
	}
	if state.taken {
		if state.depth > r.config.maxDepth {
			return errTooDeep
		}
		return r.call(e.target)
	}
	for i := range n.edges {
		if err := r.arrive(&n.edges[i], depth, false); err != nil || r.decided {
			return err
		}
	}
	return nil
}

// decide ends the workflow.
func (r *run) decide(e *edge, depth int) error {
	if depth > r.config.maxDepth {
		return errTooDeep
	}
	switch e.target {
	case toEnd:
		r.answer(e)
		return nil
	case toBackend:
		return r.pass(e)
	}
	return r.stepError(e.source, e.targetName, "do not find target :"+e.targetName)
}

func (r *run) stepError(source, target, problem string) error {
	return errors.New("workflow exec wrapperTask find error,source is " + source + ",target is " + target + ",error is " + problem + " ")
}

// call calls a node.
func (r *run) call(index int) error {
	n, state := &r.config.nodes[index], &r.nodes[index]
	data, err := r.body(n)
	if err != nil {
		return r.stepError(state.source, n.name, err.Error())
	}
	target, headers, err := r.head(n)
	if err != nil {
		return r.stepError(state.source, n.name, err.Error())
	}
	if wrapper.LogEnabled(wrapper.LogLevelDebug) {
		log.Debug("calling node " + n.name + " after " + state.source)
	}
	done := func(status int, _ wrapper.Header, data []byte) { r.answered(index, uint32(status), string(data)) }
	if err := n.client.Call(n.method, target, headers, []byte(data), done, n.timeout); err != nil {
		return r.stepError(state.source, n.name, "the call cannot be started: "+err.Error())
	}
	r.outstanding++
	return nil
}

// timeoutBody is the gateway's own answer to a call that took too long, with status 504.
const timeoutBody = "upstream request timeout"

// answered takes the answer of a node.
func (r *run) answered(index int, status uint32, data string) {
	n, state := &r.config.nodes[index], &r.nodes[index]
	r.outstanding--
	if r.decided {
		return
	}
	if status == 504 && data == timeoutBody {
		status, data = 502, ""
	}
	state.answered = status != 502 || data != ""
	if status >= 500 && state.attempts < n.retries {
		state.attempts++
		log.Warn("node " + n.name + " failed and is called again")
		if err := r.call(index); err == nil {
			return
		}
	}
	state.step, state.status = step{text: data, known: true}, status
	failed := status >= 400
	if failed {
		log.Error("node " + n.name + " failed")
	}
	if failed && !n.hasFailureEdge {
		r.fail("httpCall_failed", "workflow exec task find error,code is "+strconv.Itoa(int(status))+",body is "+cut(data))
		return
	}
	r.settle(n.edges, state.depth+1, failed)
	r.finish()
}
