package stream

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// A transcript is a specification of one exchange. Each line is `step | what happens because of it`.
//
// Events: `a>H` filter a is shown request headers, `a<D:x` response data "x"; a final dot is the end of stream.
// `up.H` and `down.H:200` are what the router and the codec get; `end` is the complete end of the stream: OnComplete of
// all filters, the access log, OnDestroy of all filters.
//
// Steps: `req H`, `req D:x.`, `req T`, `resp H:200`, `resp D:x`, `resp T` deliver; `a cont>`, `a cont<`, `a reply:403:no`,
// `a inject:x.`, `a limit:9`, `a reset:why`, `a clear` act as filter a outside any callback; the rest is in (*exchange).step.
type transcript struct {
	name    string
	filters string // one per word: name{callback=status,status;callback=status}; statuses run out into continue
	limit   int
	request [][2]string
	lines   string
}

var headerStatuses = map[string]HeadersStatus{
	"go": HeadersContinue, "stop": HeadersStopIteration,
	"allbuf": HeadersStopAllIterationAndBuffer, "allwm": HeadersStopAllIterationAndWatermark,
}

var dataStatuses = map[string]DataStatus{
	"go": DataContinue, "buf": DataStopIterationAndBuffer, "wm": DataStopIterationAndWatermark,
	"drop": DataStopIterationNoBuffer,
}

// probe is a filter that records what it is shown and answers from its plan. A plan entry `status!action` performs the
// action inside the callback first.
type probe struct {
	name string
	x    *exchange
	cb   Callbacks
	plan map[string][]string
}

func (p *probe) next(callback string) string {
	entries := p.plan[callback]
	if len(entries) == 0 {
		return "go"
	}
	p.plan[callback] = entries[1:]
	status, actions, _ := strings.Cut(entries[0], "!")
	for action := range strings.SplitSeq(actions, "!") {
		if action != "" {
			p.act(action)
		}
	}
	return status
}

func (p *probe) act(action string) {
	verb, arg, _ := strings.Cut(action, ":")
	switch verb {
	case "cont>":
		p.cb.ContinueDecoding()
	case "cont<":
		p.cb.ContinueEncoding()
	case "reply":
		code, body, _ := strings.Cut(arg, ":")
		n, _ := strconv.Atoi(code)
		p.cb.SendLocalReply(LocalReply{Code: n, Body: []byte(body), Details: "by " + p.name, GRPCStatus: NoGRPCStatus})
	case "inject":
		data, end := strings.CutSuffix(arg, ".")
		p.cb.InjectEncodedData([]byte(data), end)
	case "limit":
		n, _ := strconv.Atoi(arg)
		p.cb.SetBufferLimit(n)
	case "reset":
		p.cb.ResetStream(arg)
	case "clear":
		p.cb.ClearRouteCache()
	case "trailers>":
		p.addTrailers(p.cb.AddDecodedTrailers())
	case "trailers<":
		p.addTrailers(p.cb.AddEncodedTrailers())
	case "drop>":
		p.cb.RequestHeaders().Remove(arg)
	case "drop<":
		p.cb.ResponseHeaders().Remove(arg)
	case "edit>": // rewrites what is held of the request
		p.cb.DecodingBuffer().Splice(1<<30, []byte(arg))
	case "held>":
		p.x.note("%s.held:%s", p.name, p.cb.DecodingBuffer().Bytes())
	case "held<":
		p.x.note("%s.held:%s", p.name, p.cb.EncodingBuffer().Bytes())
	case "other": // acts as another filter from inside this one's callback
		name, rest, _ := strings.Cut(arg, ".")
		p.x.probes[name].act(rest)
	case "resp":
		p.x.step("resp " + arg)
	default:
		panic("unknown action " + action)
	}
}

func (p *probe) addTrailers(t *header.Map) {
	if t == nil {
		p.x.note("%s.no-trailers", p.name)
		return
	}
	t.Set("by", p.name)
}

func (p *probe) headers(callback string, end bool) HeadersStatus {
	p.x.note("%s%s%s", p.name, callback, dot(end))
	return headerStatuses[p.next(callback)]
}

func (p *probe) data(callback string, b *Buffer, end bool) DataStatus {
	p.x.note("%s%s:%s%s", p.name, callback, b.Bytes(), dot(end))
	return dataStatuses[p.next(callback)]
}

