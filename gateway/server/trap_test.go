package server

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A trap fails the VM for everything that is in it. The next stream gets a new VM, at most once a second.
func TestAVMThatTraps(t *testing.T) {
	for _, c := range []struct {
		strategy string
		code     int
		details  string
		refused  string // streams
	}{
		{"FAIL_OPEN", 200, "via_upstream", "0"},
		{"FAIL_CLOSE", 503, "wasm_fail_stream", "3"},
	} {
		t.Run(c.strategy, func(t *testing.T) {
			up := backend(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("x-count", r.Header.Get("x-a-answer")) })
			f := start(t, Config{Concurrency: 1}, services("up", "http", up), route("r", "/", "up.static:80"),
				wasmPlugin("a", `{name: a}`, "failStrategy: "+c.strategy))
			count := func() string { return f.get("/", "x-a", "count").Header.Get("x-count") }
			require.Equal(t, "1", count())
			require.Equal(t, "2", count())

			res := f.get("/", "x-a", "panic", "x-request-id", "trap")
			assert.Equal(t, c.code, res.StatusCode)
			assert.Empty(t, res.body)
			assert.Empty(t, res.Header.Get("x-by"), "the failed plugin's response callbacks are skipped")
			assert.Equal(t, c.details, f.logged("trap").ResponseCodeDetails)
			assert.Equal(t, "1", f.stat("wasm.wazero.failed"))
			assert.Equal(t, 1, f.logHas("the VM failed on worker-0"))

			assert.Equal(t, "1", count(), "the new VM's memory is fresh")
			assert.Equal(t, "1", f.stat("wasm.wazero.recovered"))
			assert.Equal(t, 1, f.logHas("recovered on worker-0"))

			assert.Equal(t, c.code, f.get("/", "x-a", "panic").StatusCode)
			assert.Equal(t, c.code, f.get("/", "x-request-id", "pause").StatusCode, "there is no further VM within a second")
			assert.Equal(t, c.details, f.logged("pause").ResponseCodeDetails)
			assert.Equal(t, c.refused, f.stat("wasm.wazero.fail_closed"))
			eventually(t, "the VM is made anew", func() bool { return f.get("/").Header.Get("x-by") == "a" })
			assert.Equal(t, "2", f.stat("wasm.wazero.recovered"))
		})
	}
}

func TestOtherStreamsInATrappedVM(t *testing.T) {
	for _, c := range []struct {
		strategy       string
		trap, running  int
		runningDetails string
		held           int // 0 means that the connection is closed without a response
		heldDetails    string
	}{
		{"FAIL_OPEN", 200, 200, "via_upstream", 504, "stream_idle_timeout"},
		{"FAIL_CLOSE", 503, 503, "wasm_fail_stream", 0, "wasm_fail_stream"},
	} {
		t.Run(c.strategy, func(t *testing.T) {
			release, began := make(chan struct{}), make(chan struct{}, 1)
			up := backend(t, func(_ http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow" {
					began <- struct{}{}
					<-release
				}
			})
			f := start(t, Config{Concurrency: 1, StreamIdleTimeout: time.Second}, services("up", "http", up), route("r", "/", "up.static:80"),
				wasmPlugin("a", `{name: a}`, "failStrategy: "+c.strategy))
			begin := func(path string, headers ...string) <-chan int {
				r, code := f.request("GET", path, nil, headers...), make(chan int, 1)
				go func() {
					res, err := f.h1.Do(r)
					if err != nil {
						code <- 0
						return
					}
					res.Body.Close()
					code <- res.StatusCode
				}()
				return code
			}
			running := begin("/slow", "x-request-id", "running")
			receive(t, "the slow request", began)
			held := begin("/", "x-a", "hold", "x-request-id", "held")
			eventually(t, "the plugin holds a stream", func() bool { return f.logHas("holding") == 1 })
			require.Equal(t, c.trap, f.get("/", "x-a", "panic").StatusCode)

			close(release)
			assert.Equal(t, c.running, receive(t, "the running stream", running))
			assert.Equal(t, c.runningDetails, f.logged("running").ResponseCodeDetails)
			assert.Equal(t, c.held, receive(t, "the held stream", held), "nobody resumes it: it ends by its timeout")
			assert.Equal(t, c.heldDetails, f.logged("held").ResponseCodeDetails)
			assert.Equal(t, "SI", f.logged("held").ResponseFlags)
		})
	}
}

func TestATrapInACallOutCallback(t *testing.T) {
	up := backend(t, func(http.ResponseWriter, *http.Request) {})
	f := start(t, Config{Concurrency: 1, StreamIdleTimeout: time.Second}, services("up", "http", up), route("r", "/", "up.static:80"),
		wasmPlugin("a", `{name: a}`, "failStrategy: FAIL_OPEN"))
	res := f.get("/", "x-a", "call outbound|80||up.static / panic", "x-request-id", "call")
	assert.Equal(t, 504, res.StatusCode, "a trap outside of a stream's callbacks sends no reply")
	assert.Equal(t, "stream_idle_timeout", f.logged("call").ResponseCodeDetails)
	assert.Equal(t, "1", f.stat("wasm.wazero.failed"))
}
