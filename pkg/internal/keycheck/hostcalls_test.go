package main

import (
	"context"
	"os"
	"reflect"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// countingHost is the least of a host that the module runs on: it notes each call of the module and knows request
// headers, properties and the configuration.
type countingHost struct {
	module     api.Module
	calls      []string
	values     map[string]string // headers and property paths
	config     string
	localReply bool
}

// compiledOnce keeps the machine code of the module for all tests.
var compiledOnce = wazero.NewCompilationCache()

const (
	statusOK       = 0
	statusNotFound = 1
)

// startHost runs the compiled plugin with a configuration.
func startHost(t *testing.T, config string) *countingHost {
	t.Helper()
	ctx := context.Background()
	binary, err := os.ReadFile(os.Getenv("WASM_FILE_PATH"))
	if err != nil {
		t.Fatal(err)
	}
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(compiledOnce))
	t.Cleanup(func() { _ = runtime.Close(ctx) })
	wasi_snapshot_preview1.MustInstantiate(ctx, runtime)
	compiled, err := runtime.CompileModule(ctx, binary)
	if err != nil {
		t.Fatal(err)
	}
	h := &countingHost{config: config, values: map[string]string{}}
	builder := runtime.NewHostModuleBuilder("env")
	for _, f := range compiled.ImportedFunctions() {
		module, name, _ := f.Import()
		if module != "env" {
			continue
		}
		builder.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, _ api.Module, stack []uint64) {
			stack[0] = h.call(name, stack)
		}), f.ParamTypes(), f.ResultTypes()).Export(name)
	}
	if _, err = builder.Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
	h.module, err = runtime.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	if err != nil {
		t.Fatal(err)
	}
	h.guest(t, "proxy_on_context_create", 1, 0)
	if h.guest(t, "proxy_on_configure", 1, uint64(len(config))) != 1 {
		t.Fatal("the plugin did not start")
	}
	return h
}

func (h *countingHost) guest(t *testing.T, name string, args ...uint64) uint64 {
	t.Helper()
	results, err := h.module.ExportedFunction(name).Call(context.Background(), args...)
	if err != nil {
		t.Fatal(err)
	}
	if len(results) == 0 {
		return 0
	}
	return results[0]
}

func (h *countingHost) text(ptr, size uint64) string {
	b, _ := h.module.Memory().Read(uint32(ptr), uint32(size))
	return string(b)
}

func (h *countingHost) answer(value string, ptr, size uint64) uint64 {
	at, _ := h.module.ExportedFunction("proxy_on_memory_allocate").Call(context.Background(), uint64(len(value)))
	h.module.Memory().Write(uint32(at[0]), []byte(value))
	h.module.Memory().WriteUint32Le(uint32(ptr), uint32(at[0]))
	h.module.Memory().WriteUint32Le(uint32(size), uint32(len(value)))
	return statusOK
}

func (h *countingHost) call(name string, p []uint64) uint64 {
	switch name {
	case "proxy_get_buffer_bytes":
		return h.answer(h.config, p[3], p[4])
	case "proxy_get_header_map_value":
		return h.lookup("header "+h.text(p[1], p[2]), p[3], p[4])
	case "proxy_get_property":
		return h.lookup("property "+h.text(p[0], p[1]), p[2], p[3])
	case "proxy_call_foreign_function":
		h.calls = append(h.calls, "foreign "+h.text(p[0], p[1]))
		return statusNotFound
	case "proxy_send_local_response":
		h.localReply = true
	}
	h.calls = append(h.calls, name)
	return statusOK
}

func (h *countingHost) lookup(what string, ptr, size uint64) uint64 {
	h.calls = append(h.calls, what)
	value, ok := h.values[what]
	if !ok {
		return statusNotFound
	}
	return h.answer(value, ptr, size)
}

// TestHostCalls states what a request costs. Crossing into the host is what a plugin pays for, so every call counts.
func TestHostCalls(t *testing.T) {
	const add = "proxy_add_header_map_value"
	const key = `"name":"x","keys":[{"key":"k","consumer":"c"}]`
	for _, c := range []struct {
		name, config string
		values       map[string]string
		want         [2][]string // the first request and the next ones
	}{
		{"no rules: nothing but the handler's own calls", `{` + key + `}`, nil,
			[2][]string{{"header x-api-key", add}, {"header x-api-key", add}}},
		{"rules by domain read the authority", `{"_rules_":[{"_match_domain_":["a.com"],` + key + `}]}`,
			map[string]string{"header :authority": "a.com"},
			[2][]string{{"header :authority", "header x-api-key", add}, {"header :authority", "header x-api-key", add}}},
		{"rules by route read the route", `{"_rules_":[{"_match_route_":["r"],` + key + `}]}`,
			map[string]string{"property route_name": "r"},
			[2][]string{{"property route_name", "header x-api-key", add}, {"property route_name", "header x-api-key", add}}},
		{"a host with xds properties only is remembered", `{"_rules_":[{"_match_route_":["r"],` + key + `}]}`,
			map[string]string{"property xds\x00route_name": "r"},
			[2][]string{{"property route_name", "property xds\x00route_name", "header x-api-key", add},
				{"property xds\x00route_name", "header x-api-key", add}}},
		{"a rule that matched saves the look-ups of later ones",
			`{"_rules_":[{"_match_domain_":["a.com"],` + key + `},{"_match_service_":["s.dns"],` + key + `}]}`,
			map[string]string{"header :authority": "a.com"},
			[2][]string{{"header :authority", "header x-api-key", add}, {"header :authority", "header x-api-key", add}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := startHost(t, c.config)
			h.values["header x-api-key"] = "k"
			for name, value := range c.values {
				h.values[name] = value
			}
			for i, want := range c.want {
				stream := uint64(10 + i)
				h.guest(t, "proxy_on_context_create", stream, 1)
				h.calls = nil
				if action := h.guest(t, "proxy_on_request_headers", stream, 4, 1); action != 0 || h.localReply {
					t.Fatalf("request %d was stopped with %d", i, action)
				}
				if !reflect.DeepEqual(h.calls, want) {
					t.Fatalf("request %d: got %q, want %q", i, h.calls, want)
				}
			}
		})
	}
}

func TestPhasesExport(t *testing.T) {
	h := startHost(t, `{"keys":[{"key":"k","consumer":"c"}]}`)
	if got := h.guest(t, "wasmplane_phases"); got != 1<<30|1 {
		t.Fatalf("got %b", got)
	}
}