func (p *probe) trailers(callback string) TrailersStatus {
	p.x.note("%s%s", p.name, callback)
	if p.next(callback) == "stop" {
		return TrailersStopIteration
	}
	return TrailersContinue
}

func (p *probe) DecodeHeaders(_ *header.Map, end bool) HeadersStatus { return p.headers(">H", end) }
func (p *probe) DecodeData(b *Buffer, end bool) DataStatus           { return p.data(">D", b, end) }
func (p *probe) DecodeTrailers(*header.Map) TrailersStatus           { return p.trailers(">T") }
func (p *probe) EncodeHeaders(_ *header.Map, end bool) HeadersStatus { return p.headers("<H", end) }
func (p *probe) EncodeData(b *Buffer, end bool) DataStatus           { return p.data("<D", b, end) }
func (p *probe) EncodeTrailers(*header.Map) TrailersStatus           { return p.trailers("<T") }
func (p *probe) OnComplete()                                         { p.x.note("%s.complete", p.name) }
func (p *probe) OnDestroy()                                          { p.x.note("%s.destroy", p.name) }

// exchange is a stream between recording ends.
type exchange struct {
	t      *testing.T
	stream *Stream
	order  []string
	probes map[string]*probe
	events []string

	codec, router    wire
	request          [][2]string
	timers           []*timer
	routes           int // how often a route was computed
	inUpstreamHeader string
	responseTrailers *header.Map
}

// wire keeps what one end received.
type wire struct {
	headers, trailers *header.Map
	body              []byte
	ended             bool
}

type timer struct {
	d    time.Duration
	f    func()
	dead bool
}

func newExchange(t *testing.T, filters string, limit int, adjust func(*Config)) *exchange {
	x := &exchange{t: t, probes: map[string]*probe{}}
	x.request = [][2]string{{":method", "POST"}, {":path", "/p"}, {":authority", "h"}}
	cfg := Config{
		Downstream:  (*codecEnd)(x),
		NewUpstream: func(*Stream) Upstream { return (*routerEnd)(x) },
		Route: func(h *header.Map, _ *Info) *Route {
			x.routes++
			return &Route{Name: "route-" + h.Value(":path"), Cluster: "outbound|80||s", VirtualHost: "vh"}
		},
		BufferLimit: limit,
		OnComplete:  func(*Stream) { x.note("log") },
		After: func(d time.Duration, f func()) func() {
			tm := &timer{d: d, f: f}
			x.timers = append(x.timers, tm)
			return func() { tm.dead = true }
		},
	}
	for _, word := range strings.Fields(filters) {
		cfg.Filters = append(cfg.Filters, x.factory(word))
	}
	if adjust != nil {
		adjust(&cfg)
	}
	x.stream = New(cfg)
	return x
}

func (x *exchange) factory(word string) FilterFactory {
	name, rest, _ := strings.Cut(word, "{")
	p := &probe{name: name, x: x, plan: map[string][]string{}}
	for entry := range strings.SplitSeq(strings.TrimSuffix(rest, "}"), ";") {
		if callback, statuses, ok := strings.Cut(entry, "="); ok {
			p.plan[callback] = strings.Split(statuses, ",")
		}
	}
	x.order = append(x.order, name)
	x.probes[name] = p
	return func(cb Callbacks) Filter {
		p.cb = cb
		p.next("new")
		return p
	}
}

func (x *exchange) note(format string, args ...any) {
	x.events = append(x.events, strings.ReplaceAll(fmt.Sprintf(format, args...), " ", "_"))
}

// step performs one step and returns the events it caused.
func (x *exchange) step(step string) {
	who, what, _ := strings.Cut(step, " ")
	kind, arg, _ := strings.Cut(what, ":")
	data, end := strings.CutSuffix(arg, ".")
	switch {
	case who == "req" && (kind == "H" || kind == "H."):
		x.stream.OnRequestHeaders(header.New(x.request...), kind == "H.")
	case who == "req" && kind == "D":
		x.stream.OnRequestData([]byte(data), end)
	case who == "req" && kind == "T":
		x.stream.OnRequestTrailers(header.New([2]string{"t", "req"}))
	case who == "resp" && kind == "H":
		x.stream.OnUpstreamHeaders(header.New([2]string{":status", data}), end)
	case who == "resp" && kind == "D":
		x.stream.OnUpstreamData([]byte(data), end)
	case who == "resp" && kind == "T":
		x.stream.OnUpstreamTrailers(header.New([2]string{"t", "resp"}))
	case step == "client gone":
		x.stream.OnDownstreamReset("downstream_remote_disconnect")
	case step == "client slow" || step == "client fast":
		x.stream.OnDownstreamWriteBuffer(what == "slow")
	case step == "upstream slow" || step == "upstream fast":
		x.stream.OnUpstreamWriteBuffer(what == "slow")
	case who == "upstream" && kind == "fail":
		x.stream.OnUpstreamReset(LocalReply{Code: 503, Body: []byte("no"), Details: "upstream broke", GRPCStatus: NoGRPCStatus}, arg)
	case step == "idle":
		x.fire()
	case x.probes[who] != nil:
		x.probes[who].act(what)
	default:
		panic("unknown step " + step)
	}
}

