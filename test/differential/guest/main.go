// Command guest is the plugin of the differential test: it behaves as a script in the request says and logs what it was
// shown and what the host answered. Its configuration {"name": N} says that the script is in the header x-script-N.
//
// A script is "event=answer,answer,…;event=…". Events are the callbacks rh rb rt (request headers, body, trailers) and
// sh sb st (response); their n-th call takes the n-th answer, later ones the empty answer. g0 … g9 are gates: call-outs
// to the test, which are made in the first callback and whose answer runs the event's only answer.
//
// An answer is steps joined by dots. A number is the status that the callback returns, as it is (0 without one). The
// others are below; d is the direction, q for the request and s for the response:
//
//	hd  add header x-added           ad   append to the body            l   local reply 403
//	rd  replace header x-replaced    ed   prepend to the body           f   the rest on the next tick (gates only)
//	xd  remove header x-drop         wdN  replace the body by N bytes   ud  resume, if this filter stopped (gates only)
//	pd  log header x-replaced        td   add trailer x-trailer         cd  remove header content-length
//
// What a host leaves undefined is left out here:
//
//   - a resume where nothing stopped,
//   - the body outside its callbacks, unless the last one answered StopIterationAndBuffer (1) and still holds; in a trailers
//     callback also when it answered Continue (0),
//   - trailers outside the callbacks after a local reply,
//   - a second local reply from one callback: Envoy 1.39.3 crashes of two in a response callback.
package main

