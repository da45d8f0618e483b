package abi

import (
	"strings"
	"testing"
)

func TestHeaderFunctions(t *testing.T) {
	w := newWorld(t, everyImport(Version02100, Higress), Higress)
	tests := []struct {
		name   string
		call   func() Status
		status Status
		result string // of out1 and out2
		after  string // the map
	}{
		{"first value of a name in any case", func() Status { return w.call("proxy_get_header_map_value", 0, "X", out1, out2) }, OK, "1", ""},
		{"missing name", func() Status { return w.call("proxy_get_header_map_value", 0, "y", out1, out2) }, NotFound, "", ""},
		{"missing map, one", func() Status { return w.call("proxy_get_header_map_value", 2, "x", out1, out2) }, BadArgument, "", ""},
		{"unknown map", func() Status { return w.call("proxy_get_header_map_value", 8, "x", out1, out2) }, BadArgument, "", ""},
		{"name outside memory", func() Status { return w.call("proxy_get_header_map_value", 0, badAddr, 1, out1, out2) }, InvalidMemoryAccess, "", ""},
		{"result outside memory", func() Status { return w.call("proxy_get_header_map_value", 0, "x", badAddr, out2) }, InvalidMemoryAccess, "", ""},
		{"call-out map outside its callback", func() Status { return w.call("proxy_get_header_map_value", 6, "x", out1, out2) }, BadArgument, "", ""},
		{"call-out map outside its callback, pairs", func() Status { return w.call("proxy_get_header_map_pairs", 6, out1, out2) }, OK, "", ""},
		{"write to call-out map", func() Status { return w.call("proxy_add_header_map_value", 6, "x", "y") }, BadArgument, "", ""},
		{"pairs", func() Status { return w.call("proxy_get_header_map_pairs", 0, out1, out2) }, OK,
			string(EncodePairs([][2]string{{":path", "/a"}, {"x", "1"}, {"x", "2"}})), ""},
		{"pairs of a missing map", func() Status { return w.call("proxy_get_header_map_pairs", 2, out1, out2) }, OK, "", ""},
		{"add", func() Status { return w.call("proxy_add_header_map_value", 0, "Y", "3") }, OK, "", ":path=/a x=1 x=2 y=3"},
		{"replace leaves one", func() Status { return w.call("proxy_replace_header_map_value", 0, "x", "9") }, OK, "", ":path=/a x=9 y=3"},
		{"remove", func() Status { return w.call("proxy_remove_header_map_value", 0, "y") }, OK, "", ":path=/a x=9"},
		{"remove an absent name", func() Status { return w.call("proxy_remove_header_map_value", 0, "y") }, OK, "", ":path=/a x=9"},
		{"write outside memory", func() Status { return w.call("proxy_add_header_map_value", 0, "y", badAddr, 1) }, InvalidMemoryAccess, "", ":path=/a x=9"},
		{"write to a missing map", func() Status { return w.call("proxy_replace_header_map_value", 3, "y", "1") }, BadArgument, "", ""},
		{"set all", func() Status {
			return w.call("proxy_set_header_map_pairs", 0, string(EncodePairs([][2]string{{"B", "1"}, {"a", "2"}})))
		}, OK, "", "b=1 a=2"},
		{"malformed list removes everything", func() Status { return w.call("proxy_set_header_map_pairs", 0, "\x01\x00\x00\x00") }, OK, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w.t = t
			w.vm.memory.WriteUint64Le(out1, 0)
			w.want(test.call(), test.status)
			if got := w.result(); got != test.result {
				t.Errorf("result %q, want %q", got, test.result)
			}
			if test.after != "" {
				var entries []string
				for _, e := range w.stream.headers.Entries() {
					entries = append(entries, e.Name+"="+e.Value)
				}
				if got := strings.Join(entries, " "); got != test.after {
					t.Errorf("map %q, want %q", got, test.after)
				}
			}
		})
	}
	if n := w.stream.headers.Len(); n != 0 {
		t.Errorf("%d headers left after a malformed list, want 0", n)
	}
	w.t = t
	w.stream.headers.Append("abc", "de")
	w.want(w.call("proxy_get_header_map_size", 0, out1), OK)
	if n := w.u32(out1); n != 5 {
		t.Errorf("size %d, want 5", n)
	}
	w.want(w.call("proxy_get_header_map_size", 2, out1), BadArgument)
}