// fire runs the one timer that is set.
func (x *exchange) fire() {
	for _, tm := range x.timers {
		if !tm.dead {
			tm.dead = true
			tm.f()
			return
		}
	}
	x.note("no-timer")
}

// took returns the events since the last call, with a regular end of stream as one word.
func (x *exchange) took() string {
	var end []string
	for _, name := range x.order {
		end = append(end, name+".complete")
	}
	end = append(end, "log")
	for _, name := range x.order {
		end = append(end, name+".destroy")
	}
	got := strings.Join(x.events, " ") + " "
	x.events = nil
	return strings.TrimSpace(strings.Replace(got, strings.Join(end, " ")+" ", "end ", 1))
}

func (x *exchange) play(lines string) {
	x.t.Helper()
	for line := range strings.SplitSeq(strings.TrimSpace(lines), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		step, want, ok := strings.Cut(line, "|")
		if !ok {
			x.t.Fatalf("bad line %q", line)
		}
		x.step(strings.TrimSpace(step))
		if got, want := x.took(), strings.Join(strings.Fields(want), " "); got != want {
			x.t.Fatalf("after %q:\n got %s\nwant %s", strings.TrimSpace(step), got, want)
		}
	}
}

func playAll(t *testing.T, table []transcript) {
	t.Helper()
	for _, tc := range table {
		t.Run(tc.name, func(t *testing.T) {
			x := newExchange(t, tc.filters, tc.limit, nil)
			if tc.request != nil {
				x.request = tc.request
			}
			x.play(tc.lines)
		})
	}
}

func dot(end bool) string {
	if end {
		return "."
	}
	return ""
}

// codecEnd is the exchange as its Downstream.
type codecEnd exchange

func (c *codecEnd) EncodeHeaders(h *header.Map, end bool) {
	c.codec.headers, c.codec.ended = h.Clone(), end
	(*exchange)(c).note("down.H:%s%s", h.Value(":status"), dot(end))
}

func (c *codecEnd) EncodeData(data []byte, end bool) {
	c.codec.body = append(c.codec.body, data...)
	c.codec.ended = end
	(*exchange)(c).note("down.D:%s%s", data, dot(end))
}

func (c *codecEnd) EncodeTrailers(t *header.Map) {
	c.codec.trailers, c.codec.ended = t.Clone(), true
	(*exchange)(c).note("down.T")
}

func (c *codecEnd) Reset(details string) { (*exchange)(c).note("down.reset:%s", details) }
func (c *codecEnd) ReadDisable(on bool)  { (*exchange)(c).note("down.%s", flow(on)) }

// routerEnd is the exchange as its Upstream.
type routerEnd exchange

func (r *routerEnd) DecodeHeaders(h *header.Map, end bool) {
	r.router.headers = h.Clone()
	(*exchange)(r).note("up.H%s", dot(end))
	if r.inUpstreamHeader != "" {
		(*exchange)(r).step(r.inUpstreamHeader)
	}
}

func (r *routerEnd) DecodeData(data []byte, end bool) {
	r.router.body = append(r.router.body, data...)
	(*exchange)(r).note("up.D:%s%s", data, dot(end))
}

func (r *routerEnd) DecodeTrailers(t *header.Map) {
	r.router.trailers = t.Clone()
	(*exchange)(r).note("up.T")
}

func (r *routerEnd) Reset()              { (*exchange)(r).note("up.reset") }
func (r *routerEnd) ReadDisable(on bool) { (*exchange)(r).note("up.%s", flow(on)) }

func flow(disabled bool) string {
	if disabled {
		return "pause"
	}
	return "resume"
}
