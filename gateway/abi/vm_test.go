package abi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// newBareVM instantiates a module with services and, if it starts, a root context.
func newBareVM(t *testing.T, m wasmModule, profile Profile, options VMOptions) (*VM, error) {
	t.Helper()
	module, err := testRuntime(t).Compile(context.Background(), m.bytes("data"), profile)
	if err != nil {
		t.Fatal(err)
	}
	options.Services = &fakeServices{}
	vm, err := module.NewVM(options)
	if err != nil {
		return nil, err
	}
	var events []string
	if _, err := vm.OnContextCreate(&fakeContext{name: "root", events: &events}, 0); err != nil {
		return nil, err
	}
	return vm, nil
}

func TestActionsPerVersion(t *testing.T) {
	const stop, buffer, watermark = HeadersStopIteration, HeadersStopAllIterationAndBuffer, HeadersStopAllIterationAndWatermark
	tests := []struct {
		version string
		profile Profile
		keep    bool
		headers [6]HeadersAction
	}{
		{"0_1_0", Higress, false, [6]HeadersAction{0, watermark, 0, buffer, watermark, watermark}},
		{"0_2_0", Higress, false, [6]HeadersAction{0, watermark, 0, buffer, watermark, watermark}},
		{"0_2_1", Higress, false, [6]HeadersAction{0, watermark, 0, buffer, watermark, watermark}},
		{"0_2_1", Envoy, true, [6]HeadersAction{0, stop, 0, buffer, watermark, watermark}},
		{"0_2_100", Higress, false, [6]HeadersAction{0, stop, 0, buffer, watermark, watermark}},
	}
	data := [6]DataAction{DataContinue, DataStopIterationAndBuffer, DataStopIterationAndWatermark, DataStopIterationNoBuffer, DataStopIterationNoBuffer, DataStopIterationNoBuffer}
	trailers := [6]TrailersAction{TrailersContinue, TrailersStopIteration, TrailersStopIteration, TrailersStopIteration, TrailersStopIteration, TrailersStopIteration}
	for _, test := range tests {
		for n := range 6 {
			t.Run(fmt.Sprintf("%s %s %d", test.version, test.profile, n), func(t *testing.T) {
				headersType, body := signature("iii>i"), i32Const(int32(n))
				if test.version == "0_1_0" {
					headersType = "ii>i"
				}
				vm, err := newBareVM(t, wasmModule{exports: []wasmFunction{marker(test.version),
					{name: "proxy_on_request_headers", sig: headersType, body: body},
					{name: "proxy_on_response_headers", sig: headersType, body: body},
					{name: "proxy_on_request_body", sig: "iii>i", body: body},
					{name: "proxy_on_response_body", sig: "iii>i", body: body},
					{name: "proxy_on_request_trailers", sig: "ii>i", body: body},
					{name: "proxy_on_response_trailers", sig: "ii>i", body: body},
					{name: "proxy_on_request_metadata", sig: "ii>i", body: body},
					{name: "proxy_on_response_metadata", sig: "ii>i", body: body},
				}}, test.profile, VMOptions{KeepStopIteration: test.keep})
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range []func(uint32, int, bool) (HeadersAction, error){vm.OnRequestHeaders, vm.OnResponseHeaders} {
					if action, err := f(1, 0, false); err != nil || action != test.headers[n] {
						t.Errorf("headers: action %d, error %v, want %d", action, err, test.headers[n])
					}
				}
				for _, f := range []func(uint32, int, bool) (DataAction, error){vm.OnRequestBody, vm.OnResponseBody} {
					if action, err := f(1, 0, false); err != nil || action != data[n] {
						t.Errorf("data: action %d, error %v, want %d", action, err, data[n])
					}
				}
				for _, f := range []func(uint32, int) (TrailersAction, error){vm.OnRequestTrailers, vm.OnResponseTrailers,
					vm.OnRequestMetadata, vm.OnResponseMetadata} {
					if action, err := f(1, 0); err != nil || action != trailers[n] {
						t.Errorf("trailers: action %d, error %v, want %d", action, err, trailers[n])
					}
				}
			})
		}
	}
}

