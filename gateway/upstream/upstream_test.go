package upstream

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// world is a manager with one worker whose event loop is a channel.
type world struct {
	manager *Manager
	worker  *Worker
	events  chan func()
}

func newWorld(t *testing.T, opts Options, configs ...Config) *world {
	w := &world{manager: NewManager(opts), events: make(chan func(), 1000)}
	t.Cleanup(w.manager.Close)
	w.manager.Update(configs)
	w.worker = w.manager.NewWorker(func(f func()) bool { w.events <- f; return true })
	return w
}

// run executes posted events until done reports true.
func (w *world) run(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for !done() {
		select {
		case f := <-w.events:
			f()
		case <-deadline:
			t.Fatal("the expected events did not come")
		}
	}
}

type answer struct {
	headers  map[string]string
	body     string
	trailers [][2]string
	reset    bool
}

func (w *world) get(t *testing.T, cluster string, timeout time.Duration, extra ...[2]string) answer {
	t.Helper()
	var got *answer
	headers := append([][2]string{{":method", "GET"}, {":path", "/x?y"}, {":authority", "a.example"}}, extra...)
	_, err := w.worker.HTTPCall(cluster, headers, nil, timeout, func(h [][2]string, body []byte, trailers [][2]string) {
		got = &answer{headers: map[string]string{}, body: string(body), trailers: trailers, reset: h == nil}
		for _, p := range h {
			got.headers[p[0]] = p[1]
		}
	})
	require.NoError(t, err)
	w.run(t, func() bool { return got != nil })
	return *got
}

func address(t *testing.T, url string) string {
	t.Helper()
	return strings.TrimPrefix(url, "http://")
}

func TestHTTPCallSendsWhatEnvoySends(t *testing.T) {
	var mu sync.Mutex
	var seen *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = r.Clone(context.Background())
		mu.Unlock()
		w.Header().Set("Trailer", "x-checksum")
		io.WriteString(w, "hello")
		w.Header().Set("x-checksum", "1")
	}))
	defer server.Close()
	w := newWorld(t, Options{}, Config{Name: "c", Endpoints: []string{address(t, server.URL)}})
	got := w.get(t, "c", time.Second, [2]string{"x-one", "1"})
	assert.Equal(t, "200", got.headers[":status"])
	assert.Equal(t, "hello", got.body)
	assert.Equal(t, [][2]string{{"x-checksum", "1"}}, got.trailers)
	mu.Lock()
	defer mu.Unlock()
	assert.Equal(t, "a.example", seen.Host)
	assert.Equal(t, "/x?y", seen.RequestURI)
	assert.Equal(t, "1", seen.Header.Get("x-one"))
	assert.Equal(t, "true", seen.Header.Get("x-envoy-internal"))
	assert.Equal(t, "1000", seen.Header.Get("x-envoy-expected-rq-timeout-ms"))
	assert.Empty(t, seen.Header.Get("x-forwarded-for"))
	assert.Equal(t, uint64(1), w.manager.Cluster("c").Requests.Load())
	assert.Equal(t, int64(0), w.manager.Cluster("c").Active.Load())
}

func TestHTTPCallPostsABodyWithItsLength(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		io.WriteString(w, r.Header.Get("content-length")+string(body))
	}))
	defer server.Close()
	w := newWorld(t, Options{}, Config{Name: "c", Endpoints: []string{address(t, server.URL)}})
	body := []byte("payload")
	_, err := w.worker.HTTPCall("c", [][2]string{{":method", "POST"}, {":path", "/"}, {":authority", "a"}}, body, 0,
		func(_ [][2]string, b []byte, _ [][2]string) { got = string(b) })
	require.NoError(t, err)
	copy(body, "XXXXXXX") // the caller's slice is its own again
	w.run(t, func() bool { return got != "" })
	assert.Equal(t, "7payload", got)
}

