package abi

import (
	"context"
	"testing"
)

// BenchmarkHostCall compares entering the guest with one host call in it and with none.
func BenchmarkHostCall(b *testing.B) {
	for name, body := range map[string][]byte{
		"none":       {},
		"one header": join(callImport(0, 0, dataAt, 1, out1, out2), []byte{0x1a}),
	} {
		b.Run(name, func(b *testing.B) {
			runtime, err := NewRuntime(context.Background(), "")
			if err != nil {
				b.Fatal(err)
			}
			module, err := runtime.Compile(context.Background(), wasmModule{
				imports: []wasmFunction{{module: "env", name: "proxy_get_header_map_value", sig: "iiiii>i"}},
				exports: []wasmFunction{marker("0_2_100"), {name: "proxy_on_tick", sig: "i", body: body},
					{name: "proxy_on_memory_allocate", sig: "i>i", body: i32Const(8192)}},
				noMalloc: true,
			}.bytes("x"), Higress)
			if err != nil {
				b.Fatal(err)
			}
			vm, err := module.NewVM(VMOptions{Services: &fakeServices{}})
			if err != nil {
				b.Fatal(err)
			}
			id, err := vm.OnContextCreate(&fakeContext{headers: benchHeaders()}, 0)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := vm.OnTick(id); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSecondStart is a new process with a warm compilation cache: runtime, module, VM.
func BenchmarkSecondStart(b *testing.B) {
	dir, wasm := b.TempDir(), everyImport(Version02100, Higress).bytes("")
	for b.Loop() {
		runtime, err := NewRuntime(context.Background(), dir)
		if err != nil {
			b.Fatal(err)
		}
		module, err := runtime.Compile(context.Background(), wasm, Higress)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := module.NewVM(VMOptions{Services: &fakeServices{}}); err != nil {
			b.Fatal(err)
		}
		if err := runtime.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