func TestMissingCallbacksAreHarmless(t *testing.T) {
	vm, err := newBareVM(t, wasmModule{exports: []wasmFunction{marker("0_2_1")}}, Higress, VMOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() (bool, error){
		"vm start":  func() (bool, error) { return vm.OnVMStart(1, nil) },
		"configure": func() (bool, error) { return vm.OnConfigure(1, nil) },
		"done":      func() (bool, error) { return vm.OnDone(1) },
	} {
		if yes, err := f(); !yes || err != nil {
			t.Errorf("%s: %t, %v, want true", name, yes, err)
		}
	}
	if action, err := vm.OnRequestHeaders(1, 0, false); action != HeadersContinue || err != nil {
		t.Errorf("headers: %d, %v", action, err)
	}
}

func TestTrapInAnyCallbackFailsTheVM(t *testing.T) {
	calls := map[string]func(vm *VM) error{
		"proxy_on_vm_start":            func(vm *VM) error { _, err := vm.OnVMStart(1, nil); return err },
		"proxy_on_configure":           func(vm *VM) error { _, err := vm.OnConfigure(1, nil); return err },
		"proxy_on_tick":                func(vm *VM) error { return vm.OnTick(1) },
		"proxy_on_request_headers":     func(vm *VM) error { _, err := vm.OnRequestHeaders(1, 0, false); return err },
		"proxy_on_request_body":        func(vm *VM) error { _, err := vm.OnRequestBody(1, 0, false); return err },
		"proxy_on_request_trailers":    func(vm *VM) error { _, err := vm.OnRequestTrailers(1, 0); return err },
		"proxy_on_response_headers":    func(vm *VM) error { _, err := vm.OnResponseHeaders(1, 0, false); return err },
		"proxy_on_response_body":       func(vm *VM) error { _, err := vm.OnResponseBody(1, 0, false); return err },
		"proxy_on_response_trailers":   func(vm *VM) error { _, err := vm.OnResponseTrailers(1, 0); return err },
		"proxy_on_http_call_response":  func(vm *VM) error { return vm.OnHTTPCallResponse(1, 4, HTTPCallResponse{}) },
		"proxy_on_redis_call_response": func(vm *VM) error { return vm.OnRedisCallResponse(1, 7, true, nil) },
		"proxy_on_queue_ready":         func(vm *VM) error { return vm.OnQueueReady(1, 1) },
		"proxy_on_foreign_function":    func(vm *VM) error { return vm.OnForeignFunction(1, 1, nil) },
		"proxy_on_done":                func(vm *VM) error { _, err := vm.OnDone(1); return err },
		"proxy_on_log":                 func(vm *VM) error { return vm.OnLog(1) },
		"proxy_on_delete":              func(vm *VM) error { return vm.OnDelete(1) },
		"proxy_on_context_create": func(vm *VM) error {
			_, err := vm.OnContextCreate(&fakeContext{}, 0)
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			var sig signature
			for _, g := range guestFunctions {
				if g.name == name {
					sig = g.signature
				}
			}
			var failures []error
			module, err := testRuntime(t).Compile(context.Background(), wasmModule{exports: []wasmFunction{
				marker("0_2_100"), {name: name, sig: sig, body: unreachable}}}.bytes(""), Higress)
			if err != nil {
				t.Fatal(err)
			}
			vm, err := module.NewVM(VMOptions{Services: &fakeServices{}, OnFailure: func(err error) { failures = append(failures, err) }})
			if err != nil {
				t.Fatal(err)
			}
			if err := call(vm); err == nil || !strings.Contains(err.Error(), name+": ") || !strings.Contains(err.Error(), "unreachable") {
				t.Errorf("error %v, want a trap in %s", err, name)
			}
			if err := call(vm); !errors.Is(err, ErrFailed) {
				t.Errorf("second call: error %v, want ErrFailed", err)
			}
			if len(failures) != 1 || vm.Err() == nil {
				t.Errorf("%d failures reported, VM error %v", len(failures), vm.Err())
			}
		})
	}
}

func TestCallsAtStart(t *testing.T) {
	logImport := wasmFunction{module: "env", name: "proxy_log", sig: "iii>i"}
	timeImport := wasmFunction{module: "env", name: "proxy_get_current_time_nanoseconds", sig: "i>i"}
	logs := join(callImport(0, 2, dataAt, 4), []byte{0x1a})
	asks := join(callImport(1, out1), []byte{0x1a})
	tests := []struct {
		name    string
		module  wasmModule
		problem string
		log     string
	}{
		{"initialize, then main", wasmModule{exports: []wasmFunction{{name: "main", sig: "ii>i", body: join(logs, i32Const(0))},
			{name: "_initialize", body: logs}, {name: "_start", body: unreachable}}}, "", "data data"},
		{"start without initialize, and no main then", wasmModule{exports: []wasmFunction{{name: "_start", body: logs},
			{name: "main", sig: "ii>i", body: unreachable}}}, "", "data"},
		{"host call in initialize", wasmModule{exports: []wasmFunction{{name: "_initialize", body: asks}}},
			"restricted callback: env.proxy_get_current_time_nanoseconds", ""},
		{"host call in main", wasmModule{exports: []wasmFunction{{name: "_initialize"}, {name: "main", sig: "ii>i",
			body: join(logs, asks, i32Const(0))}}}, "restricted callback", "data"},
		{"host call in a start section", wasmModule{start: asks}, "restricted callback", ""},
		{"a start section, then initialize", wasmModule{start: logs, exports: []wasmFunction{{name: "_initialize", body: logs}}}, "", "data data"},
		{"trap in start", wasmModule{exports: []wasmFunction{{name: "_start", body: unreachable}}}, "_start: ", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var lines []string
			m := test.module
			m.imports = []wasmFunction{logImport, timeImport}
			m.exports = append([]wasmFunction{marker("0_2_100")}, m.exports...)
			_, err := newBareVM(t, m, Higress, VMOptions{Log: func(_ LogLevel, text string) { lines = append(lines, text) }})
			if test.problem == "" && err != nil || test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)) {
				t.Errorf("error %v, want %q", err, test.problem)
			}
			if got := strings.Join(lines, " "); got != test.log {
				t.Errorf("logged %q, want %q", got, test.log)
			}
		})
	}
}

