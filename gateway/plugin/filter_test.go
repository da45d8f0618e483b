package plugin

import (
	"testing"

	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

func TestLifeOfAStream(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec(`
reqh: facts; ret 1
reqb: facts; ret 1
reqt: facts
resh: facts; ret 4
resb: facts; ret 3
rest: facts; ret 1
log: facts; getreq :path; getres :status; addreq a b`))
	e := f.exchange(p)
	f.want()
	if s := e.decodeHeaders(false); s != stream.HeadersStopIteration {
		t.Errorf("request headers: %d", s)
	}
	if s := e.decodeData(stream.NewBuffer([]byte("abc")), false); s != stream.DataStopIterationAndBuffer {
		t.Errorf("request data: %d", s)
	}
	if s := e.decodeTrailers(header.New([2]string{"t", "1"})); s != stream.TrailersContinue {
		t.Errorf("request trailers: %d", s)
	}
	if s := e.encodeHeaders(false); s != stream.HeadersStopAllIterationAndWatermark {
		t.Errorf("response headers: %d", s)
	}
	if s := e.encodeData(stream.NewBuffer([]byte("defg")), true); s != stream.DataStopIterationNoBuffer {
		t.Errorf("response data: %d", s)
	}
	e.finish()
	f.want("reqh [5 false]", "reqb [3 false]", "reqt [1]", "resh [1 false]", "resb [4 true]", "log []",
		"log getreq :path = /a?b=c", "log getres :status = 200",
		"log addreq a b = error: error status returned by host: bad argument")
}

func TestStreamThatEndedBeforeItsHeaders(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec("create: facts\nlog: facts"))
	e := f.exchange(p)
	e.finish()
	f.want("create []", "log []")
}

func TestHeaderAvailability(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec(`
reqh: addreq New v; getreq new; getres :status; reqbody
reqb: getreq :path; addreq late v; addreqt trailer 1; getreqt trailer
resh: getreq new; addreq late v; addreqt late v; addres r 1
resb: addres late v; addrest status 0; getres :status`))
	e := f.exchange(p)
	e.decodeHeaders(false)
	e.wantEvents("clear route")
	e.decodeData(stream.NewBuffer([]byte("x")), true)
	e.encodeHeaders(false)
	e.encodeData(stream.NewBuffer([]byte("x")), true)
	const bad = "error: error status returned by host: bad argument"
	f.want("reqh addreq New v = ", "reqh getreq new = v", "reqh getres :status = "+bad,
		"reqh reqbody = error: error status returned by host: not found",
		"reqb getreq :path = /a?b=c", "reqb addreq late v = "+bad, "reqb addreqt trailer 1 = ", "reqb getreqt trailer = 1",
		"resh getreq new = v", "resh addreq late v = "+bad, "resh addreqt late v = ", "resh addres r 1 = ",
		"resb addres late v = "+bad, "resb addrest status 0 = ", "resb getres :status = "+bad)
	if got := e.response.Value("r"); got != "1" {
		t.Errorf("response header r is %q", got)
	}
	if got := e.callbacks.responseTrailers.Value("status"); got != "0" {
		t.Errorf("created response trailer is %q", got)
	}
}

func TestHeldHeadersStayWritable(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec("reqh: ret 1\nreqb: addreq held v; resume req; addreq dropped v; ret 1"))
	e := f.exchange(p)
	e.decodeHeaders(false)
	e.decodeData(stream.NewBuffer(nil), false)
	f.want("reqb addreq held v = ", "reqb resume req = ", "reqb addreq dropped v = error: error status returned by host: bad argument")
	e.wantEvents("clear route") // and no resume from within the very callback
	if e.request.Value("held") != "v" || e.request.Has("dropped") {
		t.Errorf("headers %v", e.request.Pairs())
	}
}

