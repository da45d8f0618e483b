package module

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
)

// assemble encodes a module with functions that take nothing, return an i32 and hold one constant.
func assemble(exports map[string]int32, order ...string) []byte {
	m := []byte("\x00asm\x01\x00\x00\x00")
	add := func(id byte, body []byte) {
		m = append(m, id)
		m = appendU32(m, uint32(len(body)))
		m = append(m, body...)
	}
	add(sectionType, []byte{2, 0x60, 0, 1, 0x7f, 0x60, 1, 0x7f, 1, 0x7f})
	imports := appendU32(nil, 2)
	for _, name := range []string{"proxy_log", "proxy_done"} {
		imports = append(appendName(appendName(imports, "env"), name), kindFunction, 0)
	}
	add(sectionImport, imports)
	functions, code, list := appendU32(nil, uint32(len(order))), appendU32(nil, uint32(len(order))), appendU32(nil, uint32(len(order)))
	for i, name := range order {
		functions = append(functions, 0)
		body := []byte{0, 0x41}
		for v := exports[name]; ; {
			b := byte(v & 0x7f)
			v >>= 7
			if v == 0 && b&0x40 == 0 || v == -1 && b&0x40 != 0 {
				body = append(body, b)
				break
			}
			body = append(body, b|0x80)
		}
		body = append(body, 0x0b)
		code = append(appendU32(code, uint32(len(body))), body...)
		list = appendU32(append(appendName(list, name), kindFunction), uint32(i+2))
	}
	add(sectionFunction, functions)
	add(sectionExport, list)
	add(sectionCode, code)
	return m
}

func exportNames(t *testing.T, code []byte) []string {
	t.Helper()
	m, err := Parse(code)
	require.NoError(t, err)
	var names []string
	for _, e := range m.Exports {
		names = append(names, e.Name)
	}
	return names
}

var everything = []string{"proxy_on_log", "proxy_on_done", "proxy_on_delete", "proxy_on_tick", "proxy_on_context_create",
	"proxy_on_request_headers", "proxy_on_request_body", "proxy_on_request_trailers", "proxy_on_response_headers",
	"proxy_on_response_body", "proxy_on_response_trailers", "proxy_on_http_call_response", "proxy_on_new_connection",
	"proxy_on_downstream_data", "proxy_on_upstream_data", "proxy_on_downstream_connection_close",
	"proxy_on_upstream_connection_close", "proxy_abi_version_0_2_100", "wasmplane_phases"}

func TestLinkKeepsWhatThePhasesNeed(t *testing.T) {
	const headers = "proxy_on_request_headers"
	always := []string{"proxy_abi_version_0_2_100", "proxy_abi_version_0_2_1", "proxy_on_delete", "proxy_on_tick",
		"proxy_on_context_create", "proxy_on_http_call_response", "wasmplane_phases"}
	tests := []struct {
		name   string
		phases Phases
		more   []string
	}{
		{"no streams", 0, nil},
		{"request headers only", RequestHeaders, []string{headers}},
		{"a buffered request body", RequestHeaders | RequestBodyBuffered | RequestTrailers, []string{headers, "proxy_on_request_body", "proxy_on_request_trailers"}},
		{"a streamed request body", RequestHeaders | RequestBodyStreaming, []string{headers, "proxy_on_request_body"}},
		{"response headers", RequestHeaders | ResponseHeaders, []string{headers, "proxy_on_response_headers"}},
		{"a response body", RequestHeaders | ResponseHeaders | ResponseBodyBuffered | ResponseTrailers, []string{headers, "proxy_on_response_headers", "proxy_on_response_body", "proxy_on_response_trailers"}},
		{"a streamed response body", RequestHeaders | ResponseBodyStreaming, []string{headers, "proxy_on_response_headers", "proxy_on_response_body"}},
		{"route calls", RequestHeaders | RouteCall, []string{headers, "proxy_on_response_headers", "proxy_on_response_body", "proxy_on_response_trailers"}},
		{"the end of the stream", RequestHeaders | StreamDone, []string{headers, "proxy_on_log"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code := assemble(map[string]int32{phasesExport: int32(tt.phases | phasesKnown)}, everything...)
			linked, err := Link(context.Background(), code, Metadata{Name: "p", Version: "1"})
			require.NoError(t, err)
			assert.ElementsMatch(t, append(slices.Clone(always), tt.more...), exportNames(t, linked))
			assert.Equal(t, []string{"proxy_abi_version_0_2_100", "proxy_abi_version_0_2_1"}, exportNames(t, linked)[:2], "a host takes the first marker that it knows")

			m, err := Parse(linked)
			require.NoError(t, err)
			meta, ok, err := m.ReadMetadata()
			require.NoError(t, err)
			require.True(t, ok)
			assert.Equal(t, Metadata{Name: "p", Version: "1", Phases: tt.phases.Names(), HostFunctions: []string{"proxy_done", "proxy_log"}}, meta)
			loads(t, linked)
		})
	}
}

