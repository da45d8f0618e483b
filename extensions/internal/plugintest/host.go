package plugintest

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/require"
)

// Start makes a host of the plugin of the test's package with a configuration that must load. The host is reset when the
// test ends, or before: there is one host at a time, and a test that makes a second one without a Reset waits forever.
func Start(t testing.TB, config string) test.TestHost {
	t.Helper()
	h, status := test.NewTestHost(json.RawMessage(config))
	reset := sync.OnceFunc(h.Reset)
	t.Cleanup(reset)
	require.Equal(t, types.OnPluginStartStatusOK, status)
	return host{h, reset}
}

// host can be reset by the test and at its end.
type host struct {
	test.TestHost
	reset func()
}

// Reset implements test.TestHost.
func (h host) Reset() { h.reset() }

// Property is a property of the current stream, "" if it is not set.
func Property(host test.TestHost, name string) string {
	value, err := host.GetProperty([]string{name})
	if err != nil {
		return ""
	}
	return string(value)
}

// RequestHeader is the first value of a header of the current request, "" if it has none.
func RequestHeader(host test.TestHost, name string) string {
	value, _ := test.GetHeaderValue(host.GetRequestHeaders(), name)
	return value
}
