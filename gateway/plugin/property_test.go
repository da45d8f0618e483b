package plugin

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
)

func le(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }

func TestProperties(t *testing.T) {
	const notFound = "error: error status returned by host: not found"
	full := func(c *fakeCallbacks) {
		c.info.RemoteAddr = netip.MustParseAddrPort("1.2.3.4:55")
		c.info.Conn.LocalAddr = netip.MustParseAddrPort("[::1]:80")
		c.info.Conn.SNI, c.info.Conn.TLSVersion = "sni.example", "TLSv1.3"
		c.info.RequestBytes = 300
		c.info.ResponseFlags, c.info.ResponseCodeDetails, c.info.ResponseCode = "UF,NR", "via_upstream", 503
		c.info.UpstreamHost = netip.MustParseAddrPort("9.9.9.9:99")
		c.info.ClusterName = "chosen"
		c.info.FilterState = map[string][]byte{"wasm.seen": []byte("s")}
		c.info.DynamicMetadata = map[string]map[string]any{"ns": {"n": 1.5, "s": "t", "b": true, "in": map[string]any{"k": "v"}}}
	}
	tests := []struct {
		path, want string // as a Go string, or an error
	}{
		{"request/path", "/a?b=c"}, {"request/url_path", "/a"}, {"request/query", "b=c"}, {"request/host", "example.com"},
		{"request/method", "GET"}, {"request/scheme", notFound}, {"request/protocol", "HTTP/1.1"},
		{"request/headers/X", "1,2"}, {"request/headers/none", notFound},
		{"request/headers", string(abi.EncodePairs([][2]string{{":method", "GET"}, {":path", "/a?b=c"}, {":authority", "example.com"}, {"x", "1,2"}}))},
		{"request/size", le(300)}, {"request/total_size", le(300 + 7 + 3 + 5 + 6 + 10 + 11 + 4)},
		{"request/time", le(9e9 + 5)}, {"request/duration", notFound},
		{"request", "error: unknown status code: 3"},
		{"response/code", le(503)}, {"response/code_details", "via_upstream"}, {"response/flags", le(1<<5 | 1<<8)},
		{"response/headers", notFound},
		{"connection/id", le(77)}, {"connection/mtls", "\x00"}, {"connection/requested_server_name", "sni.example"},
		{"connection/tls_version", "TLSv1.3"}, {"connection/subject_peer_certificate", notFound}, {"connection_id", le(77)},
		{"source/address", "1.2.3.4:55"}, {"source/port", le(55)}, {"destination/address", "[::1]:80"},
		{"upstream/address", "9.9.9.9:99"}, {"upstream/port", le(99)}, {"upstream/local_address", notFound},
		{"xds/route_name", "route-a"}, {"xds/cluster_name", "chosen"}, {"xds/virtual_host_name", "vh"},
		{"route_name", "route-a"}, {"cluster_name", "chosen"},
		{"plugin_name", "ns.guest"}, {"plugin_root_id", "root"}, {"listener_direction", le(2)},
		{"node/metadata/NAME", notFound}, {"nothing", notFound},
		{"seen", "s"}, {"filter_state/wasm.seen", "s"}, {"seen/deeper", notFound},
		{"metadata/filter_metadata/ns/n", "\x00\x00\x00\x00\x00\x00\xf8?"}, {"metadata/filter_metadata/ns/s", "t"},
		{"metadata/filter_metadata/ns/b", "\x01"}, {"metadata/filter_metadata/ns/in/k", "v"},
		{"metadata/filter_metadata/ns/in", "\n\x08\n\x01k\x12\x03\x1a\x01v"}, {"metadata/filter_metadata/none", notFound},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			f := newFixture(t)
			e := f.exchange(f.load(f.spec("reqh: prop " + test.path)))
			full(e.callbacks)
			e.decodeHeaders(true)
			want := fmt.Sprintf("reqh prop %s = %q", test.path, test.want)
			if len(test.want) > 6 && test.want[:6] == "error:" {
				want = "reqh prop " + test.path + " = " + test.want
			}
			f.want(want)
		})
	}
}

func TestHeaderAttributesEndWithTheMapAndReturnInTheLog(t *testing.T) {
	f := newFixture(t)
	e := f.exchange(f.load(f.spec("resh: prop request/path; prop response/headers/:status\nlog: prop request/path; prop request/duration")))
	e.decodeHeaders(true)
	e.encodeHeaders(true)
	e.callbacks.info.End = e.callbacks.info.Start.Add(7 * time.Nanosecond)
	e.finish()
	f.want("resh prop request/path = error: error status returned by host: not found", `resh prop response/headers/:status = "200"`,
		`log prop request/path = "/a?b=c"`, fmt.Sprintf("log prop request/duration = %q", le(7)))
}