func TestBufferFunctions(t *testing.T) {
	const all = 1<<31 - 1
	reads := []struct {
		name          string
		buffer        int
		start, length int
		status        Status
		result        string
	}{
		{"everything", 0, 0, all, OK, "0123456789"},
		{"a part", 0, 2, 3, OK, "234"},
		{"clamped", 0, 8, 100, OK, "89"},
		{"beyond the end", 0, 20, 5, OK, ""},
		{"overflowing range", 0, 2, 0xffffffff, BadArgument, ""},
		{"absent buffer", 7, 0, all, NotFound, ""},
		{"unknown buffer", 10, 0, all, BadArgument, ""},
	}
	for _, test := range reads {
		t.Run("read "+test.name, func(t *testing.T) {
			w := newWorld(t, everyImport(Version02100, Higress), Higress)
			w.want(w.call("proxy_get_buffer_bytes", test.buffer, test.start, test.length, out1, out2), test.status)
			if got := w.result(); got != test.result {
				t.Errorf("result %q, want %q", got, test.result)
			}
		})
	}
	writes := []struct {
		name          string
		buffer        int
		start, length int
		status        Status
		after         string
	}{
		{"prepend", 0, 0, 0, OK, "NEW0123456789"},
		{"replace", 0, 0, all, OK, "NEW"},
		{"replace the first bytes", 0, 0, 4, OK, "NEW456789"},
		{"append at the end", 0, 10, 0, OK, "0123456789NEW"},
		{"append beyond the end", 0, all, 5, OK, "0123456789NEW"},
		{"in between", 0, 3, 2, BadArgument, "0123456789"},
		{"immutable", 1, 0, 0, BadArgument, "0123456789"},
		{"absent", 4, 0, 0, NotFound, "0123456789"},
	}
	for _, test := range writes {
		t.Run("write "+test.name, func(t *testing.T) {
			w := newWorld(t, everyImport(Version02100, Higress), Higress)
			w.want(w.call("proxy_set_buffer_bytes", test.buffer, test.start, test.length, "NEW"), test.status)
			if got := string(w.stream.body.data); got != test.after {
				t.Errorf("buffer %q, want %q", got, test.after)
			}
		})
	}
	w := newWorld(t, everyImport(Version02100, Higress), Higress)
	w.want(w.call("proxy_get_buffer_status", 0, out1, out2), OK)
	if w.u32(out1) != 10 || w.u32(out2) != 0 {
		t.Errorf("status %d, %d, want 10, 0", w.u32(out1), w.u32(out2))
	}
	w.want(w.call("proxy_get_buffer_status", 4, out1, out2), NotFound)
}

func TestCallouts(t *testing.T) {
	w := newWorld(t, everyImport(Version02100, Higress), Higress)
	headers := string(EncodePairs([][2]string{{":path", "/"}}))
	w.want(w.call("proxy_http_call", "c", headers, "body", "", 50, out1), OK)
	if token := w.u32(out1); token != 4 {
		t.Errorf("token %d, want 4", token)
	}
	w.want(w.call("proxy_redis_init", "c?db=1", "u", "p", 1000), OK)
	w.want(w.call("proxy_redis_call", "c", "PING", out1), OK)
	if token := w.u32(out1); token != 7 {
		t.Errorf("token %d, want 7", token)
	}
	w.wantEvents("root http c [[:path /]] body [] 50", "root redis init c?db=1 u p 1s", "root redis c PING")

	w.root.callStatus = InternalFailure
	w.want(w.call("proxy_http_call", "c", headers, "", "", -1, out1), InternalFailure)
	if token := w.u32(out1); token != 0 {
		t.Errorf("token of a refused http call %d, want 0", token)
	}
	w.vm.memory.WriteUint32Le(out1, 77)
	w.want(w.call("proxy_redis_call", "c", "PING", out1), InternalFailure)
	if token := w.u32(out1); token != 0 {
		t.Errorf("token of a refused redis call %d, want 0", token)
	}
	w.wantEvents("root http c [[:path /]]  [] -1", "root redis c PING")
	w.want(w.call("proxy_http_call", "c", headers, "", "", 0, badAddr), InvalidMemoryAccess)
	w.wantEvents()

	w.want(w.call("proxy_grpc_call", "", "", "", "", "", 0, out1), Unimplemented)
	w.want(w.call("proxy_grpc_stream", "", "", "", "", out1), Unimplemented)
	w.want(w.call("proxy_grpc_send", 5, "", 1), NotFound)
	w.want(w.call("proxy_grpc_cancel", 5), NotFound)
	w.want(w.call("proxy_grpc_close", 5), NotFound)
}