// loads checks that another reader accepts the module.
func loads(t *testing.T, code []byte) {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	_, err := r.CompileModule(ctx, code)
	require.NoError(t, err)
}

func TestLinkIsDeterministicAndIdempotent(t *testing.T) {
	code := assemble(map[string]int32{phasesExport: int32(RequestHeaders | phasesKnown)}, everything...)
	before := slices.Clone(code)
	first, err := Link(context.Background(), code, Metadata{Name: "p"})
	require.NoError(t, err)
	second, err := Link(context.Background(), code, Metadata{Name: "p"})
	require.NoError(t, err)
	again, err := Link(context.Background(), first, Metadata{Name: "p"})
	require.NoError(t, err)
	assert.Equal(t, first, second)
	assert.Equal(t, first, again)
	assert.Equal(t, before, code, "the input is left alone")
}

func TestForeignModulesKeepTheirExports(t *testing.T) {
	code := assemble(nil, "proxy_abi_version_0_2_0", "proxy_on_log", "proxy_on_response_body")
	linked, err := Link(context.Background(), code, Metadata{Name: "rust"})
	require.NoError(t, err)
	assert.Equal(t, []string{"proxy_abi_version_0_2_0", "proxy_on_log", "proxy_on_response_body"}, exportNames(t, linked))
	m, err := Parse(linked)
	require.NoError(t, err)
	meta, ok, err := m.ReadMetadata()
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Empty(t, meta.Phases)
}

