package differential

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// filters are the names of the filters in the chain, in the order of the request.
var filters = []string{"a", "b"}

// largePiece is the largest piece of a body that both engines show at once: the local gateway reads 16 KiB, with the
// chunk's head.
const largePiece = 16000

// generator makes a scenario from a seed.
type generator struct {
	*rand.Rand
	scenario *scenario
	script   map[string]map[string][]string // filter → event → answers
	gates    map[string]int                 // of a filter
	stopper  [2]string                      // the filter that stops a direction
	both     [2]bool                        // the other one does, too
	// large says that a direction's body is around the buffer limit. Only on HTTP/1: on HTTP/2 Envoy's limit is the
	// stream's window.
	large   [2]bool
	edits   [2]bool // the direction's body is edited or discarded, so that no length can be announced
	replies [2]bool // a callback of the direction, or a gate, sends a local reply
	// oversized says that a request callback makes a body that is around the limit. A filter after it must not hold that at
	// the watermark: the client would be throttled.
	oversized bool
	// Of the filter's callbacks so far in this direction: the headers callback stopped, a data callback buffers.
	stops, buffers bool
}

const (
	request = iota
	response
)

var directions = [2]string{"q", "s"}

func generate(seed uint64) *scenario {
	g := &generator{
		Rand:     rand.New(rand.NewPCG(seed, 3)),
		scenario: &scenario{seed: seed, method: "POST", scripts: map[string]string{}, requestLength: -1, responseLength: -1},
		script:   map[string]map[string][]string{"a": {}, "b": {}}, gates: map[string]int{},
	}
	s := g.scenario
	s.http2 = g.chance(30)
	for d := range g.stopper {
		g.stopper[d] = filters[g.IntN(2)]
		g.both[d] = g.chance(30)
		g.large[d] = !s.http2 && g.chance(20)
		g.edits[d] = g.chance(70)
	}
	requestSteps, length := g.message(request)
	if len(requestSteps) == 1 {
		s.method = "GET"
	}
	if !g.edits[request] && length > 0 && g.chance(50) {
		s.requestLength = length
	}
	responseSteps, length := g.message(response)
	if s.method == "GET" && g.chance(10) {
		s.method, responseSteps = "HEAD", []step{{actor: backend, end: true}}
	}
	// On HTTP/2 the local gateway takes a response that announces 0 bytes to end with its headers.
	if !g.edits[response] && len(responseSteps) > 1 && !(s.http2 && length == 0) && g.chance(50) {
		s.responseLength = length
	}
	for _, name := range filters {
		g.answers(name, request, len(requestSteps))
		g.answers(name, response, len(responseSteps))
	}
	g.timeline(requestSteps, responseSteps)
	for _, name := range filters {
		var items []string
		for event, answers := range g.script[name] {
			items = append(items, event+"="+strings.Join(answers, ","))
		}
		slices.Sort(items)
		s.scripts[name] = strings.Join(items, ";")
	}
	return s
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

// message makes the steps that send a message, and the length of its body.
func (g *generator) message(d int) (steps []step, length int) {
	who := actor(d) // client or backend
	if g.chance(20) && !g.large[d] {
		return []step{{actor: who, end: true}}, 0
	}
	steps = []step{{actor: who, together: g.chance(10)}}
	for _, size := range g.sizes(d) {
		steps = append(steps, step{actor: who, kind: data, size: size, together: g.chance(10)})
		length += size
	}
	last := &steps[len(steps)-1]
	switch {
	case g.scenario.http2 && g.chance(40):
		steps = append(steps, step{actor: who, kind: trailers, end: true})
	// The local gateway shows an HTTP/2 frame that has data and ends the stream as two pieces, so there is none.
	case !g.scenario.http2 && last.kind == data && g.chance(30):
		last.end, last.together = true, false
	default:
		steps = append(steps, step{actor: who, kind: data, end: true})
	}
	for i := range steps[:len(steps)-1] {
		// Two pieces at once are one for one engine and two for the other.
		if steps[i].kind == data && steps[i+1].kind == data && steps[i+1].size > 0 {
			steps[i].together = false
		}
		// A piece that does not fit into one read with the headers is shown in two.
		if steps[i+1].size > 8000 {
			steps[i].together = false
		}
	}
	return steps, length
}

// sizes are those of a body's pieces. The limit is passed by the last one only: a peer that is throttled before sends
// the rest in pieces that nobody can foretell.
func (g *generator) sizes(d int) []int {
	if g.large[d] {
		return []int{largePiece, largePiece, []int{766, 767, 768, 769, 770, 5000, 1}[g.IntN(7)]}
	}
	sizes := make([]int, g.IntN(4))
	for i := range sizes {
		sizes[i] = 1 + g.IntN([]int{4, 40, 1500}[g.IntN(3)])
	}
	return sizes
}

// answers gives a filter its script for the callbacks of a direction. n is how many steps the message has.
func (g *generator) answers(name string, d, n int) {
	stops := g.both[d] || g.stopper[d] == name
	event := [2]string{"r", "s"}[d]
	script := g.script[name]
	status := g.status(stops, []int{50, 20, 5, 12, 13, 1})
	if status >= 4 && d == request && g.oversized {
		status = 3
	}
	script[event+"h"] = []string{g.answer(d, "h", status)}
	if g.edits[d] { // a wrong length breaks the framing in ways that are the codec's
		script[event+"h"][0] = "c" + directions[d] + "." + script[event+"h"][0]
	}
	g.stops, g.buffers = status != 0 && status != 2, false
	for range g.IntN(n + 1) {
		status := g.status(stops, []int{45, 25, 15, 15, 1})
		if status >= 3 && !g.edits[d] { // it discards, and the length may be announced
			status = 1
		}
		// Envoy 1.39.3 may crash where a filter that discarded lets a body go that rises above the limit with it.
		if status >= 3 && d == response && g.large[d] {
			status = 1
		}
		if status == 2 && d == request && g.oversized {
			status = 1
		}
		script[event+"b"] = append(script[event+"b"], g.answer(d, "b", status))
		g.buffers = g.buffers || status == 1
	}
	script[event+"t"] = []string{g.answer(d, "t", g.status(stops, []int{60, 35, 5}))}
}

// status chooses one by weight; 0 for a filter that must not stop.
func (g *generator) status(stops bool, weights []int) int {
	if !stops {
		return 0
	}
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := g.IntN(sum)
	for status, w := range weights {
		if n < w {
			return status
		}
		n -= w
	}
	return 0
}

// answer is a callback's: edits, perhaps a local reply, and a status.
func (g *generator) answer(d int, event string, status int) string {
	var steps []string
	for range g.IntN(3) {
		steps = append(steps, g.edit(d, event, status))
	}
	// On HTTP/2 the body of a reply is shown by Envoy to the first filter after another reply has replaced it in the
	// headers callback; the local gateway shows it to none.
	if g.chance(3) && !(g.scenario.http2 && event == "h" && d == response && g.replies[request]) {
		steps = append(steps, "l")
		g.replies[d] = true
	}
	steps = append(steps, strconv.Itoa(status))
	return strings.Join(slices.DeleteFunc(steps, func(s string) bool { return s == "" }), ".")
}

// edit is a step that reads or writes.
func (g *generator) edit(d int, event string, status int) string {
	direction := directions[d]
	if g.chance(10) {
		direction = directions[1-d]
	}
	switch n := g.IntN(10); {
	case n < 5:
		return string("hrxp"[g.IntN(4)]) + direction
	// Where a data callback makes trailers and stops, Envoy passes them on at once, perhaps before the headers.
	// Trailers that a call-out's callback makes after a local reply are undefined.
	case n < 6 && g.scenario.http2 && (event != "b" || status == 0) && !(event == "g" && (g.replies[request] || g.replies[response])):
		return "t" + directions[d]
	// An edit outside the callbacks that takes what is held above the limit is answered by Envoy within the call-out's
	// callback, by the local gateway after it. The same goes for a response, in any callback.
	case n < 9 && g.edits[d] && !(g.large[d] && (event == "g" || d == response)):
		if kind := g.IntN(3); kind < 2 {
			return string("ae"[kind]) + directions[d]
		}
		// Where the callback that is shown the excess takes the body below the limit again, Envoy 1.39.3 reads no more of the
		// request.
		shrinks := event == "b" && d == request && g.large[d] && g.buffers
		size := g.replacement(d, event, status)
		if shrinks {
			return ""
		}
		return fmt.Sprintf("w%s%d", directions[d], size)
	}
	return ""
}

// replacement is the size of a body that replaces another. One that is held and throttles the peer would let the rest
// come in pieces that nobody can foretell, so it is small where a body waits at the watermark. A response that rises above
// the limit within a callback ends there for Envoy, with the filter's last events before the callback's own; the local
// gateway answers when the callback has returned.
func (g *generator) replacement(d int, event string, status int) int {
	if g.scenario.http2 || status == 2 || event == "g" || d == response || !g.chance(30) {
		return g.IntN(200)
	}
	if g.stops { // the body passes through what is held, at the watermark
		return g.IntN(200)
	}
	g.large[d], g.oversized = true, true
	return bufferLimit - 1 + g.IntN(3)
}

// timeline puts the steps of both messages and of gates into an order: mostly the request is complete before the
// response begins.
func (g *generator) timeline(requestSteps, responseSteps []step) {
	var order []step
	for _, s := range requestSteps {
		order = append(order, s)
		g.gatesAfter(&order, s, request)
	}
	g.closing(&order, request)
	for _, s := range responseSteps {
		order = append(order, s)
		g.gatesAfter(&order, s, response)
	}
	g.closing(&order, response)
	g.scenario.steps = order
}

// gatesAfter opens gates after a step, perhaps.
func (g *generator) gatesAfter(order *[]step, after step, d int) {
	if !after.together && g.chance(15) {
		g.gate(order, d, g.chance(60))
	}
}

// closing opens gates that let the message go on, most of the time.
func (g *generator) closing(order *[]step, d int) {
	if g.chance(5) {
		return
	}
	for range 2 {
		g.gate(order, d, true)
	}
	if g.both[d] {
		g.gate(order, d, true)
		g.gate(order, d, true)
	}
}

// gate opens a gate of a filter that stops.
func (g *generator) gate(order *[]step, d int, resume bool) {
	name := g.stopper[d]
	if g.both[d] {
		name = filters[g.IntN(2)]
	}
	if g.gates[name] == 10 {
		return
	}
	event := "g" + strconv.Itoa(g.gates[name])
	g.gates[name]++
	var steps []string
	if g.chance(15) {
		steps = append(steps, "f")
	}
	for range g.IntN(3) {
		if step := g.edit(d, "g", 0); step != "" {
			steps = append(steps, step)
		}
	}
	if resume {
		steps = append(steps, "u"+directions[d])
	}
	// What a resume has sent is not all on the wire when a reply in the same turn resets it, and one that completed the
	// response leaves Envoy 1.39.3 with a stream that is gone: it crashes.
	if g.chance(5) && !resume && !(g.scenario.http2 && g.replies[response]) {
		steps = append(steps, "l")
		g.replies[d] = true
	}
	g.script[name][event] = []string{strings.Join(steps, ".")}
	*order = append(*order, step{actor: gate, gate: name + "/" + event})
}
