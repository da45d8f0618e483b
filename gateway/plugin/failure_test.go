package plugin

import (
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/stream"
)

const failed = `reply 503 "" [] wasm_fail_stream grpc 14`

func TestTrap(t *testing.T) {
	for _, open := range []bool{false, true} {
		f := newFixture(t)
		spec := f.spec("reqh: getreq fail\nreqb: panic\nresh: count")
		spec.FailOpen = open
		p := f.load(spec)
		bystander, victim := f.exchange(p), f.exchange(p)
		bystander.decodeHeaders(false)
		victim.decodeHeaders(false)
		f.take()
		wantData, wantHeaders := stream.DataStopIterationNoBuffer, stream.HeadersStopAllIterationAndWatermark
		var events []string
		if open {
			wantData, wantHeaders = stream.DataContinue, stream.HeadersContinue
		} else {
			events = []string{failed}
		}
		if s := victim.decodeData(stream.NewBuffer(nil), true); s != wantData {
			t.Errorf("fail open %t: victim's data status %d", open, s)
		}
		victim.wantEvents(events...)
		if s := victim.encodeHeaders(false); s != stream.HeadersContinue {
			t.Errorf("fail open %t: the failed plugin's own response callback: %d", open, s)
		}
		victim.wantEvents()
		if s := bystander.encodeHeaders(false); s != wantHeaders {
			t.Errorf("fail open %t: bystander's response status %d", open, s)
		}
		bystander.wantEvents(events...)
		f.wantContains("the VM failed on worker-0: proxy_on_request_body")
		f.wantMetric("wasm.wazero.failed", 1)

		// The first new stream recovers the VM; the next within a second does not.
		fresh := f.exchange(p)
		fresh.decodeHeaders(false)
		fresh.decodeData(stream.NewBuffer(nil), true)
		f.wantMetric("wasm.wazero.failed", 2)
		f.wantMetric("wasm.wazero.recovered", 1)
		pausing := f.exchange(p)
		if open {
			if pausing.filter != nil {
				t.Error("fail open: a filter during the pause")
			}
		} else {
			if s := pausing.decodeHeaders(true); s != stream.HeadersStopAllIterationAndWatermark {
				t.Errorf("status during the pause %d", s)
			}
			pausing.wantEvents(failed)
		}
		f.clock.advance(time.Second)
		f.take()
		again := f.exchange(p)
		again.decodeHeaders(false)
		f.want("recovered on worker-0", "reqh getreq fail = error: error status returned by host: not found")
		f.wantMetric("wasm.wazero.recovered", 2)
		for _, e := range []*exchange{bystander, victim, fresh, again} {
			e.finish()
		}
		f.wantMetric("wasm.wazero.active", 2)
	}
}

func TestTrapOutsideAStreamSendsNoReply(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec("reqh: call up; call up; ret 4\nanswer: panic"))
	paused := f.exchange(p)
	paused.decodeHeaders(true)
	paused.on(func() { f.callouts.http([][2]string{{":status", "200"}}, nil, nil) })
	paused.wantEvents()
	f.worker.loop.Do(func() {
		if f.callouts.cancelled != 1 {
			t.Errorf("%d outstanding calls dropped, want 1", f.callouts.cancelled)
		}
	})
	paused.finish()
	f.take()
	f.wantMetric("wasm.wazero.failed", 1)
}

func TestFailedPluginEndsAStreamWhoseReplyItCannotReplace(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec("reqb: panic"))
	e, other := f.exchange(p), f.exchange(p)
	e.decodeHeaders(false)
	other.decodeHeaders(false)
	other.decodeData(stream.NewBuffer(nil), true)
	e.callbacks.replied = true // by another plugin
	e.callbacks.info.ResponseCodeDetails = "via_wasm::ns.other"
	if s := e.encodeHeaders(false); s != stream.HeadersStopAllIterationAndWatermark {
		t.Errorf("status %d", s)
	}
	e.wantEvents("reset wasm_fail_stream")
}

func TestRebuild(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec("reqh: count; setprop wasm_need_rebuild true; prop wasm_need_rebuild\nresh: count"))
	running := f.exchange(p)
	running.decodeHeaders(true)
	f.want("reqh count = 1", "reqh setprop wasm_need_rebuild true = ",
		"reqh prop wasm_need_rebuild = error: error status returned by host: not found")
	f.clock.advance(time.Second)
	f.want("rebuilt on worker-0")
	f.wantMetric("wasm.wazero.rebuilt", 1)
	f.wantMetric("wasm.wazero.active", 3)
	second := f.exchange(p)
	second.decodeHeaders(true)
	f.wantContains("reqh count = 1")
	running.encodeHeaders(true)
	f.want("resh count = 2")
	f.clock.advance(time.Second) // marked again, but an old generation is alive
	f.want()
	running.finish()
	f.wantMetric("wasm.wazero.active", 2)
	f.clock.advance(time.Second)
	f.want("rebuilt on worker-0")
	second.finish()
	f.wantMetric("wasm.wazero.active", 2)
	p.Close()
	f.take()
	f.wantMetric("wasm.wazero.active", 0)
}

func TestRebuildByMemory(t *testing.T) {
	f := newFixture(t)
	f.host.options.MemoryThreshold = 64 << 20
	p := f.load(f.spec("reqh: grow 80"))
	e := f.exchange(p)
	e.decodeHeaders(true)
	e.finish()
	f.take()
	f.clock.advance(time.Second)
	f.want("rebuilt on worker-0")
	f.clock.advance(time.Second)
	f.want()
}

func TestFailedRebuildKeepsTheOldVM(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec("start: get poison; env X\nreqh: setprop wasm_need_rebuild 1; count"))
	f.exchange(p).decodeHeaders(true)
	f.take()
	p.spec.Configuration = []byte("start: ret 0") // the guest would refuse it now
	f.clock.advance(time.Second)
	f.wantContains("rebuild on worker-0: " + errConfigure.Error())
	f.wantMetric("wasm.wazero.rebuild_error", 1)
	f.exchange(p).decodeHeaders(true)
	f.wantContains("reqh count = 2")
}

func TestTrapEndsARootThatWaitsForItsDone(t *testing.T) {
	f := newFixture(t)
	p := f.load(f.spec("start: tick 1000\ntick: panic\nplugindone: ret 0"))
	p.Close()
	f.take()
	f.wantMetric("wasm.wazero.active", 2)
	f.clock.advance(time.Second)
	f.take()
	f.wantMetric("wasm.wazero.active", 0)
	f.wantMetric("wasm.wazero.failed", 2)
}