func TestNoAllocatorFailsTheVM(t *testing.T) {
	m := everyImport(Version02100, Higress)
	m.noMalloc = true
	w := newWorld(t, m, Higress)
	w.stream.properties["p"] = "v"
	if _, err := w.try("proxy_get_property", "p", out1, out2); err == nil || !strings.Contains(err.Error(), "missing function") {
		t.Errorf("error %v, want missing function", err)
	}
	if w.vm.Err() == nil {
		t.Error("the VM goes on")
	}
}

func TestProcExitTraps(t *testing.T) {
	w := newWorld(t, everyImport(Version02100, Higress), Higress)
	if _, err := w.try("proc_exit", 3); err == nil || !strings.Contains(err.Error(), "exited with code 3") {
		t.Errorf("error %v", err)
	}
	w.wantEvents("stream log error wasi_snapshot_preview1.proc_exit(3)")
}

// readerModule reads a map value or buffer in its call-out callbacks and logs it.
func TestCallOutDataIsReadableInTheCallbackOnly(t *testing.T) {
	read := join(
		callImport(0, 4, 0, 100, out1, out2), []byte{0x1a}, // body of an HTTP answer
		callImport(0, 9, 0, 100, out3, out3+4), []byte{0x1a}, // Redis reply
		callImport(1, 6, out3+8), []byte{0x1a}, // size of the answer's headers
		callImport(2, out3+12, out3+16, out3+20), []byte{0x1a})
	w := newWorld(t, wasmModule{imports: []wasmFunction{
		{module: "env", name: "proxy_get_buffer_bytes", sig: "iiiii>i"},
		{module: "env", name: "proxy_get_header_map_size", sig: "ii>i"},
		{module: "env", name: "proxy_get_status", sig: "iii>i"},
	}, exports: []wasmFunction{marker("0_2_100"),
		{name: "proxy_on_http_call_response", sig: "iiiii", body: read},
		{name: "proxy_on_redis_call_response", sig: "iiii", body: read},
		{name: "proxy_on_tick", sig: "i", body: read},
	}}, Higress)
	type seen struct{ body, reply, headers, status uint32 }
	look := func(call func() error) seen {
		t.Helper()
		for _, at := range []uint64{out1, out2, out3, out3 + 4, out3 + 8, out3 + 12} {
			w.vm.memory.WriteUint32Le(uint32(at), 0)
		}
		if err := call(); err != nil {
			t.Fatal(err)
		}
		return seen{w.u32(out2), w.u32(out3 + 4), w.u32(out3 + 8), w.u32(out3 + 12)}
	}
	answer := HTTPCallResponse{Headers: header.New([2]string{":status", "200"}), Body: []byte("hello")}
	tests := []struct {
		name string
		call func() error
		want seen
	}{
		{"answer", func() error { return w.vm.OnHTTPCallResponse(1, 4, answer) }, seen{body: 5, headers: 10}},
		{"after it", func() error { return w.vm.OnTick(1) }, seen{}},
		{"reset", func() error { return w.vm.OnHTTPCallResponse(1, 8, HTTPCallResponse{}) }, seen{status: 11}},
		{"after the reset", func() error { return w.vm.OnTick(1) }, seen{}},
		{"redis", func() error { return w.vm.OnRedisCallResponse(1, 7, true, []byte("+OK\r\n")) }, seen{reply: 5}},
		{"redis failure", func() error { return w.vm.OnRedisCallResponse(1, 7, false, nil) }, seen{}},
	}
	for _, test := range tests {
		if got := look(test.call); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestMemoryIsCappedAtOneGiB(t *testing.T) {
	vm, err := newBareVM(t, wasmModule{exports: []wasmFunction{marker("0_2_1"),
		{name: "grow", sig: "i>i", body: []byte{0x20, 0, 0x40, 0}}}}, Higress, VMOptions{})
	if err != nil {
		t.Fatal(err)
	}
	grow := func(pages uint64) uint32 {
		n, err := vm.run(vm.instance.ExportedFunction("grow"), "grow", 1, pages)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := grow(1); n != 2 || vm.MemorySize() != 3*64<<10 {
		t.Errorf("one page more: %d, memory %d", n, vm.MemorySize())
	}
	if n := grow(maxMemoryPages - 2); n != 0xffffffff {
		t.Errorf("a page over the cap: %d, want a refusal", int32(n))
	}
}

func TestEnteringARunningVMPanics(t *testing.T) {
	w := newWorld(t, everyImport(Version02100, Higress), Higress)
	refused := false
	w.stream.onAction = func(string) {
		defer func() { refused = recover() != nil }()
		_ = w.vm.OnLog(w.id)
	}
	w.vm.functions[guestLog] = w.vm.instance.ExportedFunction("x_proxy_log")
	w.want(w.call("proxy_log", 2, "x"), OK)
	if !refused {
		t.Error("the guest was entered while it ran")
	}
}