func TestHTTPCallFailures(t *testing.T) {
	hang := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer slow.Close()
	defer close(hang)
	raw := func(answer string) string {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { ln.Close() })
		go func() {
			for {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					http.ReadRequest(bufio.NewReader(conn))
					io.WriteString(conn, answer)
				}()
			}
		}()
		return ln.Addr().String()
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refused := closed.Addr().String()
	closed.Close()
	w := newWorld(t, Options{},
		Config{Name: "slow", Endpoints: []string{address(t, slow.URL)}},
		Config{Name: "refused", Endpoints: []string{refused}},
		Config{Name: "early", Endpoints: []string{raw("")}},
		Config{Name: "late", Endpoints: []string{raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")}},
		Config{Name: "garbage", Endpoints: []string{raw("SSH-2.0-OpenSSH\r\n\r\n")}},
		Config{Name: "huge", Endpoints: []string{raw("HTTP/1.1 200 OK\r\ncontent-length: 40000000\r\n\r\n" + strings.Repeat("x", 34<<20))}},
	)
	tests := []struct {
		cluster, status, body string
		reset                 bool
	}{
		{"slow", "504", "upstream request timeout", false},
		{"refused", "503", "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused", false},
		{"early", "503", "upstream connect error or disconnect/reset before headers. reset reason: connection termination", false},
		{"late", "", "", true},
		{"garbage", "503", "upstream connect error or disconnect/reset before headers. reset reason: protocol error", false},
		{"huge", "", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.cluster, func(t *testing.T) {
			timeout := 8 * time.Second
			if tt.cluster == "slow" {
				timeout = 50 * time.Millisecond
			}
			got := w.get(t, tt.cluster, timeout)
			assert.Equal(t, tt.reset, got.reset)
			assert.Equal(t, tt.status, got.headers[":status"])
			assert.Equal(t, tt.body, got.body)
			assert.Equal(t, uint64(1), w.manager.Cluster(tt.cluster).Failures.Load())
		})
	}
}

func TestCallsThatAreRefusedAtOnce(t *testing.T) {
	w := newWorld(t, Options{}, Config{Name: "empty"})
	never := func([][2]string, []byte, [][2]string) { t.Error("called") }
	_, err := w.worker.HTTPCall("none", nil, nil, 0, never)
	assert.ErrorIs(t, err, ErrUnknownCluster)
	_, err = w.worker.HTTPCall("empty", nil, nil, 0, never)
	assert.ErrorIs(t, err, ErrNoEndpoint)
	assert.ErrorIs(t, w.worker.RedisInit("none?db=1", "", "", 0), ErrUnknownCluster)
	assert.ErrorIs(t, w.worker.RedisCall("none", nil, nil), ErrUnknownCluster)
	assert.ErrorIs(t, w.worker.RedisCall("empty", nil, nil), ErrNoEndpoint)
	assert.ErrorContains(t, w.worker.RedisInit("empty?db=x", "", "", 0), `redis parameter db: must be a number, not "x"`)
}

func TestACancelledCallIsNotAnswered(t *testing.T) {
	reached, release := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(reached); <-release }))
	defer server.Close()
	w := newWorld(t, Options{}, Config{Name: "c", Endpoints: []string{address(t, server.URL)}})
	cancel, err := w.worker.HTTPCall("c", [][2]string{{":method", "GET"}, {":path", "/"}, {":authority", "a"}}, nil, 0,
		func([][2]string, []byte, [][2]string) { t.Error("called") })
	require.NoError(t, err)
	<-reached
	cancel()
	close(release)
	assert.Equal(t, int64(0), w.manager.Cluster("c").Active.Load())
	assert.Empty(t, w.events)
}

func TestConnectionsAreReused(t *testing.T) {
	var mu sync.Mutex
	conns := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		conns[r.RemoteAddr] = true
		mu.Unlock()
	}))
	defer server.Close()
	w := newWorld(t, Options{}, Config{Name: "c", Endpoints: []string{address(t, server.URL)}})
	for range 20 {
		assert.Equal(t, "200", w.get(t, "c", time.Second).headers[":status"])
	}
	assert.LessOrEqual(t, len(conns), 3, "a connection may come back to the pool just after the next request wanted one")
}

