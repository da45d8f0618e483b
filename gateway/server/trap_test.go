package server

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A trap fails the VM for everything that is in it; the next stream after the pause gets a new one.
func TestAVMThatTraps(t *testing.T) {
	for _, c := range []struct {
		strategy  string
		code      int
		details   string
		refused   string
		afterTrap int
	}{
		{"FAIL_OPEN", 200, "via_upstream", "0", 200},
		{"FAIL_CLOSE", 503, "wasm_fail_stream", "2", 503},
	} {
		t.Run(c.strategy, func(t *testing.T) {
			up := backend(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("x-count", r.Header.Get("x-a-answer")) })
			f := start(t, Config{Concurrency: 1}, services("up", "http", up), route("r", "/", "up.static:80"),
				wasmPlugin("a", `{name: a}`, "failStrategy: "+c.strategy))
			assert.Equal(t, "1", f.get("/", "x-a", "count").Header.Get("x-count"))
			assert.Equal(t, "2", f.get("/", "x-a", "count").Header.Get("x-count"))

			res := f.get("/", "x-a", "panic", "x-request-id", "trap")
			assert.Equal(t, c.code, res.StatusCode)
			assert.Empty(t, res.body)
			assert.Empty(t, res.Header.Get("x-by"), "the failed plugin's response callbacks are skipped")
			assert.Equal(t, c.details, f.logged("trap").ResponseCodeDetails)
			assert.Equal(t, c.afterTrap, f.get("/").StatusCode, "there is no new VM before the pause is over")

			assert.Equal(t, 1, f.logHas("the VM failed on worker-0"))
			assert.Equal(t, 1, f.logHas("asked to"), "what the guest wrote to stderr")
			assert.Equal(t, "1", f.stat("wasm.wazero.failed"))
			assert.Equal(t, c.refused, f.stat("wasm.wazero.fail_closed"))

			eventually(t, "the VM is made anew", func() bool {
				return f.get("/", "x-a", "count").Header.Get("x-by") == "a"
			})
			assert.Equal(t, "2", f.get("/", "x-a", "count").Header.Get("x-count"), "its memory is fresh")
			assert.Equal(t, "1", f.stat("wasm.wazero.recovered"))
			assert.Equal(t, 1, f.logHas("recovered on worker-0"))
		})
	}
}

func TestStreamsInATrappedVM(t *testing.T) {
	release := make(chan struct{})
	began := make(chan struct{}, 2)
	up := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			began <- struct{}{}
			<-release
		}
	})
	f := start(t, Config{Concurrency: 1, StreamIdleTimeout: 2 * time.Second}, services("up", "http", up), route("r", "/", "up.static:80"),
		wasmPlugin("a", `{name: a}`, "failStrategy: FAIL_CLOSE"))
	answers := make(chan *http.Response, 2)
	get := func(path string, headers ...string) {
		r := f.request("GET", path, nil, headers...)
		go func() {
			res, err := f.h1.Do(r)
			if assert.NoError(t, err) {
				res.Body.Close()
				answers <- res
			}
		}()
	}
	get("/slow", "x-request-id", "running")
	receive(t, "the slow request", began)
	get("/", "x-a", "hold", "x-request-id", "held")
	eventually(t, "the plugin holds a stream", func() bool { return f.logHas("holding") == 1 })
	require.Equal(t, 503, f.get("/", "x-a", "panic").StatusCode)

	close(release)
	assert.Equal(t, 503, receive(t, "the running stream", answers).StatusCode)
	assert.Equal(t, "wasm_fail_stream", f.logged("running").ResponseCodeDetails)
	assert.Equal(t, 504, receive(t, "the held stream", answers).StatusCode, "nobody resumes it: it ends by its timeout")
	assert.Equal(t, "stream_idle_timeout", f.logged("held").ResponseCodeDetails)
	assert.Equal(t, "SI", f.logged("held").ResponseFlags)
}

func TestATrapInACallOutCallback(t *testing.T) {
	up := backend(t, func(http.ResponseWriter, *http.Request) {})
	f := start(t, Config{Concurrency: 1, StreamIdleTimeout: time.Second}, services("up", "http", up), route("r", "/", "up.static:80"),
		wasmPlugin("a", `{name: a}`, "failStrategy: FAIL_CLOSE"))
	res := f.get("/", "x-a", "call outbound|80||up.static / panic", "x-request-id", "call")
	assert.Equal(t, 504, res.StatusCode, "a trap outside of a stream's callbacks sends no reply")
	assert.Equal(t, "stream_idle_timeout", f.logged("call").ResponseCodeDetails)
	assert.Equal(t, "1", f.stat("wasm.wazero.failed"))
}