func TestSharedDataQueuesAndMetrics(t *testing.T) {
	w := newWorld(t, everyImport(Version02100, Higress), Higress)
	w.want(w.call("proxy_get_shared_data", "k", out1, out2, out3), NotFound)
	w.want(w.call("proxy_set_shared_data", "k", "v", 1), CasMismatch)
	w.want(w.call("proxy_set_shared_data", "k", "v", 0), OK)
	w.want(w.call("proxy_get_shared_data", "k", out1, out2, out3), OK)
	if w.result() != "v" || w.u32(out3) != 9 {
		t.Errorf("shared data %q, cas %d", w.result(), w.u32(out3))
	}
	w.want(w.call("proxy_get_shared_data", "k", out1, out2, badAddr), InvalidMemoryAccess)

	w.want(w.call("proxy_register_shared_queue", "q", out1), OK)
	w.wantEvents("root queue q")
	w.want(w.call("proxy_resolve_shared_queue", "", "known", out1), OK)
	w.want(w.call("proxy_resolve_shared_queue", "", "other", out1), NotFound)
	w.want(w.call("proxy_dequeue_shared_queue", 3, out1, out2), Empty)
	w.want(w.call("proxy_enqueue_shared_queue", 3, "item"), OK)
	w.want(w.call("proxy_dequeue_shared_queue", 3, badAddr, out2), InvalidMemoryAccess)
	w.want(w.call("proxy_dequeue_shared_queue", 3, out1, out2), OK)
	if w.result() != "item" {
		t.Errorf("item %q", w.result())
	}

	w.want(w.call("proxy_define_metric", 3, "m", out1), BadArgument)
	w.want(w.call("proxy_define_metric", 1, "m", out1), OK)
	if id := w.u32(out1); id != 5 {
		t.Errorf("metric id %d, want 5", id)
	}
	w.want(w.call("proxy_increment_metric", 5, -5), OK)
	w.want(w.call("proxy_record_metric", 5, 1<<40), OK)
	w.want(w.call("proxy_get_metric", 4, out1), OK)
	if v, _ := w.vm.memory.ReadUint64Le(out1); v != 1<<40 {
		t.Errorf("metric %d, want %d", v, 1<<40)
	}
	w.want(w.call("proxy_get_metric", 8, out1), NotFound)
}

func TestPropertiesAndForeignFunctions(t *testing.T) {
	w := newWorld(t, everyImport(Version02100, Higress), Higress)
	w.want(w.call("proxy_set_property", "a\x00b\x00", "v"), OK)
	w.want(w.call("proxy_get_property", "a\x00b", out1, out2), OK)
	if w.result() != "v" {
		t.Errorf("property %q: a final zero byte of the path counts", w.result())
	}
	w.want(w.call("proxy_get_property", "c", out1, out2), NotFound)
	w.want(w.call("proxy_set_property", "empty", ""), OK)
	w.vm.memory.WriteUint64Le(out1, 1<<40|1)
	w.want(w.call("proxy_get_property", "empty", out1, out2), OK)
	if w.u32(out1) != 0 || w.u32(out2) != 0 {
		t.Errorf("empty value is %d, %d, want a null pointer", w.u32(out1), w.u32(out2))
	}
	w.want(w.call("proxy_call_foreign_function", "echo", "arg", out1, out2), OK)
	if w.result() != "arg" {
		t.Errorf("foreign result %q", w.result())
	}
	w.want(w.call("proxy_call_foreign_function", "nothing", "", out1, out2), NotFound)
	w.wantEvents("stream foreign echo arg", "stream foreign nothing ")
	w.want(w.call("proxy_get_upstream_hosts", out1, out2), OK)
	if want := string(EncodePairs([][2]string{{"10.0.0.1:80", "{}"}})); w.result() != want {
		t.Errorf("hosts %q, want %q", w.result(), want)
	}
	w.want(w.call("proxy_set_upstream_override_host", "1.2.3.4:5"), OK)
	w.wantEvents("stream override 1.2.3.4:5")
}