import (
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

// tickMilliseconds is how long the step f waits at most.
const tickMilliseconds = 3

func main() {}

func init() {
	proxywasm.SetPluginContext(func(uint32) types.PluginContext { return &plugin{live: map[uint32]bool{}} })
}

type plugin struct {
	types.DefaultPluginContext
	name    string
	live    map[uint32]bool // streams that are not over
	pending []later
}

// later is the rest of an answer that waits for a tick.
type later struct {
	filter *filter
	run    func()
}

func (p *plugin) OnPluginStart(int) types.OnPluginStartStatus {
	configuration, err := proxywasm.GetPluginConfiguration()
	if err != nil {
		proxywasm.LogCriticalf("configuration: %v", err)
		return types.OnPluginStartStatusFailed
	}
	_, rest, _ := strings.Cut(string(configuration), `"name":"`)
	p.name, _, _ = strings.Cut(rest, `"`)
	if err := proxywasm.SetTickPeriodMilliSeconds(tickMilliseconds); err != nil {
		proxywasm.LogCriticalf("tick: %v", err)
		return types.OnPluginStartStatusFailed
	}
	return types.OnPluginStartStatusOK
}

func (p *plugin) OnTick() {
	pending := p.pending
	p.pending = nil
	for _, l := range pending {
		if !p.live[l.filter.id] {
			continue
		}
		if err := proxywasm.SetEffectiveContext(l.filter.id); err != nil {
			proxywasm.LogCriticalf("effective context: %v", err)
			continue
		}
		l.run()
	}
}

func (p *plugin) NewHttpContext(id uint32) types.HttpContext {
	p.live[id] = true
	return &filter{plugin: p, id: id}
}

// filter is the plugin's part in one stream.
type filter struct {
	types.DefaultHttpContext
	plugin   *plugin
	id       uint32
	exchange string // the request's x-id
	replied  bool   // the last answer had a local reply: its status counts for nothing
	over     bool   // some answer had one
	script   map[string][]string
	calls    map[string]int
	request  direction
	response direction
}

// direction is what the filter knows of one direction.
type direction struct {
	stopped  bool // by the last callback, and not resumed
	buffered bool // by a data callback that answered 1
	gone     bool // the last data callback's chunk is nobody's: it answered 2 or 3, or was resumed
}

func (f *filter) OnHttpRequestHeaders(n int, end bool) types.Action {
	f.start()
	return f.callback("rh", &f.request, n, end)
}

func (f *filter) OnHttpRequestBody(n int, end bool) types.Action {
	return f.callback("rb", &f.request, n, end)
}

func (f *filter) OnHttpRequestTrailers(n int) types.Action {
	return f.callback("rt", &f.request, n, true)
}

func (f *filter) OnHttpResponseHeaders(n int, end bool) types.Action {
	return f.callback("sh", &f.response, n, end)
}

func (f *filter) OnHttpResponseBody(n int, end bool) types.Action {
	return f.callback("sb", &f.response, n, end)
}

func (f *filter) OnHttpResponseTrailers(n int) types.Action {
	return f.callback("st", &f.response, n, true)
}

func (f *filter) OnHttpStreamDone() {
	f.log("done", "")
	delete(f.plugin.live, f.id)
}

// start reads the script and makes the call-outs of the gates.
func (f *filter) start() {
	f.exchange, _ = proxywasm.GetHttpRequestHeader("x-id")
	text, _ := proxywasm.GetHttpRequestHeader("x-script-" + f.plugin.name)
	f.script, f.calls = map[string][]string{}, map[string]int{}
	for _, item := range strings.Split(text, ";") {
		event, answers, _ := strings.Cut(item, "=")
		f.script[event] = strings.Split(answers, ",")
	}
	for i := range 10 {
		gate := "g" + strconv.Itoa(i)
		if len(f.script[gate]) == 0 {
			continue
		}
		headers := [][2]string{{":method", "GET"}, {":path", "/" + f.plugin.name + "/" + gate}, {":authority", "gates"}, {"x-id", f.exchange}}
		_, err := proxywasm.DispatchHttpCall("outbound|80||gates.static", headers, nil, nil, 60000, func(int, int, int) {
			f.steps(gate, f.answer(gate))
		})
		if err != nil {
			proxywasm.LogCriticalf("gate: %v", err)
		}
	}
}

func (f *filter) log(event, text string) {
	proxywasm.LogInfof("trace %s %s %s %s.", f.exchange, f.plugin.name, event, text)
}

// answer takes the next answer to an event.
func (f *filter) answer(event string) []string {
	call, answers := f.calls[event], f.script[event]
	f.calls[event]++
	if call >= len(answers) {
		return nil
	}
	return strings.Split(answers[call], ".")
}

func (f *filter) callback(event string, d *direction, n int, end bool) types.Action {
	facts := fmt.Sprintf("end=%t", end)
	if event[1] == 'b' {
		facts = fmt.Sprintf("%d %s end=%t", n, body(d == &f.response), end)
	}
	f.log(event, facts)
	status := f.steps(event, f.answer(event))
	d.stopped = status != 0 && !(event[1] == 'h' && status == 2)
	if event[1] == 'b' {
		d.buffered, d.gone = status == 1 && !f.replied, status > 1
	}
	return types.Action(status)
}

// body describes what is readable of a body.
func body(response bool) string {
	get := proxywasm.GetHttpRequestBody
	if response {
		get = proxywasm.GetHttpResponseBody
	}
	content, err := get(0, 1<<30)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d/%08x", len(content), crc32.ChecksumIEEE(content))
}

// steps runs an answer and returns its status.
func (f *filter) steps(event string, answer []string) (status int) {
	f.replied = false
	for i, step := range answer {
		if step == "" {
			continue
		}
		if n, err := strconv.Atoi(step); err == nil {
			status = n
			continue
		}
		if step == "f" {
			f.plugin.pending = append(f.plugin.pending, later{f, func() { f.steps(event, answer[i+1:]) }})
			return status
		}
		if step == "l" && f.replied {
			continue
		}
		f.replied, f.over = f.replied || step == "l", f.over || step == "l"
		f.log(event, step+" "+f.step(event, step))
	}
	return status
}

// step runs one step and returns what came of it.
func (f *filter) step(event, step string) string {
	if step == "l" {
		return result(proxywasm.SendHttpResponseWithDetail(403, "from "+event, [][2]string{{"x-reply", event}}, []byte("reply "+event), -1))
	}
	kind, response := step[0], step[1] == 's'
	d := &f.request
	if response {
		d = &f.response
	}
	switch kind {
	case 'h', 'r', 'x', 'p', 'c':
		return editHeaders(kind, response, f.plugin.name+event)
	case 'a', 'e', 'w':
		own := event[0] == 'r' && !response || event[0] == 's' && response
		if own && event[1] == 't' && d.gone || !own && !(event[0] == 'g' && d.stopped && d.buffered) {
			return "left out"
		}
		n, _ := strconv.Atoi(step[2:])
		return editBody(kind, response, f.plugin.name+event, n) + " " + body(response)
	case 't':
		if event[0] == 'g' && f.over {
			return "left out"
		}
		if response {
			return result(proxywasm.AddHttpResponseTrailer("x-trailer", f.plugin.name+event))
		}
		return result(proxywasm.AddHttpRequestTrailer("x-trailer", f.plugin.name+event))
	case 'u':
		if event[0] != 'g' || !d.stopped {
			return "left out"
		}
		d.stopped, d.buffered, d.gone = false, false, true
		if response {
			return result(proxywasm.ResumeHttpResponse())
		}
		return result(proxywasm.ResumeHttpRequest())
	}
	return "unknown"
}

func editHeaders(kind byte, response bool, value string) string {
	add, replace, remove, get := proxywasm.AddHttpRequestHeader, proxywasm.ReplaceHttpRequestHeader,
		proxywasm.RemoveHttpRequestHeader, proxywasm.GetHttpRequestHeader
	if response {
		add, replace, remove, get = proxywasm.AddHttpResponseHeader, proxywasm.ReplaceHttpResponseHeader,
			proxywasm.RemoveHttpResponseHeader, proxywasm.GetHttpResponseHeader
	}
	switch kind {
	case 'h':
		return result(add("x-added", value))
	case 'r':
		return result(replace("x-replaced", value))
	case 'x':
		return result(remove("x-drop"))
	case 'c':
		return result(remove("content-length"))
	}
	found, err := get("x-replaced")
	return fmt.Sprintf("%q %s", found, result(err))
}

func editBody(kind byte, response bool, text string, n int) string {
	add, prepend, replace := proxywasm.AppendHttpRequestBody, proxywasm.PrependHttpRequestBody, proxywasm.ReplaceHttpRequestBody
	if response {
		add, prepend, replace = proxywasm.AppendHttpResponseBody, proxywasm.PrependHttpResponseBody, proxywasm.ReplaceHttpResponseBody
	}
	switch kind {
	case 'a':
		return result(add([]byte("(" + text + ")")))
	case 'e':
		return result(prepend([]byte("[" + text + "]")))
	}
	return result(replace([]byte(strings.Repeat("w", n))))
}

func result(err error) string {
	if err != nil {
		return err.Error()
	}
	return "ok"
}