func TestBodyBuffers(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec(`
reqh: call up; ret 1
reqb: reqbody; setreqbody NEW; ret 1
answer: reqbody; setreqbody ASYNC; resume req; reqbody
resh: ret 0
resb: resbody; setresbody R; ret 2`))
	e := f.exchange(p)
	e.decodeHeaders(false)
	body := stream.NewBuffer([]byte("chunk"))
	e.decodeData(body, false)
	if string(body.Bytes()) != "NEW" {
		t.Errorf("body %q", body.Bytes())
	}
	e.callbacks.decoding = body
	e.on(func() { f.callouts.http([][2]string{{":status", "200"}}, []byte("yes"), nil) })
	if string(body.Bytes()) != "ASYNC" {
		t.Errorf("body written by the answer: %q", body.Bytes())
	}
	e.wantEvents("continue decoding")
	e.encodeHeaders(false)
	response := stream.NewBuffer([]byte("one"))
	e.encodeData(response, true)
	if string(response.Bytes()) != "R" {
		t.Errorf("response %q", response.Bytes())
	}
	f.want("reqh call up = 4", "reqb reqbody = chunk", "reqb setreqbody NEW = ",
		"answer [[:status 200]] yes 0", "answer reqbody = NEW", "answer setreqbody ASYNC = ", "answer resume req = ",
		"answer reqbody = error: error status returned by host: not found",
		"resb resbody = one", "resb setresbody R = ")
}

func TestLocalReply(t *testing.T) {
	const first = `reply 403 "no" [[a b]] via_wasm::ns.guest::key missing grpc -1`
	tests := []struct {
		name, script string
		drive        func(e *exchange) (status, want any)
		events       []string
	}{
		{"from request headers, whose return value is ignored", "reqh: reply 403 key_missing no a b; ret 0",
			func(e *exchange) (any, any) {
				return e.decodeHeaders(true), stream.HeadersStopAllIterationAndWatermark
			},
			[]string{first}},
		{"from request data", "reqh: ret 1\nreqb: reply 403 key_missing no a b; ret 0",
			func(e *exchange) (any, any) {
				e.decodeHeaders(false)
				return e.decodeData(stream.NewBuffer(nil), true), stream.DataStopIterationNoBuffer
			}, []string{first}},
		{"from request trailers", "reqt: reply 403 key_missing no a b; ret 0",
			func(e *exchange) (any, any) {
				e.decodeHeaders(false)
				return e.decodeTrailers(header.New()), stream.TrailersStopIteration
			}, []string{first}},
		{"from response headers", "resh: reply 403 key_missing no a b; ret 0",
			func(e *exchange) (any, any) {
				e.decodeHeaders(true)
				return e.encodeHeaders(true), stream.HeadersStopAllIterationAndWatermark
			}, []string{first}},
		{"without details", "reqh: reply 200",
			func(e *exchange) (any, any) {
				return e.decodeHeaders(true), stream.HeadersStopAllIterationAndWatermark
			},
			[]string{`reply 200 "" [] via_wasm::ns.guest grpc -1`}},
		{"only the first counts", "reqh: reply 403 key_missing no a b; reply 500 other; resume req",
			func(e *exchange) (any, any) {
				return e.decodeHeaders(true), stream.HeadersStopAllIterationAndWatermark
			},
			[]string{first}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			e := f.exchange(f.load(f.spec(test.script)))
			if got, want := test.drive(e); got != want {
				t.Errorf("status %v, want %v", got, want)
			}
			e.wantEvents(test.events...)
		})
	}
}

func TestInjectedDataAndUpstream(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec(`reqh: hosts; override 10.0.0.1:80; call up; ret 4
answer: inject direct end; finject inject_encoded_data_to_filter_chain foreign
resb: resume res; inject one; finject inject_encoded_data_to_filter_chain two; finject inject_encoded_data_to_filter_chain_on_header three; ret 3`))
	e := f.exchange(p)
	e.decodeHeaders(true)
	e.on(func() { f.callouts.http([][2]string{{":status", "200"}}, nil, nil) })
	e.wantEvents("override 10.0.0.1:80", "inject direct true") // the foreign form acts on the root there
	e.encodeHeaders(false)
	e.encodeData(stream.NewBuffer([]byte("x")), false)
	f.take()
	e.wantEvents("inject one false", "inject two false", "inject three false")
}