func TestSystemFunctions(t *testing.T) {
	w := newWorld(t, everyImport(Version02100, Higress), Higress)
	w.want(w.call("proxy_log", 6, "x"), BadArgument)
	w.want(w.call("proxy_log", 5, "x"), OK)
	w.wantEvents("stream log critical x")
	w.want(w.call("proxy_get_log_level", out1), OK)
	if LogLevel(w.u32(out1)) != LogWarn {
		t.Errorf("log level %d", w.u32(out1))
	}
	w.want(w.call("proxy_get_current_time_nanoseconds", out1), OK)
	if now, _ := w.vm.memory.ReadUint64Le(out1); now != 5e9+7 {
		t.Errorf("time %d", now)
	}
	w.want(w.call("proxy_get_status", out1, out2, out3), OK)
	if w.u32(out1) != 0 || w.u32(out2) != 0 || w.u32(out3) != 0 {
		t.Error("a status where there was none")
	}
	w.want(w.call("pthread_equal", 3, 3), 1)
	w.want(w.call("pthread_equal", 3, 4), 0)
	w.want(w.call("proxy_done"), NotFound)
	w.root.donePend = true
	w.want(w.call("proxy_done"), OK)
	w.want(w.call("proxy_set_tick_period_milliseconds", 250), OK)
	w.wantEvents("root tick 250ms")
}

func TestDeferredActionsRunInCallOrderAfterReturn(t *testing.T) {
	m := wasmModule{
		imports: []wasmFunction{
			{module: "env", name: "proxy_send_local_response", sig: "iiiiiiii>i"},
			{module: "env", name: "proxy_continue_stream", sig: "i>i"},
			{module: "env", name: "proxy_close_stream", sig: "i>i"},
			{module: "env", name: "proxy_log", sig: "iii>i"},
			{module: "env", name: "proxy_inject_encoded_data_to_filter_chain", sig: "iii>i"},
		},
		exports: []wasmFunction{marker("0_2_100"), {name: "proxy_on_request_headers", sig: "iii>i", body: join(
			callImport(0, 403, dataAt, 4, dataAt, 2, 0, 0, -1), []byte{0x1a},
			callImport(1, 1), []byte{0x1a},
			callImport(2, 0), []byte{0x1a},
			callImport(4, dataAt, 4, 1), []byte{0x1a},
			callImport(1, 9), []byte{0x1a},
			callImport(1, 3), []byte{0x1a},
			callImport(3, 2, dataAt, 4), []byte{0x1a},
			i32Const(3))}},
	}
	w := newWorld(t, m, Higress)
	w.stream.onAction = func(text string) {
		during := strings.Contains(text, "log") || strings.Contains(text, "release")
		if w.vm.Running() != during {
			t.Errorf("%q: guest running %t, want %t", text, w.vm.Running(), during)
		}
	}
	action, err := w.vm.OnRequestHeaders(w.id, 3, true)
	if err != nil || action != HeadersStopAllIterationAndBuffer {
		t.Fatalf("action %d, error %v", action, err)
	}
	w.wantEvents("stream release", "stream log info data", "stream inject data true",
		"stream reply 403 data da [] -1", "stream continue 1", "stream close 0")
}

func TestEnumsOfStreamFunctions(t *testing.T) {
	w := newWorld(t, everyImport(Version02100, Higress), Higress)
	w.want(w.call("proxy_continue_stream", 3), Unimplemented)
	w.want(w.call("proxy_continue_stream", 4), BadArgument)
	w.want(w.call("proxy_close_stream", 4), BadArgument)
	w.want(w.call("proxy_set_effective_context", 99), BadArgument)
	w.wantEvents()
	w.want(w.call("proxy_continue_stream", 0), OK)
	w.want(w.call("proxy_close_stream", 1), OK)
	w.wantEvents("stream release", "stream continue 0", "stream close 1")
}