func TestPick(t *testing.T) {
	w := newWorld(t, Options{}, Config{Name: "c", Endpoints: []string{"127.0.0.1:1", "127.0.0.1:2"}})
	c := w.manager.Cluster("c")
	pick := func(override string) string {
		a, ok := c.Pick(override)
		require.True(t, ok)
		return a.String()
	}
	assert.Equal(t, []string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:1"}, []string{pick(""), pick(""), pick("")})
	assert.Equal(t, "127.0.0.1:1", pick("127.0.0.1:1"))
	assert.Contains(t, []string{"127.0.0.1:1", "127.0.0.1:2"}, pick("127.0.0.9:1"), "an unknown override falls back to balancing")
	assert.Equal(t, [][2]string{{"127.0.0.1:1", `{"health_status":"Healthy"}`}, {"127.0.0.1:2", `{"health_status":"Healthy"}`}}, w.worker.UpstreamHosts("c"))
	assert.Nil(t, w.worker.UpstreamHosts("none"))
}

func TestNamesAreResolvedAndRefreshed(t *testing.T) {
	var mu sync.Mutex
	current := []string{"10.0.0.1", "fd00::1"}
	lookups := make(chan string, 100)
	lookup := func(_ context.Context, host string) ([]netip.Addr, error) {
		lookups <- host
		if host == "missing.example" {
			return nil, errors.New("no such host")
		}
		mu.Lock()
		defer mu.Unlock()
		var out []netip.Addr
		for _, a := range current {
			out = append(out, netip.MustParseAddr(a))
		}
		return out, nil
	}
	w := newWorld(t, Options{Lookup: lookup, ResolveEvery: 5 * time.Millisecond},
		Config{Name: "c", Endpoints: []string{"api.example:443"}}, Config{Name: "m", Endpoints: []string{"missing.example:80"}})
	c := w.manager.Cluster("c")
	assert.Equal(t, []netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:443")}, c.Addresses(), "IPv4 is preferred")
	_, ok := w.manager.Cluster("m").Pick("")
	assert.False(t, ok)
	assert.ErrorContains(t, w.manager.Cluster("m").ResolveError(), `endpoint "missing.example:80": no such host`)
	mu.Lock()
	current = []string{"10.0.0.2"}
	mu.Unlock()
	require.Eventually(t, func() bool { return c.Addresses()[0].String() == "10.0.0.2:443" }, 5*time.Second, time.Millisecond)
}

func TestUpdateKeepsUnchangedClusters(t *testing.T) {
	a, b := Config{Name: "a", Endpoints: []string{"127.0.0.1:1"}}, Config{Name: "b", Endpoints: []string{"127.0.0.1:2"}}
	w := newWorld(t, Options{}, a, b)
	keptCluster, changed := w.manager.Cluster("a"), w.manager.Cluster("b")
	b.Endpoints = []string{"127.0.0.1:3"}
	w.manager.Update([]Config{a, b})
	assert.Same(t, keptCluster, w.manager.Cluster("a"))
	assert.NotSame(t, changed, w.manager.Cluster("b"))
	w.manager.Update([]Config{b})
	assert.Nil(t, w.manager.Cluster("a"))
	assert.Len(t, w.manager.Clusters(), 1)
}

// redisServers runs a test against the embedded Redis and, where it is installed, the real one.
func redisServers(t *testing.T, f func(t *testing.T, addr string)) {
	t.Run("miniredis", func(t *testing.T) {
		f(t, miniredis.RunT(t).Addr())
	})
	t.Run("redis-server", func(t *testing.T) {
		path, err := exec.LookPath("redis-server")
		if err != nil {
			t.Skip("redis-server is not on PATH: install Debian's package redis-server, or Homebrew's redis")
		}
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		addr := ln.Addr().String()
		ln.Close()
		_, port, _ := net.SplitHostPort(addr)
		cmd := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir())
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
		require.Eventually(t, func() bool {
			conn, err := net.Dial("tcp", addr)
			if err == nil {
				conn.Close()
			}
			return err == nil
		}, 10*time.Second, 5*time.Millisecond)
		f(t, addr)
	})
}

func command(words ...string) []byte {
	var b strings.Builder
	b.WriteString("*" + strconv.Itoa(len(words)) + "\r\n")
	for _, w := range words {
		b.WriteString("$" + strconv.Itoa(len(w)) + "\r\n" + w + "\r\n")
	}
	return []byte(b.String())
}

func (w *world) redis(t *testing.T, words ...string) (string, bool) {
	t.Helper()
	var reply string
	var ok, called bool
	require.NoError(t, w.worker.RedisCall("r", command(words...), func(o bool, r []byte) { ok, reply, called = o, string(r), true }))
	w.run(t, func() bool { return called })
	return reply, ok
}

func TestRedisCommands(t *testing.T) {
	redisServers(t, func(t *testing.T, addr string) {
		w := newWorld(t, Options{}, Config{Name: "r", Endpoints: []string{addr}})
		for _, tt := range []struct {
			words []string
			want  string
		}{
			{[]string{"set", "k", "v\r\n"}, "+OK\r\n"},
			{[]string{"get", "k"}, "$3\r\nv\r\n\r\n"},
			{[]string{"get", "none"}, "$-1\r\n"},
			{[]string{"incr", "n"}, ":1\r\n"},
			{[]string{"eval", "return {1,'a',{2}}", "0"}, "*3\r\n:1\r\n$1\r\na\r\n*1\r\n:2\r\n"},
		} {
			got, ok := w.redis(t, tt.words...)
			assert.True(t, ok)
			assert.Equal(t, tt.want, got, "%q", tt.words)
		}
		got, ok := w.redis(t, "incr", "k")
		assert.True(t, ok, "a server error is an answer")
		assert.True(t, strings.HasPrefix(got, "-ERR"), got)
	})
}

func TestRedisInitChoosesDatabaseAndPassword(t *testing.T) {
	redisServers(t, func(t *testing.T, addr string) {
		w := newWorld(t, Options{}, Config{Name: "r", Endpoints: []string{addr}})
		w.redis(t, "set", "k", "zero")
		require.NoError(t, w.worker.RedisInit("r?db=1&buffer_flush_timeout=0", "", "", time.Second))
		got, _ := w.redis(t, "get", "k")
		assert.Equal(t, "$-1\r\n", got)
		require.NoError(t, w.worker.RedisInit("r", "", "wrong", time.Second))
		got, ok := w.redis(t, "get", "k")
		assert.True(t, ok)
		assert.Equal(t, "$4\r\nzero\r\n", got, "a server without password answers all the same; the reply to AUTH is dropped")
	})
}

func TestRedisRequestsArePipelinedInOrder(t *testing.T) {
	redisServers(t, func(t *testing.T, addr string) {
		w := newWorld(t, Options{}, Config{Name: "r", Endpoints: []string{addr}})
		var got []string
		for range 500 {
			require.NoError(t, w.worker.RedisCall("r", command("incr", "n"), func(_ bool, r []byte) { got = append(got, string(r)) }))
		}
		w.run(t, func() bool { return len(got) == 500 })
		assert.Equal(t, ":1\r\n", got[0])
		assert.Equal(t, ":500\r\n", got[499])
	})
}

func TestRedisFailures(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed.Close()

	t.Run("a server that does not answer fails everything that is pending", func(t *testing.T) {
		w := newWorld(t, Options{}, Config{Name: "r", Endpoints: []string{silent.Addr().String()}})
		require.NoError(t, w.worker.RedisInit("r", "", "", 50*time.Millisecond))
		var results []bool
		for range 3 {
			require.NoError(t, w.worker.RedisCall("r", command("get", "k"), func(ok bool, _ []byte) { results = append(results, ok) }))
		}
		w.run(t, func() bool { return len(results) == 3 })
		assert.Equal(t, []bool{false, false, false}, results)
	})
	t.Run("a server that is not there", func(t *testing.T) {
		w := newWorld(t, Options{}, Config{Name: "r", Endpoints: []string{closed.Addr().String()}})
		_, ok := w.redis(t, "get", "k")
		assert.False(t, ok)
	})
	t.Run("after a failure the next command connects again", func(t *testing.T) {
		server := miniredis.RunT(t)
		w := newWorld(t, Options{}, Config{Name: "r", Endpoints: []string{server.Addr()}})
		_, ok := w.redis(t, "set", "k", "v")
		require.True(t, ok)
		addr := server.Addr()
		server.Close()
		require.Eventually(t, func() bool { _, ok := w.redis(t, "get", "k"); return !ok }, 5*time.Second, time.Millisecond)
		require.NoError(t, server.StartAddr(addr))
		require.Eventually(t, func() bool { _, ok := w.redis(t, "get", "k"); return ok }, 5*time.Second, time.Millisecond)
	})
	t.Run("an update of the cluster closes its connections", func(t *testing.T) {
		w := newWorld(t, Options{}, Config{Name: "r", Endpoints: []string{silent.Addr().String()}})
		var failed bool
		require.NoError(t, w.worker.RedisCall("r", command("get", "k"), func(ok bool, _ []byte) { failed = !ok }))
		w.manager.Update(nil)
		w.run(t, func() bool { return failed })
	})
}