func TestLinkRefuses(t *testing.T) {
	tests := []struct {
		name string
		code []byte
		want string
	}{
		{"what is no module", []byte("#!/bin/sh"), "not a wasm module of version 1"},
		{"half a module", assemble(nil, "proxy_on_log")[:40], "the module ends in the middle of something"},
		{"a plugin that did not register", assemble(map[string]int32{phasesExport: 0}, everything...), "the plugin did not register with wrapper.SetCtx"},
		{"a plugin without a marker", assemble(map[string]int32{phasesExport: int32(phasesKnown)}, "wasmplane_phases", "proxy_on_log"), "the module exports no ABI marker"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Link(context.Background(), tt.code, Metadata{})
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

func TestParseAndBytesAreInverse(t *testing.T) {
	code := assemble(nil, everything...)
	m, err := Parse(code)
	require.NoError(t, err)
	assert.Equal(t, code, m.Bytes())
}

func TestSDKVersion(t *testing.T) {
	assert.Equal(t, "v1.2.3", sdkVersion([]byte("xx\ndep\tgithub.com/wasmplane/wasmplane/pkg\tv1.2.3\th1:abc=\ndep")))
	assert.Equal(t, "(devel)", sdkVersion([]byte("dep\tgithub.com/wasmplane/wasmplane/pkg\t(devel)\t\n")))
	assert.Empty(t, sdkVersion([]byte("nothing")))
}

func TestAGoModuleIsLinked(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module guest\n\ngo 1.24\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(`package main

func main() {}

//go:wasmexport proxy_on_log
func onLog(int32) {}

//go:wasmexport proxy_abi_version_0_2_100
func marker() {}

//go:wasmexport wasmplane_phases
func phases() int32 { return 1<<30 | 1 }
`), 0o644))
	out := filepath.Join(dir, "guest.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-o", out, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0")
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, string(text))
	code, err := os.ReadFile(out)
	require.NoError(t, err)
	linked, err := Link(context.Background(), code, Metadata{Name: "guest"})
	require.NoError(t, err)
	names := exportNames(t, linked)
	assert.NotContains(t, names, "proxy_on_log")
	assert.Contains(t, names, "_initialize")
	assert.True(t, strings.HasPrefix(strings.Join(names, " "), "proxy_abi_version_0_2_100 proxy_abi_version_0_2_1 "))
	loads(t, linked)

	m, err := Parse(linked)
	require.NoError(t, err)
	raw, err := Parse(code)
	require.NoError(t, err)
	assert.Less(t, len(m.body(sectionData)), len(raw.body(sectionData))*4/5, "Go's function table is packed")
	packages := m.GoPackages()
	require.NotEmpty(t, packages)
	assert.Equal(t, "runtime", packages[0].Package, "most of a small program is the runtime")
	sum := 0
	for _, p := range packages {
		sum += p.Bytes
	}
	assert.InDelta(t, len(m.body(sectionCode)), sum, 0.05*float64(len(m.body(sectionCode))), "nearly all code has a package")
	assert.Equal(t, []Verdict{{Host: "Higress", Runs: true}, {Host: "local gateway", Runs: true}, {Host: "Envoy", Runs: true}, {Host: "Istio", Runs: true}}, m.Hosts())
}

func TestHosts(t *testing.T) {
	redis := assemble(map[string]int32{phasesExport: int32(phasesKnown)}, everything...)
	redis = []byte(strings.Replace(string(redis), "proxy_done", "proxy_REDI", 1))
	m, err := Parse(redis)
	require.NoError(t, err)
	for i := range m.Imports {
		if m.Imports[i].Name == "proxy_REDI" {
			m.Imports[i].Name = "proxy_redis_call"
		}
	}
	m.setCustom(MetadataSection, []byte(`{"requires": ["headers-stop-iteration"]}`))
	assert.Equal(t, []Verdict{
		{Host: "Higress", Runs: true},
		{Host: "local gateway", Runs: true},
		{Host: "Envoy", Option: "allow_on_headers_stop_iteration: true in the plugin's configuration",
			Reasons: []string{"it exports none of proxy_abi_version_0_1_0, proxy_abi_version_0_2_0, proxy_abi_version_0_2_1", "the host has no proxy_redis_call"}},
		{Host: "Istio", Option: "allow_on_headers_stop_iteration: true, through an EnvoyFilter: a WasmPlugin cannot set it",
			Reasons: []string{"it exports none of proxy_abi_version_0_1_0, proxy_abi_version_0_2_0, proxy_abi_version_0_2_1", "the host has no proxy_redis_call"}},
	}, m.Hosts())
}

func TestARedisPluginHasASecondFile(t *testing.T) {
	for _, tt := range []struct {
		name    string
		imports []string
		linked  bool
		reasons []string
	}{
		{"Redis alone", []string{"proxy_redis_init", "proxy_redis_call"}, true,
			[]string{"the host has no proxy_redis_call, proxy_redis_init", "use plugin.envoy.wasm"}},
		{"something else as well", []string{"proxy_redis_call", "proxy_get_upstream_hosts"}, true,
			[]string{"the host has no proxy_get_upstream_hosts, proxy_redis_call"}},
		{"no Redis", []string{"proxy_log", "proxy_get_upstream_hosts"}, true, []string{"the host has no proxy_get_upstream_hosts"}},
		{"not linked", []string{"proxy_redis_init", "proxy_redis_call"}, false,
			[]string{"the host has no proxy_redis_call, proxy_redis_init"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Parse(assemble(map[string]int32{phasesExport: int32(phasesKnown)}, append(slices.Clone(everything), "proxy_abi_version_0_2_1")...))
			require.NoError(t, err)
			require.Len(t, m.Imports, len(tt.imports))
			for i, name := range tt.imports {
				m.Imports[i].Name = name
			}
			if tt.linked {
				m.setCustom(MetadataSection, []byte(`{}`))
			}
			assert.Equal(t, slices.Contains(tt.imports, "proxy_redis_call"), m.ImportsRedis())
			assert.Equal(t, []Verdict{{Host: "Higress", Runs: true}, {Host: "local gateway", Runs: true},
				{Host: "Envoy", Reasons: tt.reasons}, {Host: "Istio", Reasons: tt.reasons}}, m.Hosts())
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(assemble(nil, everything...))
	f.Add([]byte("\x00asm\x01\x00\x00\x00\x02\x05\x01\x00\x00\x02\x00"))
	f.Fuzz(func(t *testing.T, code []byte) {
		m, err := Parse(code)
		if err != nil {
			return
		}
		again, err := Parse(m.Bytes())
		if err != nil {
			t.Fatalf("what was written does not parse: %v", err)
		}
		if !slices.Equal(m.Exports, again.Exports) || !slices.Equal(m.Imports, again.Imports) {
			t.Fatal("imports or exports changed")
		}
	})
}
