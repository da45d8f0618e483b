package plugin

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/abi"
)

// traceTagPrefix starts the path of a property that sets a tag on the stream's span.
const traceTagPrefix = "trace_span_tag."

// SetProperty implements abi.Context. Every value is kept with the stream as filter state "wasm.<path>", where later
// filters and the access log read it; some paths act on top, or instead.
func (f *filter) SetProperty(path string, value []byte) abi.Status {
	if f.destroyed {
		return abi.NotFound
	}
	if f.root.plugin.spec.Module.Profile().PropertyEffects() && f.applyProperty(path, string(value)) {
		return abi.OK
	}
	info := f.callbacks.Info()
	key := filterStatePrefix + path
	if _, set := info.FilterState[key]; set && f.root.declared[path] {
		return abi.BadArgument // read-only
	}
	if info.FilterState == nil {
		info.FilterState = map[string][]byte{}
	}
	if value == nil {
		value = []byte{}
	}
	info.FilterState[key] = value
	return abi.OK
}

// applyProperty runs the effect of a path, if it has one, and reports whether that replaces storing the value.
func (f *filter) applyProperty(path, value string) (instead bool) {
	switch path {
	case "clear_route_cache":
		f.keepRouteCache = value == "off"
	case "set_decoder_buffer_limit", "set_encoder_buffer_limit":
		limit, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			f.root.host().log(abi.LogError, f.root.plugin.logPrefix, fmt.Sprintf("%s: not a number: %q", path, value))
			break
		}
		f.root.machine.vm.AfterReturn(func() { f.setBufferLimit(int(limit)) })
	case "wasm_need_rebuild":
		f.root.machine.needsRebuild = true
		return true
	}
	if name, tag := strings.CutPrefix(path, traceTagPrefix); tag {
		info := f.callbacks.Info()
		if info.TraceTags == nil {
			info.TraceTags = map[string]string{}
		}
		info.TraceTags[name] = value
		return true
	}
	return false
}

func (f *filter) setBufferLimit(bytes int) {
	if !f.destroyed {
		f.callbacks.SetBufferLimit(bytes)
	}
}
