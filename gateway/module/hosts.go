package module

import (
	"slices"
	"strings"
)

// Verdict says whether a module runs on a host.
type Verdict struct {
	Host string
	Runs bool
	// Option is what the host must be told for the plugin to work, empty when nothing.
	Option string
	// Reasons say why it does not run.
	Reasons []string
	// Ignores is what the plugin asks of the host and the host does not do.
	Ignores []string
}

// HigressOnly are the wishes that only Higress' Envoy and the local gateway fulfil, by the names of Metadata.Uses. A stock
// Envoy says yes and does nothing.
var HigressOnly = map[string]string{
	"span-tags":       "tags of the trace span",
	"reroute-control": "the wish not to choose the route anew",
	"buffer-limits":   "buffer limits of a stream",
}

// HeadersStopIteration is the requirement of plugins that hold headers until they have seen the body.
const HeadersStopIteration = "headers-stop-iteration"

// higressImports are the functions that only Higress' Envoy and the local gateway offer.
var higressImports = []string{"proxy_redis_init", "proxy_redis_call", "proxy_inject_encoded_data_to_filter_chain",
	"proxy_get_upstream_hosts", "proxy_set_upstream_override_host"}

// EnvoyFile is the file beside plugin.wasm with the same plugin for hosts without Redis call-outs.
const EnvoyFile = "plugin.envoy.wasm"

var redisImports = []string{"proxy_redis_init", "proxy_redis_call"}

// ImportsRedis reports whether the module uses Redis call-outs of its host.
func (m *Module) ImportsRedis() bool {
	return slices.ContainsFunc(m.Imports, func(i Import) bool { return i.Module == "env" && slices.Contains(redisImports, i.Name) })
}

// onlyLacksRedis reports whether Redis call-outs are all that keeps the module from running on every host, and it was
// linked by wasmplane build, which then makes a second file.
func (m *Module) onlyLacksRedis() bool {
	_, linked, _ := m.ReadMetadata()
	return linked && m.exports(phasesExport) && m.ImportsRedis() &&
		m.judge("", stockMarkers, append(slices.Clone(stockImports), redisImports...)).Runs
}

// stockImports are the functions that every host of ABI 0.2.1 offers.
var stockImports = []string{
	"proxy_log", "proxy_get_log_level", "proxy_get_current_time_nanoseconds", "proxy_set_tick_period_milliseconds",
	"proxy_set_effective_context", "proxy_done", "proxy_get_status", "proxy_get_property", "proxy_set_property",
	"proxy_get_header_map_value", "proxy_add_header_map_value", "proxy_replace_header_map_value",
	"proxy_remove_header_map_value", "proxy_get_header_map_pairs", "proxy_set_header_map_pairs", "proxy_get_header_map_size",
	"proxy_get_buffer_bytes", "proxy_set_buffer_bytes", "proxy_get_buffer_status", "proxy_continue_stream",
	"proxy_close_stream", "proxy_send_local_response", "proxy_http_call", "proxy_grpc_call", "proxy_grpc_stream",
	"proxy_grpc_cancel", "proxy_grpc_close", "proxy_grpc_send", "proxy_get_shared_data", "proxy_set_shared_data",
	"proxy_register_shared_queue", "proxy_resolve_shared_queue", "proxy_dequeue_shared_queue", "proxy_enqueue_shared_queue",
	"proxy_define_metric", "proxy_increment_metric", "proxy_record_metric", "proxy_get_metric",
	"proxy_call_foreign_function", "pthread_equal", "emscripten_notify_memory_growth",
}

// stockMarkers and higressMarkers are the ABI markers that the hosts know.
var (
	stockMarkers   = []string{"proxy_abi_version_0_1_0", "proxy_abi_version_0_2_0", "proxy_abi_version_0_2_1"}
	higressMarkers = append(slices.Clone(stockMarkers), "proxy_abi_version_0_2_100")
)

// Hosts judges the module for each host.
func (m *Module) Hosts() []Verdict {
	meta, _, _ := m.ReadMetadata() // unreadable metadata requires nothing
	needsFlag := slices.Contains(meta.Requires, HeadersStopIteration)
	higress := append(slices.Clone(stockImports), higressImports...)
	verdicts := []Verdict{
		m.judge("Higress", higressMarkers, higress),
		m.judge("local gateway", higressMarkers, higress),
		m.judge("Envoy", stockMarkers, stockImports),
		m.judge("Istio", stockMarkers, stockImports),
	}
	if m.onlyLacksRedis() {
		for i := range verdicts {
			if !verdicts[i].Runs {
				verdicts[i].Reasons = append(verdicts[i].Reasons, "use "+EnvoyFile)
			}
		}
	}
	for i := range verdicts {
		if host := verdicts[i].Host; host != "Envoy" && host != "Istio" {
			continue
		}
		for _, what := range meta.Uses {
			verdicts[i].Ignores = append(verdicts[i].Ignores, HigressOnly[what])
		}
	}
	// With ABI 0.2.100, header status 1 means StopIteration by itself; elsewhere the host must be told.
	if needsFlag {
		for i := range verdicts {
			switch verdicts[i].Host {
			case "Envoy":
				verdicts[i].Option = "allow_on_headers_stop_iteration: true in the plugin's configuration"
			case "Istio":
				verdicts[i].Option = "allow_on_headers_stop_iteration: true, through an EnvoyFilter: a WasmPlugin cannot set it"
			}
		}
	}
	return verdicts
}

func (m *Module) judge(host string, markers, functions []string) Verdict {
	v := Verdict{Host: host}
	marked := slices.ContainsFunc(m.Exports, func(e Export) bool { return slices.Contains(markers, e.Name) })
	if !marked {
		v.Reasons = append(v.Reasons, "it exports none of "+strings.Join(markers, ", "))
	}
	var missing []string
	for _, i := range m.Imports {
		switch {
		case i.Kind != kindFunction:
			v.Reasons = append(v.Reasons, "it imports "+i.Module+"."+i.Name+", which is no function")
		case i.Module == "env" && !slices.Contains(functions, i.Name):
			missing = append(missing, i.Name)
		case i.Module != "env" && i.Module != "wasi_snapshot_preview1" && i.Module != "wasi_unstable":
			missing = append(missing, i.Module+"."+i.Name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		v.Reasons = append(v.Reasons, "the host has no "+strings.Join(missing, ", "))
	}
	v.Runs = len(v.Reasons) == 0
	return v
}

// SectionSize is the size of a section in the file.
type SectionSize struct {
	Name  string
	Bytes int
}

// Sections lists the sections in the order of the file.
func (m *Module) Sections() []SectionSize {
	out := make([]SectionSize, 0, len(m.sections))
	for _, s := range m.sections {
		name := s.name
		if s.id != sectionCustom {
			name = "section"
			if int(s.id) < len(sectionNames) {
				name = sectionNames[s.id]
			}
		}
		out = append(out, SectionSize{name, len(s.body)})
	}
	return out
}

// Callbacks lists the exported proxy-wasm callbacks, sorted.
func (m *Module) Callbacks() []string {
	var names []string
	for _, e := range m.Exports {
		if e.Kind == kindFunction && strings.HasPrefix(e.Name, "proxy_on_") {
			names = append(names, e.Name)
		}
	}
	slices.Sort(names)
	return names
}
