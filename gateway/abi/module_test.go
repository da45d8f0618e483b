package abi

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
)

func TestCompileChecks(t *testing.T) {
	export := func(name string, s signature, body ...byte) wasmFunction {
		return wasmFunction{name: name, sig: s, body: body}
	}
	importing := func(module, name string, s signature) wasmModule {
		return wasmModule{imports: []wasmFunction{{module: module, name: name, sig: s}},
			exports: []wasmFunction{marker("0_2_1")}}
	}
	tests := []struct {
		name    string
		module  wasmModule
		profile Profile
		problem string // "" loads
		version Version
	}{
		{"no marker", wasmModule{}, Higress, ErrUnknownVersion.Error(), 0},
		{"unknown marker", wasmModule{exports: []wasmFunction{marker("0_3_0")}}, Higress, ErrUnknownVersion.Error(), 0},
		{"first known marker counts", wasmModule{exports: []wasmFunction{marker("9_9_9"), marker("0_2_0"), marker("0_2_100")}}, Higress, "", Version020},
		{"both markers on Higress", wasmModule{exports: []wasmFunction{marker("0_2_100"), marker("0_2_1")}}, Higress, "", Version02100},
		{"both markers on Envoy", wasmModule{exports: []wasmFunction{marker("0_2_100"), marker("0_2_1")}}, Envoy, "", Version021},
		{"only 0.2.100 on Envoy", wasmModule{exports: []wasmFunction{marker("0_2_100")}}, Envoy, ErrUnknownVersion.Error(), 0},
		{"all imports, 0.1.0", everyImport(Version010, Higress), Higress, "", Version010},
		{"all imports, 0.2.0", everyImport(Version020, Higress), Higress, "", Version020},
		{"all imports, 0.2.100", everyImport(Version02100, Higress), Higress, "", Version02100},
		{"all imports of Envoy", everyImport(Version021, Envoy), Envoy, "", Version021},
		{"unknown function", importing("env", "proxy_teleport", "i>i"), Higress, "import env.proxy_teleport: unknown", 0},
		{"unknown module", importing("mars", "proxy_log", "iii>i"), Higress, "import mars.proxy_log: unknown", 0},
		{"other type", importing("env", "proxy_log", "ii>i"), Higress,
			"import env.proxy_log: has type (i32, i32) -> (i32), the host's is (i32, i32, i32) -> (i32)", 0},
		{"i32 metric offset", importing("env", "proxy_increment_metric", "ii>i"), Higress, "(i32, i64) -> (i32)", 0},
		{"standard path_rename", importing("wasi_snapshot_preview1", "path_rename", "iiiiii>i"), Higress, "path_rename: has type", 0},
		{"wasi_unstable", importing("wasi_unstable", "fd_seek", "iIii>i"), Higress, "", Version021},
		{"function of ABI 0.1.0", importing("env", "proxy_continue_request", ">i"), Higress, "proxy_continue_request: unknown", 0},
		{"redis on Higress", importing("env", "proxy_redis_call", "iiiii>i"), Higress, "", Version021},
		{"redis on Envoy", importing("env", "proxy_redis_call", "iiiii>i"), Envoy, "proxy_redis_call: unknown to a host of profile envoy", 0},
		{"upstream hosts on Envoy", importing("env", "proxy_get_upstream_hosts", "ii>i"), Envoy, "unknown", 0},
		{"a global", wasmModule{exports: []wasmFunction{marker("0_2_1")}, global: true}, Higress, "import env.base: the host offers functions only", 0},
		{"export of another type", wasmModule{exports: []wasmFunction{marker("0_2_1"), export("proxy_on_tick", "ii")}}, Higress,
			"export proxy_on_tick: has type (i32, i32) -> (), the host expects (i32) -> ()", 0},
		{"headers without end of stream in 0.1.0", wasmModule{exports: []wasmFunction{marker("0_1_0"),
			export("proxy_on_request_headers", "ii>i", 0x41, 0)}}, Higress, "", Version010},
		{"headers without end of stream in 0.2.1", wasmModule{exports: []wasmFunction{marker("0_2_1"),
			export("proxy_on_request_headers", "ii>i", 0x41, 0)}}, Higress, "export proxy_on_request_headers", 0},
	}
	runtime := testRuntime(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			module, err := runtime.Compile(context.Background(), test.module.bytes(""), test.profile)
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) {
					t.Fatalf("error %v, want %q", err, test.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if module.Version() != test.version {
				t.Errorf("version %s, want %s", module.Version(), test.version)
			}
			if err := module.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	for name, wasm := range map[string][]byte{"text": []byte("not wasm"), "truncated": wasmModule{}.bytes("")[:30]} {
		if _, err := runtime.Compile(context.Background(), wasm, Higress); err == nil || errors.Is(err, ErrUnknownVersion) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestCompiledCodeIsKeptOnDisk(t *testing.T) {
	dir, wasm := t.TempDir(), everyImport(Version02100, Higress).bytes("")
	for start := range 2 {
		runtime, err := NewRuntime(context.Background(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := runtime.Compile(context.Background(), wasm, Higress); err != nil {
			t.Fatalf("start %d: %v", start, err)
		}
		if err := runtime.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) == 0 {
			t.Fatalf("cache holds %v, error %v", entries, err)
		}
	}
	if _, err := NewRuntime(context.Background(), "/dev/null/cache"); err == nil || !strings.Contains(err.Error(), "/dev/null/cache") {
		t.Errorf("error %v, want one that names the directory", err)
	}
}
