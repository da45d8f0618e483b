package plugin

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

// wire is both ends of a stream: it records what arrives at either.
type wire struct{ events []string }

type downstream struct{ *wire }

func (w *wire) event(format string, a ...any) { w.events = append(w.events, fmt.Sprintf(format, a...)) }

func (d downstream) EncodeHeaders(h *header.Map, end bool) {
	d.event("down %s %s %t", h.Value(":status"), h.Value("seen"), end)
}
func (d downstream) EncodeData(data []byte, end bool) { d.event("down %s %t", data, end) }
func (d downstream) EncodeTrailers(t *header.Map)     { d.event("down trailers %v", t.Pairs()) }
func (d downstream) Reset(details string)             { d.event("down reset %s", details) }
func (d downstream) ReadDisable(bool)                 {}

type upstream struct{ *wire }

func (u upstream) DecodeHeaders(h *header.Map, end bool) {
	u.event("up %s %s %t", h.Value(":path"), h.Value("seen"), end)
}
func (u upstream) DecodeData(data []byte, end bool) { u.event("up %s %t", data, end) }
func (u upstream) DecodeTrailers(t *header.Map)     { u.event("up trailers %v", t.Pairs()) }
func (u upstream) Reset()                           { u.event("up reset") }
func (u upstream) ReadDisable(bool)                 {}

// chain runs a stream through plugins on the worker's loop.
func (f *fixture) chain(w *wire, plugins []*Plugin, drive func(s *stream.Stream)) []string {
	f.worker.loop.Do(func() {
		var filters []stream.FilterFactory
		for _, p := range plugins {
			filters = append(filters, p.Factory(f.worker))
		}
		drive(stream.New(stream.Config{Filters: filters, Downstream: downstream{w}, BufferLimit: 1000,
			NewUpstream: func(*stream.Stream) stream.Upstream { return upstream{w} },
			Route: func(*header.Map, *stream.Info) *stream.Route {
				return &stream.Route{Name: "r", Cluster: "up"}
			}, Worker: f.worker, After: f.worker.loop.After}))
	})
	return w.events
}

func getHeaders() *header.Map {
	return header.New([2]string{":method", "GET"}, [2]string{":path", "/"}, [2]string{":authority", "a"}, [2]string{":scheme", "http"})
}

// Two plugins of one module share a VM, so everything that one of them causes for the other must wait until the guest
// returned.
func TestPluginsInOneVMOnARealChain(t *testing.T) {
	tests := []struct {
		name        string
		one, two    string // scripts, in chain order
		drive       func(f *fixture, s *stream.Stream)
		events, log string
	}{
		{"headers through both", "reqh: addreq seen 1\nresh: addres seen 2", "reqh: addreq seen 2\nresh: addres seen 1",
			func(_ *fixture, s *stream.Stream) {
				s.OnRequestHeaders(getHeaders(), true)
				s.OnUpstreamHeaders(header.New([2]string{":status", "200"}), true)
			},
			"up / 1 true; down 200 1 true", "reqh addreq seen 1 = ; reqh addreq seen 2 = ; resh addres seen 1 = ; resh addres seen 2 = "},
		{"a reply passes those before it", "resh: getres :status", "reqh: reply 403 no body",
			func(_ *fixture, s *stream.Stream) { s.OnRequestHeaders(getHeaders(), true) },
			"down 403  false; down body true", "reqh reply 403 no body = ; resh getres :status = 403"},
		{"injected data passes those before it", "resb: resbody", "resb: inject mine; ret 3",
			func(_ *fixture, s *stream.Stream) {
				s.OnRequestHeaders(getHeaders(), true)
				s.OnUpstreamHeaders(header.New([2]string{":status", "200"}), false)
				s.OnUpstreamData([]byte("theirs"), false)
			},
			"up /  true; down 200  false; down mine false", "resb inject mine = ; resb resbody = mine"},
		{"an answer resumes", "reqh: call up; ret 4\nanswer: resume req", "reqh: facts",
			func(f *fixture, s *stream.Stream) {
				s.OnRequestHeaders(getHeaders(), true)
				f.callouts.http([][2]string{{":status", "200"}}, nil, nil)
			},
			"up /  true", "reqh call up = 4; answer [[:status 200]]  0; answer resume req = ; reqh [4 true]"},
		{"an answer lowers the limit below what is held", "resh: getres :status", "reqh: call up; ret 3\nanswer: setprop set_decoder_buffer_limit 2",
			func(f *fixture, s *stream.Stream) {
				s.OnRequestHeaders(getHeaders(), false)
				s.OnRequestData([]byte("12345"), false)
				f.callouts.http([][2]string{{":status", "200"}}, nil, nil)
			},
			"down 413  false; down Payload Too Large true",
			"reqh call up = 4; answer [[:status 200]]  0; answer setprop set_decoder_buffer_limit 2 = ; resh getres :status = 413"},
		{"a trap refuses", "resh: getres :status", "reqh: panic",
			func(_ *fixture, s *stream.Stream) { s.OnRequestHeaders(getHeaders(), true) },
			"down 503  true", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			plugins := []*Plugin{f.load(f.spec(test.one)), f.load(f.spec(test.two))}
			events := f.chain(&wire{}, plugins, func(s *stream.Stream) { test.drive(f, s) })
			if got := strings.Join(events, "; "); got != test.events {
				t.Errorf("events %q, want %q", got, test.events)
			}
			if got := strings.Join(f.take(), "; "); test.log != "" && got != test.log {
				t.Errorf("log %q, want %q", got, test.log)
			}
		})
	}
}