func TestSetProperty(t *testing.T) {
	f := newFixture(t)
	e := f.exchange(f.load(f.spec(`start: setprop a b
reqh: setprop ai_log {}; prop ai_log; setprop a/b v; prop a/b; setprop trace_span_tag.k v; setprop set_decoder_buffer_limit 1000; ` +
		`setprop set_encoder_buffer_limit junk; declare ro 1; declare ro 1; setprop ro 1; setprop ro 2; declare conn 0 2; ` +
		`addreq a 1; setprop clear_route_cache off; addreq b 1; foreign clear_route_cache; setprop clear_route_cache on; foreign clear_route_cache`)))
	e.decodeHeaders(true)
	const bad = "error: error status returned by host: bad argument"
	f.want("reqh setprop ai_log {} = ", `reqh prop ai_log = "{}"`, "reqh setprop a/b v = ",
		"reqh prop a/b = error: error status returned by host: not found",
		"reqh setprop trace_span_tag.k v = ", "reqh setprop set_decoder_buffer_limit 1000 = ",
		`error wasm log ns.guest root: set_encoder_buffer_limit: not a number: "junk"`,
		"reqh setprop set_encoder_buffer_limit junk = ",
		"reqh declare ro 1 = ", "reqh declare ro 1 = "+bad, "reqh setprop ro 1 = ", "reqh setprop ro 2 = "+bad,
		"reqh declare conn 0 2 = error: error status returned by host: unimplemented",
		"reqh addreq a 1 = ", "reqh setprop clear_route_cache off = ", "reqh addreq b 1 = ",
		`reqh foreign clear_route_cache = ""`, "reqh setprop clear_route_cache on = ", `reqh foreign clear_route_cache = ""`)
	e.wantEvents("clear route", "clear route")
	if got := e.callbacks.info.TraceTags["k"]; got != "v" {
		t.Errorf("trace tag %q", got)
	}
	if e.callbacks.limit != 1000 {
		t.Errorf("buffer limit %d", e.callbacks.limit)
	}
	state := e.callbacks.info.FilterState
	if string(state["wasm.ai_log"]) != "{}" || string(state["wasm.a\x00b"]) != "v" || state["wasm.trace_span_tag.k"] != nil {
		t.Errorf("filter state %q", state)
	}
}

func TestForeignFunctions(t *testing.T) {
	f := newFixture(t)
	e := f.exchange(f.load(f.spec("reqh: roundtrip some_text; foreign uncompress junk; foreign get_log_level; foreign unheard_of; " +
		"foreign set_global_max_requests_per_io_cycle 12345678; foreign expr_create a")))
	e.decodeHeaders(true)
	lines := f.take()
	want := []string{"reqh roundtrip some_text = some text", "", `reqh foreign get_log_level = "\x02\x00\x00\x00"`,
		"reqh foreign unheard_of = error: error status returned by host: not found",
		`reqh foreign set_global_max_requests_per_io_cycle 12345678 = ""`,
		"reqh foreign expr_create a = error: error status returned by host: not found"}
	if len(lines) != len(want) {
		t.Fatalf("log %q", lines)
	}
	for i := range want {
		if want[i] != "" && lines[i] != want[i] {
			t.Errorf("%s, want %s", lines[i], want[i])
		}
	}
	if got, want := f.host.MaxRequestsPerIOCycle(), binary.LittleEndian.Uint64([]byte("12345678")); got != want {
		t.Errorf("recorded %d, want %d", got, want)
	}
}

func TestEncodeValueRoundTripsThroughParseMessage(t *testing.T) {
	message, err := parseMessage(encodeValue(map[string]any{"a": []any{nil, 2.0, true, "x"}}))
	if err != nil || len(message.bytes[5]) == 0 {
		t.Errorf("message %v, error %v", message, err)
	}
	for _, bad := range []string{"\x0a", "\x0a\x05x", "\x00\x01", "\x09\x01", "\x0b", "\x08\x80"} {
		if _, err := parseMessage([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestRootContextHasNoStream(t *testing.T) {
	f := newFixture(t)
	f.load(f.spec("start: tick 10\ntick: getreq a; reqall; resbody; prop plugin_name; prop route_name; setprop a b; resume req; reply 200; hosts"))
	f.clock.advance(10 * time.Millisecond)
	const notFound = "error: error status returned by host: not found"
	want := []string{"tick getreq a = error: error status returned by host: bad argument", "tick reqall = " + notFound,
		"tick resbody = error: error status returned by host: not found", `tick prop plugin_name = "ns.guest"`,
		"tick prop route_name = error: error status returned by host: not found",
		"tick setprop a b = error: error status returned by host: not found",
		"tick resume req = ", "tick reply 200 = "}
	lines := f.take() // main's and the worker's
	if len(lines) != 2*(len(want)+1) {
		t.Fatalf("log %q", lines)
	}
	for i, line := range want {
		if lines[i] != line {
			t.Errorf("%s, want %s", lines[i], line)
		}
	}
}
