package plugin

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

// markerModule is the smallest module: it exports the marker of ABI 0.2.1 and nothing else, not even a memory.
func markerModule() []byte {
	const marker = "proxy_abi_version_0_2_1"
	wasm := []byte("\x00asm\x01\x00\x00\x00" + "\x01\x04\x01\x60\x00\x00" + "\x03\x02\x01\x00")
	export := binary.AppendUvarint([]byte{1}, uint64(len(marker)))
	export = append(append(export, marker...), 0, 0)
	wasm = append(append(wasm, 7, byte(len(export))), export...)
	return append(wasm, "\x0a\x04\x01\x02\x00\x0b"...)
}

func TestProfiles(t *testing.T) {
	runtime, err := abi.NewRuntime(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = runtime.Close(context.Background()) })
	tests := []struct {
		profile                 abi.Profile
		routeName, xdsRouteName abi.Status
		laterRead               abi.Status
		clearedRoutes           int
		rebuildStored           bool
		replies                 int // that count, of two
	}{
		{profile: abi.Higress, replies: 1},
		{profile: abi.Envoy, routeName: abi.NotFound, laterRead: abi.BadArgument, rebuildStored: true, clearedRoutes: 1, replies: 2},
	}
	for _, test := range tests {
		t.Run(test.profile.String(), func(t *testing.T) {
			module, err := runtime.Compile(context.Background(), markerModule(), test.profile)
			if err != nil {
				t.Fatal(err)
			}
			f := newFixture(t)
			spec := f.spec("")
			spec.Module = module
			e := f.exchange(f.load(spec))
			e.decodeHeaders(true)
			e.on(func() {
				c := e.filter.(*filter)
				check := func(what string, got, want abi.Status) {
					t.Helper()
					if got != want {
						t.Errorf("%s: status %d, want %d", what, got, want)
					}
				}
				_, status := c.Property("route_name")
				check("route_name", status, test.routeName)
				_, status = c.Property("xds\x00route_name")
				check("xds.route_name", status, test.xdsRouteName)
				_, status = c.HeaderMap(abi.RequestHeaders, abi.ReadOne)
				check("request headers later", status, test.laterRead)
				_, status = c.Property("plugin_vm_memory")
				check("plugin_vm_memory", status, test.routeName)
				for _, path := range []string{"set_decoder_buffer_limit", "wasm_need_rebuild", "clear_route_cache"} {
					value := map[bool]string{true: "off", false: "7"}[path == "clear_route_cache"]
					check(path, c.SetProperty(path, []byte(value)), abi.OK)
				}
				c.ClearRouteCache()
				_, status = c.Property("wasm_need_rebuild")
				check("wasm_need_rebuild read back", status, map[bool]abi.Status{true: abi.OK, false: abi.NotFound}[test.rebuildStored])
			})
			if n := len(e.callbacks.events); n != test.clearedRoutes {
				t.Errorf("route cleared %d times, want %d", n, test.clearedRoutes)
			}
			if s := e.encodeHeaders(true); s != stream.HeadersContinue {
				t.Errorf("response headers: %d", s)
			}
			e.on(func() {
				e.callbacks.events = nil
				e.filter.(*filter).SendLocalResponse(abi.LocalResponse{Code: 403})
				e.filter.(*filter).SendLocalResponse(abi.LocalResponse{Code: 404})
			})
			if n := len(e.callbacks.events); n != test.replies {
				t.Errorf("%d local replies, want %d", n, test.replies)
			}
			e.finish()
		})
	}
}
