package wrapper

import (
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/proxytest"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"
)

// config is the configuration of the plugins under test.
type config struct{ Name string }

func parseConfig(json gjson.Result, c *config) error {
	c.Name = json.Get("name").String()
	return nil
}

// host is the emulator with one started plugin and one stream.
type host struct {
	proxytest.HostEmulator
	stream uint32
}

type hostSetup struct {
	config     string
	properties map[string]string // path segments joined by dots
}

// start starts the plugin; the emulator is torn down with the test.
func start(t *testing.T, setup hostSetup, options ...CtxOption[config]) *host {
	t.Helper()
	h := prepare(t, setup, options...)
	if h.StartPlugin() != types.OnPluginStartStatusOK {
		t.Fatal("the plugin did not start")
	}
	h.stream = h.InitializeHttpContext()
	return h
}

func prepare(t *testing.T, setup hostSetup, options ...CtxOption[config]) *host {
	t.Helper()
	vm := NewCommonVmCtx("test", append([]CtxOption[config]{ParseConfig(parseConfig)}, options...)...)
	emulator := proxytest.NewEmulatorOption().WithVMContext(vm).WithPluginConfiguration([]byte(setup.config))
	for path, value := range setup.properties {
		emulator = emulator.WithProperty(strings.Split(path, "."), []byte(value))
	}
	running.plugin, running.stream = nil, nil
	e, reset := proxytest.NewHostEmulator(emulator)
	t.Cleanup(reset)
	e.RegisterForeignFunction("get_log_level", func([]byte) []byte { return []byte{0, 0, 0, 0} })
	return &host{HostEmulator: e}
}

func headersOf(more ...[2]string) [][2]string {
	return append([][2]string{{":scheme", "http"}, {":authority", "a.com"}, {":path", "/p?q"}, {":method", "GET"}}, more...)
}

func (h *host) request(endOfStream bool, more ...[2]string) types.Action {
	return h.CallOnRequestHeaders(h.stream, headersOf(more...), endOfStream)
}

func (h *host) wantReply(t *testing.T, status uint32, details string) {
	t.Helper()
	reply := h.GetSentLocalResponse(h.stream)
	if reply == nil {
		t.Fatalf("no local reply, want %d %s", status, details)
	}
	if reply.StatusCode != status || reply.StatusCodeDetail != details {
		t.Fatalf("got reply %d %s, want %d %s", reply.StatusCode, reply.StatusCodeDetail, status, details)
	}
}

func (h *host) wantNoReply(t *testing.T) {
	t.Helper()
	if reply := h.GetSentLocalResponse(h.stream); reply != nil {
		t.Fatalf("got reply %d %s, want none", reply.StatusCode, reply.StatusCodeDetail)
	}
}

func contains(lines []string, text string) bool {
	for _, line := range lines {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}

func count(lines []string, text string) (n int) {
	for _, line := range lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}
