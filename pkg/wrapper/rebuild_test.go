package wrapper

import (
	"encoding/binary"
	"testing"
)

// asksForRebuild runs one stream and reports whether the host was asked for a fresh VM.
func (h *host) asksForRebuild(t *testing.T) bool {
	t.Helper()
	if err := h.SetProperty([]string{"wasm_need_rebuild"}, []byte("unasked")); err != nil {
		t.Fatal(err)
	}
	h.stream = h.InitializeHttpContext()
	h.request(true)
	h.CompleteHttpContext(h.stream)
	value, err := h.GetProperty([]string{"wasm_need_rebuild"})
	if err != nil {
		t.Fatal(err)
	}
	return string(value) == "true"
}

func memoryOf(bytes uint64) map[string]string {
	return map[string]string{"plugin_vm_memory": string(binary.LittleEndian.AppendUint64(nil, bytes))}
}

func TestRebuildOptions(t *testing.T) {
	const limit = 64 << 20
	for _, c := range []struct {
		name       string
		option     CtxOption[config]
		properties map[string]string
		want       []bool // stream by stream
	}{
		{"after every third request", WithRebuildAfterRequests[config](3), nil, []bool{false, false, true, false, false, true}},
		{"after every request", WithRebuildAfterRequests[config](1), nil, []bool{true, true}},
		{"after 0 requests is off", WithRebuildAfterRequests[config](0), nil, []bool{false, false}},
		{"memory below the limit", WithRebuildMaxMemBytes[config](limit), memoryOf(limit - 1), []bool{false, false}},
		{"memory at the limit asks once", WithRebuildMaxMemBytes[config](limit), memoryOf(limit), []bool{true, false, false}},
		{"a host that does not tell the memory", WithRebuildMaxMemBytes[config](limit), nil, []bool{false}},
		{"a memory size of another form", WithRebuildMaxMemBytes[config](limit), map[string]string{"plugin_vm_memory": "99999999"[:7]}, []bool{false}},
		{"a limit of 0 is off", WithRebuildMaxMemBytes[config](0), memoryOf(limit), []bool{false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := start(t, hostSetup{config: `{"name":"x"}`, properties: c.properties}, ProcessRequestHeaders(pauseHeaders), c.option)
			for i, want := range c.want {
				if got := h.asksForRebuild(t); got != want {
					t.Errorf("stream %d: asked %v, want %v", i+1, got, want)
				}
			}
		})
	}
}