func TestEffectiveContext(t *testing.T) {
	callbacks := []wasmFunction{
		{module: "env", name: "proxy_set_effective_context", sig: "i>i"},
		{module: "env", name: "proxy_log", sig: "iii>i"},
		{module: "env", name: "proxy_call_foreign_function", sig: "iiiiii>i"},
		{module: "env", name: "proxy_continue_stream", sig: "i>i"},
	}
	logData := join(callImport(1, 2, dataAt, 4), []byte{0x1a})
	w := newWorld(t, wasmModule{imports: callbacks, exports: []wasmFunction{marker("0_2_100"),
		{name: "proxy_on_tick", sig: "i", body: join(logData, callImport(0, 2), []byte{0x1a}, logData,
			callImport(2, dataAt, 4, 0, 0, out1, out2), []byte{0x1a}, callImport(3, 0), []byte{0x1a})},
		{name: "proxy_on_queue_ready", sig: "ii", body: logData},
	}}, Higress)
	if err := w.vm.OnTick(1); err != nil {
		t.Fatal(err)
	}
	w.wantEvents("root log info data", "stream log info data", "root foreign data ", "stream release", "stream continue 0")
	if err := w.vm.OnQueueReady(1, 3); err != nil {
		t.Fatal(err)
	}
	w.wantEvents("root log info data") // every call starts with it cleared
	if err := w.vm.OnDelete(2); err != nil {
		t.Fatal(err)
	}
	if err := w.vm.OnTick(1); err != nil {
		t.Fatal(err)
	}
	w.wantEvents("root log info data", "root log info data", "root foreign data ", "root release", "root continue 0")
}

func TestFunctionsOfTheOldestABI(t *testing.T) {
	w := newWorld(t, everyImport(Version010, Higress), Higress)
	w.want(w.call("proxy_continue_request"), OK)
	w.want(w.call("proxy_continue_response"), OK)
	w.want(w.call("proxy_clear_route_cache"), OK)
	w.want(w.call("proxy_get_configuration", out1, out2), NotFound)
	w.wantEvents("stream release", "stream continue 0", "stream release", "stream continue 1", "stream clear route")
}

func TestConfigurationIsReadableInItsCallbackOnly(t *testing.T) {
	read := func(result ...byte) []byte {
		return join(callImport(0, 6, 0, 100, out1, out2), []byte{0x1a}, callImport(0, 7, 0, 100, out1, out3), []byte{0x1a},
			callImport(1, out1, out3+4), []byte{0x1a}, result)
	}
	w := newWorld(t, wasmModule{imports: []wasmFunction{
		{module: "env", name: "proxy_get_buffer_bytes", sig: "iiiii>i"},
		{module: "env", name: "proxy_get_configuration", sig: "ii>i"},
	}, exports: []wasmFunction{marker("0_1_0"),
		{name: "proxy_on_vm_start", sig: "ii>i", body: read(i32Const(1)...)},
		{name: "proxy_on_configure", sig: "ii>i", body: read(i32Const(0)...)},
		{name: "proxy_on_tick", sig: "i", body: read()},
	}}, Higress)
	type sizes struct{ vm, plugin, either uint32 }
	tests := []struct {
		name string
		call func() (bool, error)
		yes  bool
		want sizes
	}{
		{"vm start", func() (bool, error) { return w.vm.OnVMStart(1, []byte("abc")) }, true, sizes{vm: 3, either: 3}},
		{"configure", func() (bool, error) { return w.vm.OnConfigure(1, []byte("abcde")) }, false, sizes{plugin: 5, either: 5}},
		{"no configuration", func() (bool, error) { return w.vm.OnConfigure(1, nil) }, false, sizes{}},
		{"tick", func() (bool, error) { return true, w.vm.OnTick(1) }, true, sizes{}},
	}
	for _, test := range tests {
		for _, at := range []uint32{out2, out3, out3 + 4} {
			w.vm.memory.WriteUint32Le(at, 0)
		}
		yes, err := test.call()
		if yes != test.yes || err != nil {
			t.Errorf("%s: %t, %v, want %t", test.name, yes, err, test.yes)
		}
		if got := (sizes{w.u32(out2), w.u32(out3), w.u32(out3 + 4)}); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}
