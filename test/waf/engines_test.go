package waf

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	txhttp "github.com/corazawaf/coraza/v3/http"
	"github.com/corazawaf/coraza/v3/types"

	"github.com/wasmplane/wasmplane/test/internal/engines"
)

// engine is something that the tests run against.
type engine struct {
	name    string
	address string
	log     string // file with the rules that matched
}

// bufferLimit is what the hosts let a stream hold, in bytes. Some tests have bodies above the hosts' default.
const bufferLimit = 1 << 20

func backend(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(reflect))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// startMiddleware starts the baseline: the middleware of the rule engine in front of the backend's handler.
func startMiddleware(t *testing.T) *engine {
	t.Helper()
	log := engines.LogFile(t)
	waf, err := coraza.NewWAF(coraza.NewWAFConfig().
		WithRootFS(coreruleset.FS).
		WithDirectives("SecRxPreFilter On\n" + strings.Join(directives, "\n") + "\nSecAuditEngine Off").
		WithErrorCallback(func(match types.MatchedRule) { fmt.Fprintln(log, match.ErrorLog()) }))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(txhttp.WrapHandler(waf, http.HandlerFunc(reflect)))
	t.Cleanup(s.Close)
	return &engine{name: "middleware", address: s.Listener.Addr().String(), log: log.Name()}
}

// startHost starts a host of the plugin with the rule set. There is one worker, so that the log has the tests in their
// order.
func startHost(t *testing.T, name string, start func(testing.TB, engines.Config) string) *engine {
	t.Helper()
	config, err := json.Marshal(map[string]any{"secRules": directives, "max_argument_bytes": 0,
		"audit_log": map[string]any{"requests": "all"}})
	if err != nil {
		t.Fatal(err)
	}
	plugin := engines.Plugin{Name: "waf", Wasm: engines.Wasm(t, "waf", "plugin.wasm"), Config: string(config)}
	log := engines.LogFile(t)
	address := start(t, engines.Config{Files: plugin.Files(), Upstreams: map[string][]string{"backend.static:80": {backend(t)}},
		Workers: 1, BufferLimit: bufferLimit, Log: log, LogLevel: "debug", Patience: 10 * time.Minute,
		CacheDir: filepath.Join(os.TempDir(), "wasmplane-crs")})
	return &engine{name: name, address: address, log: log.Name()}
}

func (e *engine) hostPort(t *testing.T) (string, int) {
	t.Helper()
	address, err := net.ResolveTCPAddr("tcp", e.address)
	if err != nil {
		t.Fatal(err)
	}
	return address.IP.String(), address.Port
}
