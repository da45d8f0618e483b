package plugin

import (
	"strings"
	"testing"
)

func (f *fixture) wantCalls(want ...string) {
	f.t.Helper()
	var got []string
	f.worker.loop.Do(func() { got, f.callouts.events = f.callouts.events, nil })
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		f.t.Errorf("call-outs:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestHTTPCallOut(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec("reqh: call nowhere; call up bare; call up negative; call down; call up; ret 4\nanswer: getreq :path; resume req"))
	e := f.exchange(p)
	e.decodeHeaders(true)
	const bad = "error: error status returned by host: bad argument"
	f.want("reqh call nowhere = "+bad, "reqh call up bare = "+bad, "reqh call up negative = "+bad,
		"reqh call down = error: error status returned by host: internal failure", "reqh call up = 4")
	f.wantCalls("up [[:method GET] [:path /] [:authority auth]] q 500ms")
	answer := func() { f.callouts.http([][2]string{{":status", "200"}}, []byte("body"), [][2]string{{"t", "1"}}) }
	e.on(answer)
	f.want("answer [[:status 200]] body 1", "answer getreq :path = /a?b=c", "answer resume req = ")
	e.wantEvents("continue decoding")
	e.on(answer)
	f.want() // a token is good once
}

func TestResetOfACallOut(t *testing.T) {
	f := newFixture(t)
	e := f.exchange(f.load(f.spec("reqh: call up; ret 4")))
	e.decodeHeaders(true)
	f.take()
	e.on(func() { f.callouts.http(nil, nil, nil) })
	lines := f.take()
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "answer [") || !strings.HasSuffix(lines[0], " 0") {
		t.Errorf("log %q", lines)
	}
}

func TestAnswerForAStreamThatIsGone(t *testing.T) {
	f := newFixture(t)
	e := f.exchange(f.load(f.spec("reqh: call up; ret 4\nanswer: resume req")))
	e.decodeHeaders(true)
	e.finish()
	f.take()
	e.on(func() { f.callouts.http([][2]string{{":status", "200"}}, nil, nil) })
	e.wantEvents()
	f.worker.loop.Do(func() {
		if f.callouts.cancelled != 0 {
			t.Errorf("%d calls cancelled with their stream", f.callouts.cancelled)
		}
	})
}

func TestCallOutsAreCancelledWithTheirRoot(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec("reqh: call up"))
	e := f.exchange(p)
	e.decodeHeaders(true)
	e.finish()
	p.Close()
	f.take()
	f.worker.loop.Do(func() {
		if f.callouts.cancelled != 1 {
			t.Errorf("%d calls cancelled, want 1", f.callouts.cancelled)
		}
		f.callouts.http([][2]string{{":status", "200"}}, nil, nil)
	})
	f.want()
}

func TestRedisCallOut(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec("reqh: redisinit nowhere; redisinit up?db=1; redis nowhere; redis down; redis up; redis up; ret 4"))
	e := f.exchange(p)
	e.decodeHeaders(true)
	const bad = "error: error status returned by host: bad argument"
	f.want("reqh redisinit nowhere = "+bad, "reqh redisinit up?db=1 = ", "reqh redis nowhere = "+bad,
		"reqh redis down = error: error status returned by host: internal failure", "reqh redis up = 7", "reqh redis up = 11")
	f.wantCalls("init up?db=1 u p 1s", `up "*1\r\n$4\r\nPING\r\n"`, `up "*1\r\n$4\r\nPING\r\n"`)
	e.on(func() { f.callouts.redis(false, nil) })
	f.want(`reply 1 ""`)
}
